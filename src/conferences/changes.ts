// What a person or the LMS decides about a recording: where it belongs, whether it shows, what it is called.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { announce } from '../domain/announcement.ts'
import type { Conference } from '../domain/conference.ts'
import type { Recording } from '../domain/recording.ts'
import { RelayError } from '../errors.ts'
import { answer, body, createApi, problem } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import type { Wake } from '../wake.ts'
import { presentRecording, RecordingBody } from './recordings.ts'

export interface ChangeOptions {
  store: Store
  clock: () => number
  wake: Wake
}

const Change = z
  .object({
    conferenceId: z.string().min(1),
    visibility: z.enum(['visible', 'hidden']),
    title: z.string().trim().min(1).max(500),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'needs conferenceId, visibility or title')

type Change = z.output<typeof Change>

export function changeRoutes({ store, clock, wake }: ChangeOptions): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'patch',
      path: '/{id}',
      summary: 'Assign a recording to a conference or move it, hide or show it, name it',
      request: { params: z.object({ id: z.string() }), body: body(Change) },
      responses: {
        200: answer('The recording', RecordingBody),
        404: problem('No such recording'),
        422: problem('A field is wrong, or there is no such conference'),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const change = c.req.valid('json')
      const known = await store.recordings.get(id)
      if (!known) throw notFound('recording', id)
      const conference = await conferenceFor(change, known.document, store)
      const now = new Date(clock()).toISOString()
      const changed = await amend(store.recordings, id, (current) => current && apply(change, current, conference, now))
      // Parts are numbered by match, where a recording came or went.
      await store.inbox.knock([inboxEntry({ kind: 'recording', recordingId: id })])
      const left = known.document.conferenceId
      if (left && left !== conference?.id)
        await store.inbox.knock([inboxEntry({ kind: 'conference', conferenceId: left })])
      wake.ring()
      return c.json(presentRecording(changed ?? known.document), 200)
    },
  )
  return api
}

async function conferenceFor({ conferenceId }: Change, recording: Recording, store: Store): Promise<Conference | null> {
  const id = conferenceId ?? recording.conferenceId
  const stored = id ? await store.conferences.get(id) : undefined
  if (stored) return stored.document
  if (!conferenceId) return null
  const message = `there is no conference "${conferenceId}"`
  throw new RelayError('invalid', 'reject', `conferenceId: ${message}`, {
    status: 422,
    details: { fields: [{ field: 'conferenceId', message }] },
  })
}

function apply(change: Change, recording: Recording, conference: Conference | null, now: string): Recording {
  const next: Recording = {
    ...recording,
    ...(change.conferenceId && conference ? assignment(recording, conference) : {}),
    ...(change.visibility ? { visibility: change.visibility } : {}),
    ...(change.title
      ? { givenTitle: change.title, title: change.title, origins: { ...recording.origins, title: 'lms' as const } }
      : {}),
    updatedAt: now,
  }
  return announce(next, conference?.metadata ?? null, now)
}

/** A person's decision; nothing decides it again. */
function assignment(recording: Recording, conference: Conference): Partial<Recording> {
  const evidence = ['a person assigned it']
  const published = recording.file !== null && recording.deletedAt === null
  return {
    conferenceId: conference.id,
    courseId: conference.courseId,
    title: recording.givenTitle ?? conference.title,
    match: { ...recording.match, state: 'assigned', confidence: 1, evidence },
    ...(published ? { status: 'available' as const } : {}),
  }
}
