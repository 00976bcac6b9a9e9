// Transcripts, and what a tenant allows of them.
// https://learn.microsoft.com/graph/api/calltranscript-get

import { type Context, Hono } from 'hono'
import { missing } from './graph-error.ts'
import { pageOf } from './paging.ts'
import type { Meeting, Transcript } from './people.ts'
import { type GraphEnv, requireRole } from './roles.ts'
import type { World } from './world.ts'

const ON_PAGE = 20
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
    return c.json(pageOf(c, backed(user, meeting).transcripts.map(presentCallTranscript), ON_PAGE))
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
  const text = vtt.replace(/^WEBVTT[^\n]*\n+/, '').replace(/<[^>]*>/g, '')
  return c.body(text, 200, { 'content-type': UNATTRIBUTED })
}

function refused(c: Context, code: string): Response {
  const message = 'Access to the transcript is not allowed by the settings of the tenant.'
  return c.json({ error: { code: 'Forbidden', message, innerError: { code } } }, 403)
}
