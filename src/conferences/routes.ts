// The LMS registers its conferences, has their meetings made, and asks for their recordings.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Conference, joinUrlKey } from '../domain/conference.ts'
import { answer, body, createApi, Instant, PageQuery, page, pageOf, problem, readCursor } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import type { Wake } from '../wake.ts'

export interface ConferenceOptions {
  store: Store
  clock: () => number
  wake: Wake
}

const NewConference = z
  .object({
    title: z.string().trim().min(1).max(500),
    startsAt: Instant,
    endsAt: Instant,
    organizer: z
      .object({ id: z.string().min(1).optional(), email: z.email().toLowerCase().optional() })
      .refine(({ id, email }) => id !== undefined || email !== undefined, 'needs an id or an email'),
    joinUrl: z.url().nullish(),
    onlineMeetingId: z.string().min(1).nullish(),
    courseId: z.string().min(1).max(200).nullish(),
    metadata: z.record(z.string(), z.unknown()).default({}),
  })
  .refine(({ startsAt, endsAt }) => endsAt > startsAt, {
    path: ['endsAt'],
    error: ({ input }) => `endsAt must be after startsAt${rangeOf(input)}`,
  })
  .refine(({ metadata }) => JSON.stringify(metadata).length <= 8_000, {
    path: ['metadata'],
    error: 'must be at most 8,000 characters of JSON: it rides in every event',
  })

const ConferenceBody = z
  .object({
    id: z.string(),
    title: z.string(),
    startsAt: z.string(),
    endsAt: z.string(),
    organizer: z.object({ id: z.string().nullable(), email: z.string().nullable() }),
    joinUrl: z.string().nullable(),
    onlineMeetingId: z.string().nullable(),
    courseId: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .openapi('Conference')

export const ConferenceId = z.object({ id: z.string().min(1).max(200) })

export function conferenceRoutes({ store, clock, wake }: ConferenceOptions): OpenAPIHono {
  const api = createApi()

  api.openapi(
    createRoute({
      method: 'put',
      path: '/{id}',
      summary: 'Register a conference, or change it',
      description:
        "The organizer's OneDrive is watched from now on. Occurrences of a series are conferences of their own.",
      request: { params: ConferenceId, body: body(NewConference) },
      responses: {
        200: answer('It was known', ConferenceBody),
        201: answer('It is new', ConferenceBody),
        422: problem('A field is missing or wrong'),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const given = fieldsOf(c.req.valid('json'))
      const now = new Date(clock()).toISOString()
      const known = (await store.conferences.get(id)) !== undefined
      const conference = await amend(store.conferences, id, (current) => register(id, given, current, now))
      if (!conference) throw notFound('conference', id)
      await store.inbox.knock([
        inboxEntry({ kind: 'watch', drive: { person: conference.organizerId ?? conference.organizerEmail ?? '' } }),
        inboxEntry({ kind: 'conference', conferenceId: id }),
      ])
      wake.ring()
      return c.json(present(conference), known ? 200 : 201)
    },
  )

  api.openapi(
    createRoute({
      method: 'get',
      path: '/{id}',
      summary: 'Show a conference',
      request: { params: ConferenceId },
      responses: { 200: answer('The conference', ConferenceBody), 404: problem('No such conference') },
    }),
    async (c) => c.json(present(await loadConference(c.req.valid('param').id, store)), 200),
  )

  api.openapi(
    createRoute({
      method: 'delete',
      path: '/{id}',
      summary: 'Forget a conference; its published recordings are withdrawn',
      request: { params: ConferenceId },
      responses: { 204: { description: 'Forgotten' }, 404: problem('No such conference') },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const stored = await store.conferences.get(id)
      if (!stored) throw notFound('conference', id)
      await store.conferences.remove(id, stored.version)
      await store.inbox.knock([inboxEntry({ kind: 'conference', conferenceId: id })])
      wake.ring()
      return c.body(null, 204)
    },
  )

  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'List conferences',
      request: { query: PageQuery },
      responses: { 200: answer('Conferences, in the order they were registered', pageOf(ConferenceBody)) },
    }),
    async (c) => {
      const { limit, after } = c.req.valid('query')
      const position = readCursor(after)
      const query = { orderBy: 'createdAt', limit: limit + 1 } as const
      const found = await store.conferences.find(position ? { ...query, after: position } : query)
      const { items, next } = page(found, limit, ({ createdAt, id }) => [createdAt, id])
      return c.json({ items: items.map(present), next }, 200)
    },
  )

  return api
}

/** @throws RelayError `not_found` (reject) */
export async function loadConference(id: string, store: Store): Promise<Conference> {
  const stored = await store.conferences.get(id)
  if (!stored) throw notFound('conference', id)
  return stored.document
}

type Fields = Omit<Conference, 'id' | 'meeting' | 'createdAt' | 'updatedAt'>

function fieldsOf(given: z.output<typeof NewConference>): Fields {
  const { organizer, joinUrl, onlineMeetingId, courseId, title, startsAt, endsAt, metadata } = given
  return {
    title,
    startsAt,
    endsAt,
    organizerId: organizer.id ?? null,
    organizerEmail: organizer.email ?? null,
    joinUrl: joinUrl ?? null,
    joinUrlKey: joinUrl ? joinUrlKey(joinUrl) : null,
    onlineMeetingId: onlineMeetingId ?? null,
    courseId: courseId ?? null,
    metadata,
  }
}

/** What the LMS says replaces what it said before; a meeting that we made stays known where it says nothing of one. */
function register(id: string, given: Fields, current: Conference | undefined, now: string): Conference {
  const meeting = current?.meeting ?? null
  const made = meeting && !given.joinUrl ? joinedTo(meeting) : {}
  return { ...given, ...made, id, meeting, createdAt: current?.createdAt ?? now, updatedAt: now }
}

/** The keys of a conference by which the recordings of its meeting are recognised. */
export function joinedTo({ joinUrl, onlineMeetingId }: { joinUrl: string; onlineMeetingId: string }) {
  return { joinUrl, joinUrlKey: joinUrlKey(joinUrl), onlineMeetingId }
}

function rangeOf(input: unknown): string {
  const range = z.object({ startsAt: z.string(), endsAt: z.string() }).safeParse(input)
  return range.success ? `; it is ${range.data.endsAt}, and startsAt is ${range.data.startsAt}` : ''
}

function present(conference: Conference) {
  const { organizerId, organizerEmail, joinUrlKey: _, meeting: __, ...rest } = conference
  return { ...rest, organizer: { id: organizerId, email: organizerEmail } }
}
