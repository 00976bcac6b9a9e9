import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Delivery } from '../domain/delivery.ts'
import { RelayError } from '../errors.ts'
import { answer, createApi, PageQuery, page, pageOf, problem, readCursor } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import type { Entry, EntryState, Store } from '../store/store.ts'
import type { Wake } from '../wake.ts'

// What a person calls the states of the queue.
const STATES = { pending: 'active', delivered: 'done', failed: 'dead' } as const satisfies Record<string, EntryState>
const State = z.enum(['pending', 'delivered', 'failed'])

const DeliveryBody = z
  .object({
    id: z.string(),
    eventId: z.string(),
    eventType: z.string(),
    endpointId: z.string(),
    state: State,
    attempts: z.number(),
    nextAttemptAt: z.string().nullable(),
    lastError: z.string().nullable(),
    log: z.array(
      z.object({
        at: z.string(),
        outcome: z.string(),
        status: z.number().nullable(),
        durationMs: z.number(),
        error: z.string().nullable(),
      }),
    ),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .openapi('Delivery')

const DeliveryQuery = PageQuery.extend({ state: State.optional(), endpointId: z.string().optional() })

export function deliveryRoutes({ store, wake }: { store: Store; wake: Wake }): OpenAPIHono {
  const api = createApi()

  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'List deliveries with their attempts',
      request: { query: DeliveryQuery },
      responses: { 200: answer('Deliveries, newest first', pageOf(DeliveryBody)) },
    }),
    async (c) => {
      const { limit, after, state, endpointId } = c.req.valid('query')
      const position = readCursor(after)
      const found = await store.deliveries.list({
        limit: limit + 1,
        ...(state ? { state: STATES[state] } : {}),
        ...(endpointId ? { lane: endpointId } : {}),
        ...(position ? { after: position } : {}),
      })
      const { items, next } = page(found, limit, ({ createdAt, id }) => [createdAt, id])
      return c.json({ items: items.map(present), next }, 200)
    },
  )

  api.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/retry',
      summary: 'Attempt a delivery again, now',
      request: { params: z.object({ id: z.string() }) },
      responses: {
        202: answer('The delivery, due now', DeliveryBody),
        404: problem('No such delivery'),
        409: problem('It is being attempted at this moment, or its endpoint is disabled'),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const known = await store.deliveries.get(id)
      if (!known) throw notFound('delivery', id)
      const endpoint = await store.endpoints.get(known.body.endpointId)
      if (endpoint?.document.state !== 'active') throw conflict('Its endpoint is gone or disabled; enable it first.')
      if (!(await store.deliveries.revive(id))) throw conflict('It is being attempted at this moment.')
      wake.ring()
      return c.json(present((await store.deliveries.get(id)) ?? known), 202)
    },
  )

  return api
}

function conflict(detail: string): RelayError {
  return new RelayError('conflict', 'reject', detail, { status: 409 })
}

function present({ id, body, state, attempts, availableAt, lastError, createdAt, updatedAt }: Entry<Delivery>) {
  const nextAttemptAt = state === 'active' ? new Date(availableAt).toISOString() : null
  return { id, ...body, state: nameOf(state), attempts, nextAttemptAt, lastError, createdAt, updatedAt }
}

function nameOf(state: EntryState): z.output<typeof State> {
  if (state === 'active') return 'pending'
  return state === 'done' ? 'delivered' : 'failed'
}
