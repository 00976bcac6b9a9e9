// The service on Node: files, sockets, signals. Nothing else in the product names this runtime.

import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { ConfigError } from './config-values.ts'
import { createLog } from './log.ts'
import { runLoops } from './loops.ts'
import { createEgress } from './publish/egress.ts'
import { createService } from './service.ts'
import { openStore } from './store/open-store.ts'

// Docker gives ten seconds before it kills.
const GRACE_MS = 8_000

async function main(): Promise<void> {
  const config = readConfig(process.env, (path) => readFileSync(path, 'utf8'))
  const log = createLog(config.logLevel)
  const clock = Date.now
  const store = await openStore(config.databaseUrl, clock)
  await store.open()
  const egress = createEgress(config.egressAllow)
  const service = createService(config, { store, log, clock, fetch, send: egress.send })
  await service.register()

  const stopping = new AbortController()
  const app = createApp(service, () => stopping.signal.aborted)
  const server = serve({ fetch: app.fetch, hostname: config.host, port: config.port }, (address: AddressInfo) => {
    log.info({ host: address.address, port: address.port, publicUrl: config.publicUrl }, 'listening')
  })
  const loops = runLoops(service, stopping.signal)

  const stop = async (signal: string) => {
    if (stopping.signal.aborted) return
    log.info({ signal }, 'stopping')
    stopping.abort()
    await Promise.race([loops, new Promise((resolve) => setTimeout(resolve, GRACE_MS))])
    // What is still in our hands belongs to whoever comes next, at once and not only when its lease is over.
    await service.holdings.handBackAll()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
    await store.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal))
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) console.error(error.message)
  else createLog('error').fatal({ err: error }, 'the service could not start')
  process.exit(1)
})
