import { z } from 'zod'
import type { GraphClient } from './client.ts'

const OnlineMeetingBody = z.object({
  id: z.string(),
  joinWebUrl: z.string().nullish(),
  recordAutomatically: z.boolean().nullish(),
})

export type OnlineMeeting = z.output<typeof OnlineMeetingBody>

const EventBody = z.object({
  id: z.string(),
  onlineMeeting: z.object({ joinUrl: z.string() }).nullish(),
})

export interface NewMeeting {
  organizer: string
  subject: string
  startsAt: string
  endsAt: string
  /** Graph answers with the same event for the same transactionId. */
  transactionId: string
}

/**
 * Makes a Teams meeting as a calendar event and gives its join URL. A bare onlineMeeting would have no recordings
 * API: https://learn.microsoft.com/graph/api/callrecording-get
 */
export async function createMeetingEvent(graph: GraphClient, meeting: NewMeeting): Promise<string | undefined> {
  const event = await graph.post(
    `/users/${encodeURIComponent(meeting.organizer)}/events`,
    {
      subject: meeting.subject,
      start: { dateTime: meeting.startsAt.replace('Z', ''), timeZone: 'UTC' },
      end: { dateTime: meeting.endsAt.replace('Z', ''), timeZone: 'UTC' },
      isOnlineMeeting: true,
      onlineMeetingProvider: 'teamsForBusiness',
      transactionId: meeting.transactionId,
    },
    EventBody,
  )
  return event.onlineMeeting?.joinUrl
}

/** The meeting of a join URL, as its organizer sees it. */
export async function findMeeting(
  graph: GraphClient,
  organizer: string,
  joinUrl: string,
): Promise<OnlineMeeting | undefined> {
  const filter = encodeURIComponent(`JoinWebUrl eq '${joinUrl.replaceAll("'", "''")}'`)
  const path = `/users/${encodeURIComponent(organizer)}/onlineMeetings?$filter=${filter}`
  const { value } = await graph.get(path, z.object({ value: z.array(OnlineMeetingBody) }))
  return value[0]
}

export function recordAutomatically(graph: GraphClient, organizer: string, meetingId: string): Promise<OnlineMeeting> {
  const path = `/users/${encodeURIComponent(organizer)}/onlineMeetings/${encodeURIComponent(meetingId)}`
  return graph.patch(
    path,
    { recordAutomatically: true, allowTranscription: true, allowRecording: true },
    OnlineMeetingBody,
  )
}
