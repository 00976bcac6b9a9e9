// The server behind preauthenticated URLs: short-lived, ranged, and not to be shown a bearer.

import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import type { Clock } from './clock.ts'
import type { Item } from './drive.ts'
import type { Faults } from './faults.ts'
import { type Listening, listen } from './listen.ts'

interface Minted {
  item: Item
  expiresAt: number
}

const LIFE_MS = 5 * 60_000

export class ByteServer {
  readonly #clock: Clock
  readonly #faults: Faults
  #minted = new Map<string, Minted>()
  #listening: Listening | undefined

  constructor(clock: Clock, faults: Faults) {
    this.#clock = clock
    this.#faults = faults
  }

  async start(): Promise<void> {
    const app = new Hono()
    app.get('/personal/:name', (c) => this.#serve(c))
    this.#listening = await listen(app.fetch)
  }

  async stop(): Promise<void> {
    await this.#listening?.close()
  }

  mint(item: Item): string {
    const tempauth = randomUUID()
    this.#minted.set(tempauth, { item, expiresAt: this.#clock.now() + LIFE_MS })
    return `${this.#listening?.url}/personal/download.aspx?tempauth=${tempauth}`
  }

  /** No URL that was minted before is good any more. */
  expireUrls(): void {
    this.#minted.clear()
  }

  #serve(c: Context): Response {
    if (c.req.header('authorization')) return c.text('A preauthenticated URL takes no Authorization header.', 400)
    const minted = this.#minted.get(c.req.query('tempauth') ?? '')
    if (!minted || minted.expiresAt <= this.#clock.now()) return c.text('The URL has expired.', 401)
    const { bytes, mimeType } = minted.item
    const headers = { 'content-type': mimeType, 'accept-ranges': 'bytes' }
    const range = rangeOf(c.req.header('range'), bytes.length)
    if (range === 'unsatisfiable') return c.body(null, 416, { ...headers, 'content-range': `bytes */${bytes.length}` })
    const part = range ? bytes.subarray(range.first, range.last + 1) : bytes
    const contentRange = range ? { 'content-range': `bytes ${range.first}-${range.last}/${bytes.length}` } : undefined
    const length = { 'content-length': String(part.length) }
    return c.body(this.#stream(part), range ? 206 : 200, { ...headers, ...length, ...contentRange })
  }

  #stream(bytes: Uint8Array): ReadableStream<Uint8Array> {
    const cut = this.#faults.takeCut()
    return new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.subarray(0, cut ?? bytes.length))
        if (cut === undefined) controller.close()
        else controller.error(new Error('the transfer was cut'))
      },
    })
  }
}

function rangeOf(
  header: string | undefined,
  size: number,
): { first: number; last: number } | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (!from && !to) return undefined
  const first = from ? Number(from) : Math.max(0, size - Number(to))
  const last = from && to ? Math.min(Number(to), size - 1) : size - 1
  return first >= size || first > last ? 'unsatisfiable' : { first, last }
}
