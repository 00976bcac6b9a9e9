import { Hono } from 'hono'
import type { Store } from '../store/store.ts'
import { within } from '../within.ts'

export interface ProbeOptions {
  store: Store
  isDraining: () => boolean
}

const PING_WITHIN_MS = 1_000

/** `/livez` says that the process runs; `/readyz` that it can take notifications. Neither asks Graph or an LMS. */
export function probeRoutes({ store, isDraining }: ProbeOptions): Hono {
  const app = new Hono()
  app.get('/livez', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    if (isDraining()) return c.json({ status: 'draining' }, 503)
    const pinged = within(PING_WITHIN_MS, store.ping(), () => new Error('the store is silent'))
    const answered = await pinged.then(
      () => true,
      () => false,
    )
    return answered ? c.json({ status: 'ok' }) : c.json({ status: 'store unavailable' }, 503)
  })
  return app
}
