import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Subscription } from '../domain/subscription.ts'
import { answer, body, createApi, PageQuery, page, pageOf, problem, readCursor } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import type { Wake } from '../wake.ts'

export interface SubscriptionRouteOptions {
  store: Store
  clock: () => number
  wake: Wake
}

const SubscriptionBody = z
  .object({
    id: z.string(),
    kind: z.string(),
    resource: z.string(),
    graphId: z.string().nullable(),
    expiresAt: z.string().nullable(),
    renewAt: z.string(),
    lastNotificationAt: z.string().nullable(),
    lastVisitAt: z.string().nullable(),
    lastError: z.string().nullable(),
    health: z.object({ state: z.string(), since: z.string() }),
  })
  .openapi('Subscription')

const Id = z.object({ id: z.string() })

export function subscriptionRoutes({ store, clock, wake }: SubscriptionRouteOptions): OpenAPIHono {
  const api = createApi()

  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'List what is watched',
      request: { query: PageQuery },
      responses: { 200: answer('Subscriptions, oldest first', pageOf(SubscriptionBody)) },
    }),
    async (c) => {
      const { limit, after } = c.req.valid('query')
      const position = readCursor(after)
      const query = { orderBy: 'createdAt', limit: limit + 1 } as const
      const found = await store.subscriptions.find(position ? { ...query, after: position } : query)
      const { items, next } = page(found, limit, ({ createdAt, id }) => [createdAt, id])
      return c.json({ items: items.map(present), next }, 200)
    },
  )

  api.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/renew',
      summary: 'Renew a subscription now, or make it anew where Graph has lost it',
      request: { params: Id },
      responses: { 202: answer('The subscription, due now', SubscriptionBody), 404: problem('No such subscription') },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const renewAt = new Date(clock()).toISOString()
      const due = await amend(store.subscriptions, id, (current) => current && { ...current, renewAt })
      if (!due) throw notFound('subscription', id)
      wake.ring()
      return c.json(present(due), 202)
    },
  )

  return api
}

const NewDrive = z.union([z.object({ driveId: z.string().min(1) }), z.object({ email: z.email().toLowerCase() })])

export function driveRoutes({ store, wake }: SubscriptionRouteOptions): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'post',
      path: '/',
      summary: 'Watch one more drive, by its id or by the e-mail address of its owner',
      request: { body: body(NewDrive) },
      responses: {
        202: { description: 'It will be looked up and watched' },
        422: problem('Neither an id nor an address'),
      },
    }),
    async (c) => {
      const given = c.req.valid('json')
      const drive = 'driveId' in given ? { driveId: given.driveId } : { person: given.email }
      await store.inbox.knock([inboxEntry({ kind: 'watch', drive })])
      wake.ring()
      return c.body(null, 202)
    },
  )
  return api
}

function present(subscription: Subscription) {
  const { id, kind, resource, graphId, expiresAt, renewAt, lastNotificationAt, drive, lookedUntil } = subscription
  const { renewTrouble, lookTrouble, health } = subscription
  return {
    ...{ id, kind, resource, graphId, expiresAt, renewAt, lastNotificationAt },
    lastVisitAt: drive?.lastVisitAt ?? lookedUntil,
    lastError: (renewTrouble ?? lookTrouble)?.text ?? null,
    health: { state: health.state, since: health.since },
  }
}
