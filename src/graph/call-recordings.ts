import { z } from 'zod'
import type { TeamsFacts } from '../domain/recording.ts'

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
