// Makes the Teams meeting of a conference. It records itself from the start, so that no teacher has to think of it.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Conference, Meeting } from '../domain/conference.ts'
import { RelayError } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { createMeetingEvent, findMeeting, recordAutomatically } from '../graph/online-meetings.ts'
import { type GraphRefusal, isRefusal } from '../graph/refusal.ts'
import { answer, createApi, problem } from '../http/api.ts'
import { stableId } from '../ids.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import { ConferenceId, joinedTo, loadConference } from './routes.ts'

export interface MeetingOptions {
  store: Store
  graph: GraphClient
  clock: () => number
}

const MeetingBody = z
  .object({
    joinUrl: z.string(),
    onlineMeetingId: z.string(),
    recordAutomatically: z.boolean(),
    advice: z.string().nullable(),
  })
  .openapi('Meeting')

export function meetingRoutes(options: MeetingOptions): OpenAPIHono {
  const { store } = options
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/meeting',
      summary: 'Make the Teams meeting, with automatic recording and transcription',
      request: { params: ConferenceId },
      responses: {
        200: answer('The meeting; the same one for every further call', MeetingBody),
        404: problem('No such conference'),
        409: problem('The conference has a join URL already'),
        502: problem('Microsoft Graph refused'),
      },
    }),
    async (c) => {
      const conference = await loadConference(c.req.valid('param').id, store)
      if (conference.meeting?.recordAutomatically) return c.json(conference.meeting, 200)
      if (conference.joinUrl && !conference.meeting) {
        throw new RelayError(
          'conflict',
          'reject',
          'The conference has a meeting of its own: it was registered with a join URL.',
          {
            status: 409,
          },
        )
      }
      const meeting = await makeMeeting(conference, options)
      await keepMeeting(conference.id, meeting, options)
      return c.json(meeting, 200)
    },
  )
  return api
}

async function makeMeeting(conference: Conference, { graph }: MeetingOptions): Promise<Meeting> {
  const organizer = conference.organizerId ?? conference.organizerEmail ?? ''
  const joinUrl = conference.meeting?.joinUrl ?? (await makeEvent(conference, organizer, graph))
  const found = await findMeeting(graph, organizer, joinUrl).catch((error: unknown) => {
    throw refused(error, 'The meeting was made, but Graph does not show it. Grant an application access policy.')
  })
  if (!found)
    throw new RelayError('meeting_missing', 'retry', 'Graph does not know the meeting yet; try again.', { status: 502 })
  const meeting = { joinUrl, onlineMeetingId: found.id }
  try {
    await recordAutomatically(graph, organizer, found.id)
    return { ...meeting, recordAutomatically: true, advice: null }
  } catch (error) {
    if (!isRefusal(error, 400, 403)) throw error
    return { ...meeting, recordAutomatically: false, advice: adviceFor(error) }
  }
}

async function makeEvent(conference: Conference, organizer: string, graph: GraphClient): Promise<string> {
  const { id, title, startsAt, endsAt, createdAt } = conference
  const transactionId = stableId('meeting', id, createdAt)
  const joinUrl = await createMeetingEvent(graph, { organizer, subject: title, startsAt, endsAt, transactionId }).catch(
    (error: unknown) => {
      throw refused(
        error,
        'Graph did not make the meeting. It needs Calendars.ReadWrite and a mailbox of the organizer.',
      )
    },
  )
  if (joinUrl) return joinUrl
  throw new RelayError('meeting_missing', 'retry', 'The calendar event came without a Teams meeting.', { status: 502 })
}

async function keepMeeting(id: string, meeting: Meeting, { store, clock }: MeetingOptions): Promise<void> {
  const updatedAt = new Date(clock()).toISOString()
  await amend(store.conferences, id, (current) => current && { ...current, ...joinedTo(meeting), meeting, updatedAt })
  await store.inbox.knock([inboxEntry({ kind: 'conference', conferenceId: id })])
}

function refused(error: unknown, sentence: string): unknown {
  if (!isRefusal(error)) return error
  const detail = `${sentence} Graph said: ${error.graphStatus} ${error.graphCode} (request ${error.requestId}).`
  return new RelayError('graph_refused', 'reject', detail, { status: 502, cause: error })
}

function adviceFor({ graphStatus, message }: GraphRefusal): string {
  const policy = 'Let the organizer record: Set-CsTeamsMeetingPolicy -AllowCloudRecording $true, and grant the policy.'
  const access = 'Grant the app OnlineMeetings.ReadWrite.All and an application access policy.'
  return `${/access policy/i.test(message) ? access : policy} Graph answered ${graphStatus}.`
}
