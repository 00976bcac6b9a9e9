// The service in this process, on a port of its own, against the simulator. Its steps run when a test says so.

import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { API_KEY, environmentFor } from '../scripts/service-process.ts'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { createLog } from '../src/log.ts'
import { createEgress } from '../src/publish/egress.ts'
import { createService, type Service } from '../src/service.ts'
import type { Simulator } from '../src/simulator/simulator.ts'
import { openStore } from '../src/store/open-store.ts'
import type { Store } from '../src/store/store.ts'

export interface Relay {
  url: string
  service: Service
  /** Every line that was logged. */
  logged: string[]
  /** A call of the API, with the key. */
  call(method: string, path: string, body?: unknown): Promise<Response>
  /** Runs the steps until there is nothing to do and Graph has nothing to send. */
  settle(): Promise<void>
  stop(): Promise<void>
}

export interface RelayOptions {
  databaseUrl?: string
  /** Instead of the store that the address names. */
  makeStore?: (clock: () => number) => Store
  environment?: Record<string, string>
  readFile?: (path: string) => string
  /** Where it listened before. */
  port?: number
}

const SETTLE_ROUNDS = 2_000

export async function startRelay(simulator: Simulator, options: RelayOptions = {}): Promise<Relay> {
  const { server, url, connect } = await listen(options.port)
  const environment = { ...environmentFor(simulator, url), ...options.environment }
  const config = readConfig(environment, options.readFile ?? (() => ''))
  const clock = () => simulator.clock.now()
  const store = options.makeStore?.(clock) ?? (await openStore(options.databaseUrl ?? 'sqlite::memory:', clock))
  await store.open()
  const egress = createEgress(config.egressAllow)
  const logged: string[] = []
  const log = createLog('trace', { write: (line) => void logged.push(line) })
  const service = createService(config, { store, log, clock, fetch, send: egress.send })
  connect(createApp(service).fetch)
  await service.register()

  async function settle(): Promise<void> {
    for (let round = 0; round < SETTLE_ROUNDS; round++) {
      let done = 0
      for (const step of Object.values(service.steps)) done += await step()
      await simulator.settled()
      if (done === 0) return
    }
    throw new Error('the service does not come to rest')
  }

  return {
    url,
    service,
    logged,
    settle,
    call: (method, path, body) =>
      fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    stop: async () => {
      await new Promise((resolve) => server.close(resolve))
      await egress.close()
      await store.close()
    },
  }
}

type Fetch = (request: Request) => Response | Promise<Response>

/** The address has to be known before the service that answers there. */
async function listen(port = 0): Promise<{ server: ServerType; url: string; connect(fetch: Fetch): void }> {
  let answer: Fetch = () => new Response(null, { status: 503 })
  const server = await new Promise<{ server: ServerType; port: number }>((resolve) => {
    const started = serve(
      { fetch: (request: Request) => answer(request), hostname: '127.0.0.1', port },
      ({ port }: AddressInfo) => {
        resolve({ server: started, port })
      },
    )
  })
  return {
    server: server.server,
    url: `http://127.0.0.1:${server.port}`,
    connect: (fetch) => {
      answer = fetch
    },
  }
}
