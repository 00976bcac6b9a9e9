import { Hono } from 'hono'
import type { Store } from '../store/store.ts'
import { readHealth } from './health.ts'
import { overviewPage } from './page.ts'
import { requireAdmin, type SignInOptions, signInRoutes } from './sign-in.ts'

export interface AdminOptions extends SignInOptions {
  store: Store
}

// No script runs on these pages, and forms go nowhere but here.
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"

/** `/admin`: one page that says whether the service is well and what needs a person. */
export function adminRoutes(options: AdminOptions): Hono {
  const { store, clock } = options
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
    c.header('x-frame-options', 'DENY')
    c.header('referrer-policy', 'no-referrer')
    c.header('content-security-policy', POLICY)
  })
  app.route('/', signInRoutes(options))
  app.get('/', requireAdmin(options), async (c) => {
    const latest = { orderBy: 'createdAt', descending: true, limit: 20 } as const
    const [health, review, recent] = await Promise.all([
      readHealth({ store, clock }),
      store.recordings.find({ ...latest, where: { status: 'review' } }),
      store.recordings.find(latest),
    ])
    return c.html(overviewPage({ health, review, recent, now: clock() }))
  })
  return app
}
