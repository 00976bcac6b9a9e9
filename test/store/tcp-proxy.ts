// A way to a server that can be cut and laid again, as a network does.

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class TcpProxy {
  readonly #target: { host: string; port: number }
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #isStill = false
  port = 0

  constructor(target: { host: string; port: number }) {
    this.#target = target
  }

  /** Listens, on the same port as before. */
  async open(): Promise<void> {
    const server = createServer((near) => this.#join(near)).listen(this.port, '127.0.0.1')
    this.#server = server
    await once(server, 'listening')
    const address = server.address()
    if (address && typeof address === 'object') this.port = address.port
  }

  /** Breaks what is open and refuses what comes. */
  async cut(): Promise<void> {
    this.#isStill = false
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Nothing gets through any more, and nobody is told. */
  standStill(): void {
    this.#isStill = true
    for (const socket of this.#sockets) socket.pause()
  }

  goOn(): void {
    this.#isStill = false
    for (const socket of this.#sockets) socket.resume()
  }

  #join(near: Socket): void {
    const far = connect(this.#target)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (bytes) => to.write(bytes))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#isStill) from.pause()
    }
  }
}
