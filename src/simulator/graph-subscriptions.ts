import { Hono } from 'hono'
import { GraphError } from './graph-error.ts'
import { confirmAddress } from './handshake.ts'
import type { GraphEnv } from './roles.ts'
import type { BookedSubscription, ResourceKind, SubscriptionBook } from './subscription-book.ts'

const PAGE_SIZE = 20

// The read permission of the resource; a write permission does not do.
const ROLES: Record<ResourceKind, string> = {
  drive: 'Files.Read.All',
  callRecords: 'CallRecords.Read.All',
  recordings: 'OnlineMeetingRecording.Read.All',
  transcripts: 'OnlineMeetingTranscript.Read.All',
}

export function graphSubscriptions(book: SubscriptionBook, url: () => string): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>()

  app.post('/subscriptions', async (c) => {
    const subscription = book.check(await c.req.json().catch(() => null))
    if (!c.get('roles').has(ROLES[subscription.kind])) {
      throw new GraphError(
        403,
        'ExtensionError',
        'Operation: Create; Exception: [Status Code: Forbidden; Reason: Insufficient privileges.]',
      )
    }
    await confirmAddress(subscription.notificationUrl)
    if (subscription.lifecycleNotificationUrl) await confirmAddress(subscription.lifecycleNotificationUrl)
    book.book(subscription)
    return c.json(present(subscription), 201)
  })

  app.get('/subscriptions', (c) => {
    const skip = Number(c.req.query('$skiptoken') ?? 0)
    const all = book.listed()
    const next =
      all.length > skip + PAGE_SIZE
        ? { '@odata.nextLink': `${url()}/v1.0/subscriptions?$skiptoken=${skip + PAGE_SIZE}` }
        : {}
    return c.json({ value: all.slice(skip, skip + PAGE_SIZE).map(present), ...next })
  })

  app.get('/subscriptions/:id', (c) => c.json(present(book.get(c.req.param('id')))))
  app.patch('/subscriptions/:id', async (c) => c.json(present(book.change(c.req.param('id'), await c.req.json()))))
  app.post('/subscriptions/:id/reauthorize', (c) => {
    book.get(c.req.param('id'))
    return c.body(null, 204)
  })
  app.delete('/subscriptions/:id', (c) => {
    book.remove(book.get(c.req.param('id')).id)
    return c.body(null, 204)
  })
  return app
}

/** Neither the clientState nor the certificate is handed back in a list. */
function present({
  kind: _,
  clientState: __,
  encryptionCertificate: ___,
  ...subscription
}: BookedSubscription): object {
  return { ...subscription, latestSupportedTlsVersion: 'v1_2' }
}
