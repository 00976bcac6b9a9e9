import { Hono } from 'hono'
import type { Wake } from '../wake.ts'
import { type HealthOptions, readHealth } from './health.ts'
import { type Overview, overviewPage } from './page.ts'
import { requireAdmin, type SignInOptions, signInRoutes } from './sign-in.ts'

export interface AdminOptions extends SignInOptions, HealthOptions {
  wake: Wake
  lookAgain(recordingId: string): Promise<boolean>
  confirmDeletion(recordingId: string): Promise<void>
}

// No script runs on these pages, and forms go nowhere but here.
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"

/** `/admin`: one page that says whether the service is well and what needs a person. */
export function adminRoutes(options: AdminOptions): Hono {
  const { store, wake } = options
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
    c.header('x-frame-options', 'DENY')
    c.header('referrer-policy', 'no-referrer')
    c.header('content-security-policy', POLICY)
  })
  app.route('/', signInRoutes(options))
  app.use(requireAdmin(options))
  app.get('/', async (c) => c.html(overviewPage(await readOverview(options))))
  app.post('/inbox/:id/retry', async (c) => {
    await store.inbox.revive(c.req.param('id'))
    wake.ring()
    return c.redirect('/admin', 303)
  })
  app.post('/deliveries/:id/retry', async (c) => {
    await store.deliveries.revive(c.req.param('id'))
    wake.ring()
    return c.redirect('/admin', 303)
  })
  app.post('/recordings/:id/restore', async (c) => {
    await options.lookAgain(c.req.param('id'))
    wake.ring()
    return c.redirect('/admin', 303)
  })
  app.post('/recordings/:id/confirm-deletion', async (c) => {
    await options.confirmDeletion(c.req.param('id'))
    wake.ring()
    return c.redirect('/admin', 303)
  })
  return app
}

async function readOverview(options: AdminOptions): Promise<Overview> {
  const { store, clock } = options
  const latest = { orderBy: 'createdAt', descending: true, limit: 20 } as const
  const [health, review, held, recent, inbox, deliveries] = await Promise.all([
    readHealth(options),
    store.recordings.find({ ...latest, where: { status: 'review' } }),
    store.recordings.find({ where: { heldSince: { gt: '' } }, orderBy: 'heldSince', limit: 100 }),
    store.recordings.find(latest),
    store.inbox.list({ state: 'dead', limit: 20 }),
    store.deliveries.list({ state: 'dead', limit: 20 }),
  ])
  const dead = [
    ...inbox.map(({ id, lane, lastError, updatedAt }) => ({
      id,
      queue: 'inbox' as const,
      what: lane,
      lastError,
      updatedAt,
    })),
    ...deliveries.map(({ id, body, lastError, updatedAt }) => ({
      id,
      queue: 'deliveries' as const,
      what: body.eventType,
      lastError,
      updatedAt,
    })),
  ]
  return { health, review, held, recent, dead, now: clock() }
}
