// The service as several processes behind one address. Whatever ends one of them, it comes back.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type Listening, listen } from '../../src/simulator/listen.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { type ServiceProcess, startServiceProcess } from '../service-process.ts'
import { type Order, orderPath, type Point, writeOrder } from './order.ts'

export interface ReplicaOptions {
  simulator: Simulator
  count: number
  databaseUrl: string
  /** A folder for the orders to end at a named point. */
  folder: string
  /** How many ms pass in one of real time, and since which real epoch ms. */
  speed: number
  epoch: number
}

const ANSWER_WITHIN_MS = 4_000
const RESTART_AFTER_MS = 200
const LOOK_EVERY_MS = 20

export class Replicas {
  readonly #options: ReplicaOptions
  #processes: ServiceProcess[] = []
  #balancer: Listening | undefined
  #turn = 0
  #killAfter202 = false
  #stopping = false
  /** How often a process ended during the run. */
  ended = 0

  constructor(options: ReplicaOptions) {
    this.#options = options
  }

  get url(): string {
    return this.#balancer?.url ?? ''
  }

  get log(): string[] {
    return this.#processes.flatMap(({ log }, replica) => log.map((line) => `${replica} ${line}`))
  }

  async start(): Promise<void> {
    this.#balancer = await listen((request) => this.#forward(request))
    const { simulator, count, databaseUrl, folder, speed, epoch } = this.#options
    const environment = {
      PUBLIC_URL: this.url,
      DATABASE_URL: databaseUrl,
      INBOX_LEASE: '25s',
      SWEEP_INTERVAL: '15s',
      DELIVERY_SCHEDULE: `0s,5s,5s,10s,10s,20s,20s${',30s'.repeat(10)}`,
      LOG_LEVEL: 'debug',
      NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'preload.ts'))}`,
      NODE_COMPILE_CACHE: join(folder, '../compile-cache'),
      CHAOS_SPEED: String(speed),
      CHAOS_EPOCH: String(epoch),
      CHAOS_ORDERS: folder,
    }
    const starting = Array.from({ length: count }, () => startServiceProcess(simulator, environment))
    this.#processes = await Promise.all(starting)
    for (const process of this.#processes) void this.#keepAlive(process)
  }

  /** Ends whichever replica takes the order, when it has passed the point so often. Resolves when one has taken it. */
  async killAt(point: Point, passes: number): Promise<void> {
    await this.#order(point, { signal: 'SIGKILL', passes })
  }

  /** Whichever replica gets there first stands still for so long (real ms), and goes on as if nothing had happened. */
  async standStill(point: Point, ms: number): Promise<void> {
    await this.#order(point, { signal: 'SIGSTOP', passes: 0 })
    await delay(ms)
    for (const process of this.#processes) process.signal('SIGCONT')
  }

  /** Takes back the orders that nobody obeyed. */
  forgetOrders(): void {
    for (const name of readdirSync(this.#options.folder)) rmSync(join(this.#options.folder, name), { force: true })
  }

  /** Ends the replica whose 202 Graph gets next. */
  killAfter202(): void {
    this.#killAfter202 = true
  }

  async kill(replica: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.#processes[replica]?.kill(signal)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#processes.map((process) => process.kill('SIGKILL')))
    await this.#balancer?.close()
  }

  async #keepAlive(process: ServiceProcess): Promise<void> {
    for (;;) {
      await process.gone()
      if (this.#stopping) return
      this.ended += 1
      await delay(RESTART_AFTER_MS)
      if (this.#stopping) return
      await process.restart().catch(() => undefined)
    }
  }

  async #order(point: Point, order: Order): Promise<void> {
    const { folder } = this.#options
    writeOrder(folder, point, order)
    while (existsSync(orderPath(folder, point))) await delay(LOOK_EVERY_MS)
  }

  /** One replica after the other; one that does not answer is a 502, as with any balancer. */
  async #forward(request: Request): Promise<Response> {
    const process = this.#processes[this.#turn++ % this.#processes.length]
    if (!process) return new Response(null, { status: 503 })
    const { pathname, search } = new URL(request.url)
    const body = request.method === 'GET' ? null : await request.text()
    const { method, headers } = request
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    try {
      const answer = await fetch(process.url + pathname + search, { method, headers, body, signal })
      const text = await answer.text()
      if (answer.status === 202 && this.#killAfter202) {
        this.#killAfter202 = false
        await process.kill('SIGKILL')
      }
      return new Response(text || null, { status: answer.status, headers: plainHeaders(answer) })
    } catch {
      return new Response(null, { status: 502 })
    }
  }
}

function plainHeaders({ headers }: Response): Record<string, string> {
  return { 'content-type': headers.get('content-type') ?? 'text/plain' }
}
