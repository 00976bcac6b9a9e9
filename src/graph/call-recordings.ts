import { z } from 'zod'
import type { TeamsFacts } from '../domain/recording.ts'
import type { GraphClient } from './client.ts'
import { readAll } from './pages.ts'

const CallRecordingBody = z.object({
  id: z.string(),
  meetingId: z.string(),
  callId: z.string().nullish(),
  contentCorrelationId: z.string().nullish(),
  createdDateTime: z.string(),
  endDateTime: z.string().nullish(),
  recordingContentUrl: z.string().nullish(),
  meetingOrganizer: z.object({ user: z.object({ id: z.string().nullish() }).nullish() }).nullish(),
})

/**
 * What a callRecording says, as a decrypted notification carries it.
 *
 * @throws ZodError where it is none
 */
export function readCallRecording(body: unknown): TeamsFacts {
  const recording = CallRecordingBody.parse(body)
  return {
    recordingId: recording.id,
    meetingId: recording.meetingId,
    callId: recording.callId ?? null,
    contentCorrelationId: recording.contentCorrelationId ?? null,
    recordingContentUrl: recording.recordingContentUrl ?? null,
    organizerId: recording.meetingOrganizer?.user?.id ?? null,
    startedAt: new Date(recording.createdDateTime).toISOString(),
    endedAt: recording.endDateTime ? new Date(recording.endDateTime).toISOString() : null,
  }
}

/**
 * The callRecordings of the meetings that a person organized, made since then. Graph leaves out meetings without
 * transcription: https://learn.microsoft.com/graph/api/callrecording-delta
 */
export async function listCallRecordings(
  graph: GraphClient,
  organizerId: string,
  since: Date,
  until: Date,
): Promise<TeamsFacts[]> {
  const range = `startDateTime=${since.toISOString()},endDateTime=${until.toISOString()}`
  const call = `getAllRecordings(meetingOrganizerUserId='${encodeURIComponent(organizerId)}',${range})`
  const path = `/users/${encodeURIComponent(organizerId)}/onlineMeetings/${call}`
  return (await readAll(graph, path, z.unknown())).map(readCallRecording)
}
