import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { EVENT_TYPES, type PublishedEvent } from '../domain/event.ts'
import { answer, createApi } from '../http/api.ts'
import type { Store } from '../store/store.ts'

export const EventBody = z
  .object({
    type: z.enum(EVENT_TYPES),
    timestamp: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .openapi('Event', {
    example: {
      type: 'recording.available',
      timestamp: '2026-11-24T11:04:12.000Z',
      data: { recordingId: 'rec_1J4uQ0v8xkY2mB7sTn5wZa', conferenceId: 'algebra-2026-11-24', part: 1, parts: 1 },
    },
  })

const FeedItem = EventBody.extend({ id: z.string(), sequence: z.number() })

const FeedQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).openapi({ description: 'the "next" of the answer before' }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export function eventRoutes({ store }: { store: Store }): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'Every event in order, for consumers that poll',
      request: { query: FeedQuery },
      responses: {
        200: answer(
          'Events behind "after"; "next" is null at the end of the feed',
          z.object({ items: z.array(FeedItem), next: z.string().nullable() }),
        ),
      },
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query')
      const found = await store.events.after(after, limit + 1)
      const items = found.slice(0, limit)
      const next = found.length > limit ? String(items.at(-1)?.sequence) : null
      return c.json({ items: items.map(present), next }, 200)
    },
  )
  return api
}

function present({ id, sequence, body }: PublishedEvent) {
  return { id, sequence, ...EventBody.parse(JSON.parse(body)) }
}
