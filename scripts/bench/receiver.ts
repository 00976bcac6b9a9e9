// What receives: the whole app on a store, or nothing but Hono. Its loops do not run: the time is the answer's alone.

import { Hono } from 'hono'
import { createApp } from '../../src/app.ts'
import { issueClientState } from '../../src/client-state.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { createService } from '../../src/service.ts'
import { listen } from '../../src/simulator/listen.ts'
import { openStore } from '../../src/store/open-store.ts'

process.once('message', async () => {
  process.send?.(await (process.env.BENCH_BARE ? startBare() : startApp()))
  process.on('message', () => {
    gc?.()
    process.send?.(process.memoryUsage())
  })
})

async function startBare() {
  const app = new Hono()
  app.post('/graph/notifications', async (c) => {
    await c.req.json()
    return c.body(null, 202)
  })
  const { url } = await listen(app.fetch)
  return { url, callRecords: '', drive: '' }
}

async function startApp() {
  const config = readConfig(process.env, () => '')
  const store = await openStore(config.databaseUrl, Date.now)
  await store.open()
  const send = () => Promise.reject(new Error('nothing is delivered here'))
  const log = createLog('warn')
  const service = createService(config, { store, log, clock: Date.now, fetch, send })
  const { url } = await listen(createApp(service).fetch)
  const clientState = (id: string) => issueClientState(service.keys.clientState, id)
  return { url, callRecords: clientState('callRecords_bench'), drive: clientState('drive_bench') }
}
