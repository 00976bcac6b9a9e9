import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { RECORDING_STATUSES, type Recording } from '../domain/recording.ts'
import { answer, createApi, PageQuery, page, pageOf, problem, readCursor } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import type { Store } from '../store/store.ts'
import { ConferenceId, loadConference } from './routes.ts'

const text = z.string().nullable()

const Candidate = z.object({ conferenceId: z.string(), confidence: z.number(), evidence: z.array(z.string()) })

export const RecordingBody = z
  .object({
    id: z.string(),
    conferenceId: text,
    courseId: text,
    title: z.string(),
    status: z.enum(RECORDING_STATUSES),
    visibility: z.enum(['visible', 'hidden']),
    provider: z.literal('teams'),
    part: z.number(),
    parts: z.number(),
    startedAt: text,
    endedAt: text,
    durationMs: z.number().nullable(),
    size: z.number().nullable(),
    contentType: text,
    storage: z
      .object({ kind: z.string(), driveId: z.string(), itemId: z.string(), path: text, webUrl: text, hash: text })
      .nullable(),
    teams: z
      .object({
        recordingId: z.string(),
        meetingId: z.string(),
        callId: text,
        contentCorrelationId: text,
        recordingContentUrl: text,
      })
      .nullable(),
    createdBy: z.object({ name: text, email: text }).nullable(),
    transcript: z.object({ id: z.string(), createdAt: z.string(), namesSpeakers: z.boolean() }).nullable(),
    match: z.object({
      state: z.string(),
      confidence: z.number().nullable(),
      evidence: z.array(z.string()),
      candidates: z.array(Candidate),
    }),
    deletion: z
      .object({ state: z.enum(['missing', 'held', 'deleted']), since: z.string() })
      .nullable()
      .openapi({ description: 'what is known of the end of its file; held: a person is asked' }),
    downloadCount: z.number(),
    lastDownloadedAt: text,
    upstreamExpiresAt: text,
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .openapi('Recording')

const RecordingQuery = PageQuery.extend({ status: z.enum(RECORDING_STATUSES).optional() })
const MOST_PARTS = 200

export function conferenceRecordingRoutes({ store }: { store: Store }): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/recordings',
      summary: 'List the recordings of a conference, in the order they were made',
      request: { params: ConferenceId },
      responses: { 200: answer('Its recordings', pageOf(RecordingBody)), 404: problem('No such conference') },
    }),
    async (c) => {
      const { id } = await loadConference(c.req.valid('param').id, store)
      const recordings = await recordingsOf(id, store)
      return c.json({ items: recordings.map(presentRecording), next: null }, 200)
    },
  )
  return api
}

export function recordingRoutes({ store }: { store: Store }): OpenAPIHono {
  const api = createApi()

  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'List recordings',
      request: { query: RecordingQuery },
      responses: { 200: answer('Recordings, newest first', pageOf(RecordingBody)) },
    }),
    async (c) => {
      const { limit, after, status } = c.req.valid('query')
      const position = readCursor(after)
      const found = await store.recordings.find({
        orderBy: 'createdAt',
        descending: true,
        limit: limit + 1,
        ...(status ? { where: { status } } : {}),
        ...(position ? { after: position } : {}),
      })
      const { items, next } = page(found, limit, ({ createdAt, id }) => [createdAt, id])
      return c.json({ items: items.map(presentRecording), next }, 200)
    },
  )

  api.openapi(
    createRoute({
      method: 'get',
      path: '/{id}',
      summary: 'Show a recording',
      request: { params: z.object({ id: z.string() }) },
      responses: { 200: answer('The recording', RecordingBody), 404: problem('No such recording') },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const stored = await store.recordings.get(id)
      if (!stored) throw notFound('recording', id)
      return c.json(presentRecording(stored.document), 200)
    },
  )

  return api
}

/** A conference's recordings, in the order they were made. */
export async function recordingsOf(conferenceId: string, store: Store): Promise<Recording[]> {
  const found = await store.recordings.find({ where: { conferenceId }, orderBy: 'createdAt', limit: MOST_PARTS })
  return found.sort((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? ''))
}

/** A recording as the API gives it. */
export function presentRecording(recording: Recording): z.output<typeof RecordingBody> {
  const { file, teams, match } = recording
  const { id, conferenceId, courseId, title, status, visibility, part, parts, startedAt, endedAt, durationMs } =
    recording
  const { downloadCount, lastDownloadedAt, createdAt, updatedAt } = recording
  return {
    ...{ id, conferenceId, courseId, title, status, visibility, provider: 'teams', part, parts },
    ...{ startedAt, endedAt, durationMs, size: file?.size ?? null, contentType: file?.contentType ?? null },
    storage: file && {
      kind: 'onedrive',
      driveId: file.driveId,
      itemId: file.itemId,
      path: file.path,
      webUrl: file.webUrl,
      hash: file.hash,
    },
    teams: teams && {
      recordingId: teams.recordingId,
      meetingId: teams.meetingId,
      callId: teams.callId,
      contentCorrelationId: teams.contentCorrelationId,
      recordingContentUrl: teams.recordingContentUrl,
    },
    createdBy: file && { name: file.createdByName, email: file.createdByEmail },
    transcript: recording.transcript,
    match,
    deletion: deletionOf(recording),
    ...{ downloadCount, lastDownloadedAt, upstreamExpiresAt: null, createdAt, updatedAt },
  }
}

function deletionOf({ deletedAt, heldSince, missingSince }: Recording): z.output<typeof RecordingBody>['deletion'] {
  if (deletedAt) return { state: 'deleted', since: deletedAt }
  if (heldSince) return { state: 'held', since: heldSince }
  return missingSince ? { state: 'missing', since: missingSince } : null
}
