import { Hono } from 'hono'
import { badRequest, missing } from './graph-error.ts'
import { graphTranscripts } from './graph-transcripts.ts'
import type { CallRecording, Meeting } from './people.ts'
import { type GraphEnv, requireRole } from './roles.ts'
import type { World } from './world.ts'

export function callRecordingResource({ meeting, id }: CallRecording): string {
  return `communications/onlineMeetings('${meeting.id}')/recordings('${id}')`
}

export function presentCallRecording(callRecording: CallRecording): object {
  const { id, meeting, callId, contentCorrelationId, startedAt, endedAt } = callRecording
  const path = `users/${meeting.organizer.id}/onlineMeetings/${meeting.id}/recordings/${id}/content`
  return {
    '@odata.type': '#microsoft.graph.callRecording',
    id,
    meetingId: meeting.id,
    callId,
    contentCorrelationId,
    createdDateTime: startedAt.toISOString(),
    endDateTime: endedAt.toISOString(),
    recordingContentUrl: `https://graph.microsoft.com/v1.0/${path}`,
    meetingOrganizer: { user: { id: meeting.organizer.id, displayName: null, userIdentityType: 'aadUser' } },
  }
}

/** Recordings and transcripts of online meetings. */
export function graphRecordings(
  world: World,
  meetingFor: (user: string, meetingId: string) => Meeting,
): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>()
  const backed = (user: string, meetingId: string): Meeting => {
    const meeting = meetingFor(user, meetingId)
    if (meeting.eventId) return meeting
    throw badRequest(
      'No iCalUid found for the meeting. This API is supported only for calendar backed OnlineMeeting.',
      'BadRequest',
    )
  }
  const recordingFor = (user: string, meetingId: string, id: string): CallRecording => {
    const found = backed(user, meetingId).callRecordings.find((recording) => recording.id === id)
    if (!found) throw missing()
    return found
  }
  const base = '/users/:user/onlineMeetings/:meeting/recordings'
  for (const path of [base, `${base}/*`]) app.use(path, requireRole('OnlineMeetingRecording.Read.All'))
  app.get(base, (c) => {
    const { user, meeting } = c.req.param()
    return c.json({ value: backed(user, meeting).callRecordings.map(presentCallRecording) })
  })
  app.get(`${base}/:id`, (c) => {
    const { user, meeting, id } = c.req.param()
    return c.json(presentCallRecording(recordingFor(user, meeting, id)))
  })
  app.get(`${base}/:id/content`, (c) => {
    const { user, meeting, id } = c.req.param()
    return c.body(Uint8Array.from(recordingFor(user, meeting, id).bytes), 200, { 'content-type': 'video/mp4' })
  })
  app.route('/', graphTranscripts(world, backed))
  return app
}
