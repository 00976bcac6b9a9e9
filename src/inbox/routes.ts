// What waits to be looked at, and what was given up: for people who want to know why, and have it tried again.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { InboxEntry } from '../domain/notification.ts'
import { RelayError } from '../errors.ts'
import { answer, createApi, PageQuery, page, pageOf, problem, readCursor } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import type { Entry, Queue } from '../store/store.ts'
import type { Wake } from '../wake.ts'

const State = z.enum(['active', 'done', 'dead'])

const EntryBody = z
  .object({
    id: z.string(),
    kind: z.string(),
    state: State,
    attempts: z.number(),
    dueAt: z.string(),
    lastError: z.string().nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .openapi('InboxEntry')

export function inboxRoutes({ inbox, wake }: { inbox: Queue<InboxEntry>; wake: Wake }): OpenAPIHono {
  const api = createApi()

  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'List the inbox; dead entries are those that were given up',
      request: { query: PageQuery.extend({ state: State.optional() }) },
      responses: { 200: answer('Entries, newest first', pageOf(EntryBody)) },
    }),
    async (c) => {
      const { limit, after, state } = c.req.valid('query')
      const position = readCursor(after)
      const found = await inbox.list({
        limit: limit + 1,
        ...(state ? { state } : {}),
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
      summary: 'Look at an entry again, now',
      request: { params: z.object({ id: z.string() }) },
      responses: {
        202: answer('The entry, due now', EntryBody),
        404: problem('No such entry'),
        409: problem('Somebody looks at it at this moment'),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      if (!(await inbox.get(id))) throw notFound('inbox entry', id)
      if (!(await inbox.revive(id))) {
        throw new RelayError('conflict', 'reject', 'Somebody looks at it at this moment.', { status: 409 })
      }
      wake.ring()
      const entry = await inbox.get(id)
      if (!entry) throw notFound('inbox entry', id)
      return c.json(present(entry), 202)
    },
  )

  return api
}

/** Without the body, which can hold what Graph encrypted for us alone. */
function present({ id, lane, state, attempts, availableAt, lastError, createdAt, updatedAt }: Entry<InboxEntry>) {
  return {
    id,
    kind: lane,
    state,
    attempts,
    dueAt: new Date(availableAt).toISOString(),
    lastError,
    createdAt,
    updatedAt,
  }
}
