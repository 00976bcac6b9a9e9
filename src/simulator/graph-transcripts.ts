// Transcripts, and what a tenant allows of them.
// https://learn.microsoft.com/graph/api/calltranscript-get

import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { missing } from './graph-error.ts'
import { pageOf } from './paging.ts'
import type { Meeting, Transcript } from './people.ts'
import { type GraphEnv, requireRole } from './roles.ts'
import type { World } from './world.ts'

const UNATTRIBUTED = 'application/vnd.microsoft.graph.transcript+text'

export function callTranscriptResource({ meeting, id }: Transcript): string {
  return `communications/onlineMeetings('${meeting.id}')/transcripts('${id}')`
}

export function presentCallTranscript({
  id,
  meeting,
  callId,
  contentCorrelationId,
  startedAt,
  endedAt,
}: Transcript): object {
  const path = `users/${meeting.organizer.id}/onlineMeetings/${meeting.id}/transcripts/${id}/content`
  return {
    '@odata.type': '#microsoft.graph.callTranscript',
    id,
    meetingId: meeting.id,
    callId,
    contentCorrelationId,
    createdDateTime: startedAt.toISOString(),
    endDateTime: endedAt.toISOString(),
    transcriptContentUrl: `https://graph.microsoft.com/v1.0/${path}`,
    meetingOrganizer: { user: { id: meeting.organizer.id, displayName: null, userIdentityType: 'aadUser' } },
  }
}

export function graphTranscripts(world: World, backed: (user: string, meetingId: string) => Meeting): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>()
  const base = '/users/:user/onlineMeetings/:meeting/transcripts'
  const transcriptOf = (user: string, meetingId: string, id: string): Transcript => {
    const found = backed(user, meetingId).transcripts.find((transcript) => transcript.id === id)
    if (!found) throw missing()
    return found
  }
  for (const path of [base, `${base}/*`]) app.use(path, requireRole('OnlineMeetingTranscript.Read.All'))
  app.get(base, (c) => {
    const { user, meeting } = c.req.param()
    return c.json(pageOf(c, backed(user, meeting).transcripts.map(presentCallTranscript), world.pageSizes.transcripts))
  })
  app.get(`${base}/:id`, (c) => {
    const { user, meeting, id } = c.req.param()
    return c.json(presentCallTranscript(transcriptOf(user, meeting, id)))
  })
  app.get(`${base}/:id/content`, (c) => {
    const { user, meeting, id } = c.req.param()
    return answerContent(c, transcriptOf(user, meeting, id), world)
  })
  return app
}

function answerContent(c: Context, { vtt }: Transcript, { transcriptPolicy }: World): Response {
  const unattributed = c.req.header('accept') === UNATTRIBUTED
  if (transcriptPolicy === 'disabled') return refused(c, 'GraphAccessToTranscriptsDisabled')
  if (transcriptPolicy === 'unattributed' && !unattributed) return refused(c, 'SpeakerAttributionNotAllowed')
  if (!unattributed) return c.body(vtt, 200, { 'content-type': 'text/vtt' })
  return c.body(withoutSpeakers(vtt), 200, { 'content-type': UNATTRIBUTED })
}

/** The bare times and words: no header, no notes, no voices. */
function withoutSpeakers(vtt: string): string {
  const blocks = vtt.replace(/\r\n?/g, '\n').split(/\n{2,}/)
  const cues = blocks.flatMap((block) => /^-?[\d:.]+ --> [\s\S]*/m.exec(block)?.[0] ?? [])
  return cues.join('\n\n').replace(/<[^>]*>/g, '')
}

function refused(c: Context, code: string): Response {
  const message = 'Access to the transcript is not allowed by the settings of the tenant.'
  const innerError = { code, date: new Date().toISOString(), 'request-id': randomUUID() }
  return c.json({ error: { code: 'Forbidden', message, innerError } }, 403)
}
