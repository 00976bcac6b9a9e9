import { randomBytes } from 'node:crypto'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Endpoint } from '../domain/delivery.ts'
import { EVENT_TYPES } from '../domain/event.ts'
import { RelayError } from '../errors.ts'
import { answer, body, createApi, PageQuery, page, pageOf, problem, readCursor } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import { stableId } from '../ids.ts'
import { seal } from '../keys.ts'
import { amend, type Store } from '../store/store.ts'

export interface EndpointOptions {
  store: Store
  sealKeys: Buffer[]
  egressAllow: string[]
  clock: () => number
}

const Types = z.array(z.enum(EVENT_TYPES)).min(1).nullable().openapi({ description: 'null means every type' })

const NewEndpoint = z.object({
  url: z.url(),
  description: z.string().max(500).nullable().default(null),
  types: Types.default(null),
})

const EndpointChange = z
  .object({
    url: z.url(),
    description: z.string().max(500).nullable(),
    types: Types,
    state: z.enum(['active', 'disabled']),
  })
  .partial()

const EndpointBody = z
  .object({
    id: z.string(),
    url: z.string(),
    description: z.string().nullable(),
    types: Types,
    state: z.enum(['active', 'disabled']),
    disabledReason: z.string().nullable(),
    failingSince: z.string().nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .openapi('Endpoint')

const WithSecret = EndpointBody.extend({ secret: z.string().openapi({ description: 'shown this once' }) })
const Id = z.object({ id: z.string() })
const UNKNOWN = { 404: problem('No such endpoint') }

export function endpointRoutes(options: EndpointOptions): OpenAPIHono {
  const { store, sealKeys, clock } = options
  const api = createApi()

  api.openapi(
    createRoute({
      method: 'post',
      path: '/',
      summary: 'Add an address that receives events',
      request: { body: body(NewEndpoint) },
      responses: {
        201: answer('The endpoint with its secret', WithSecret),
        422: problem('The address cannot be used'),
      },
    }),
    async (c) => {
      const given = c.req.valid('json')
      checkUrl(given.url, options)
      const secret = `whsec_${randomBytes(32).toString('base64')}`
      const id = stableId('end', crypto.randomUUID())
      const endpoint = newEndpoint({ ...given, id, sealedSecret: seal(sealKeys, secret) }, clock())
      await store.endpoints.insert(endpoint)
      return c.json({ ...present(endpoint), secret }, 201)
    },
  )

  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'List the addresses that receive events',
      request: { query: PageQuery },
      responses: { 200: answer('Endpoints, oldest first', pageOf(EndpointBody)) },
    }),
    async (c) => {
      const { limit, after } = c.req.valid('query')
      const position = readCursor(after)
      const query = { orderBy: 'createdAt', limit: limit + 1 } as const
      const found = await store.endpoints.find(position ? { ...query, after: position } : query)
      const { items, next } = page(found, limit, ({ createdAt, id }) => [createdAt, id])
      return c.json({ items: items.map(present), next }, 200)
    },
  )

  api.openapi(
    createRoute({
      method: 'get',
      path: '/{id}',
      summary: 'Show an endpoint',
      request: { params: Id },
      responses: { 200: answer('The endpoint', EndpointBody), ...UNKNOWN },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const stored = await store.endpoints.get(id)
      if (!stored) throw notFound('endpoint', id)
      return c.json(present(stored.document), 200)
    },
  )

  api.openapi(
    createRoute({
      method: 'patch',
      path: '/{id}',
      summary: 'Change an endpoint, disable it or enable it again',
      request: { params: Id, body: body(EndpointChange) },
      responses: { 200: answer('The endpoint', EndpointBody), ...UNKNOWN, 422: problem('The address cannot be used') },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const change = c.req.valid('json')
      if (change.url) checkUrl(change.url, options)
      const updatedAt = new Date(clock()).toISOString()
      const cleared = change.state === 'active' ? { disabledReason: null, failingSince: null } : {}
      const changed = await amend(
        store.endpoints,
        id,
        (current) => current && { ...current, ...change, ...cleared, updatedAt },
      )
      if (!changed) throw notFound('endpoint', id)
      return c.json(present(changed), 200)
    },
  )

  api.openapi(
    createRoute({
      method: 'delete',
      path: '/{id}',
      summary: 'Remove an endpoint; what was on its way to it goes to the dead letters',
      request: { params: Id },
      responses: { 204: { description: 'Removed' }, ...UNKNOWN },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const stored = await store.endpoints.get(id)
      if (!stored) throw notFound('endpoint', id)
      await store.endpoints.remove(id, stored.version)
      return c.body(null, 204)
    },
  )

  return api
}

/** Makes the endpoint that the configuration names, unless it is there. */
export async function ensureFirstEndpoint(
  first: { url: string; secret: string } | null,
  options: EndpointOptions,
): Promise<void> {
  if (!first) return
  const id = stableId('end', first.url)
  const sealedSecret = seal(options.sealKeys, first.secret)
  const description = 'LMS_ENDPOINT_URL'
  await options.store.endpoints.insert(
    newEndpoint({ id, url: first.url, description, types: null, sealedSecret }, options.clock()),
  )
}

type Given = Pick<Endpoint, 'id' | 'url' | 'description' | 'types' | 'sealedSecret'>

function newEndpoint(given: Given, now: number): Endpoint {
  const at = new Date(now).toISOString()
  const start = { state: 'active', disabledReason: null, failingSince: null, outbox: [], outboxAt: null } as const
  return { ...given, ...start, outbox: [], createdAt: at, updatedAt: at }
}

/** What can be said of an address before it is called; where it leads is checked when the socket is opened. */
function checkUrl(url: string, { egressAllow }: EndpointOptions): void {
  const { protocol, username, password } = new URL(url)
  const plain = protocol === 'http:' && egressAllow.length > 0
  if (protocol !== 'https:' && !plain) throw invalid('must be https; plain http needs EGRESS_ALLOW')
  if (username || password) throw invalid('must not hold a user or password')
}

function invalid(reason: string): RelayError {
  return new RelayError('invalid', 'reject', `url: ${reason}`, {
    status: 422,
    details: { fields: [{ field: 'url', message: reason }] },
  })
}

function present({ sealedSecret: _, outbox: __, outboxAt: ___, ...endpoint }: Endpoint) {
  return endpoint
}
