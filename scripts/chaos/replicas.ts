// The service as several processes behind one address. Whatever ends one of them, it comes back.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Listening, listen } from '../../src/simulator/listen.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { type ServiceProcess, startServiceProcess } from '../service-process.ts'

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

/** Where the log of the service says that its work stands; and the moment in which Graph has its 202. */
export const POINTS = ['notifications stored', 'after the 202', 'drive read', 'recording matched', 'delivery attempted']

const ANSWER_WITHIN_MS = 4_000
const RESTART_AFTER_MS = 200

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

  /** Ends whichever replica reaches the point first. */
  killAt(point: string): void {
    if (point === 'after the 202') this.#killAfter202 = true
    else writeFileSync(join(this.#options.folder, point.replaceAll(' ', '-')), '')
  }

  async kill(replica: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.#processes[replica]?.kill(signal)
  }

  /** Lets a replica stand still for so long (real ms): it goes on as if nothing had happened. */
  async pause(replica: number, ms: number): Promise<void> {
    const process = this.#processes[replica]
    process?.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, ms))
    process?.signal('SIGCONT')
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
      await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS))
      if (this.#stopping) return
      await process.restart().catch(() => undefined)
    }
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
