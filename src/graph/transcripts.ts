import { z } from 'zod'
import type { TranscriptFacts } from '../domain/transcript.ts'
import type { GraphClient } from './client.ts'
import { readAll } from './pages.ts'
import { isRefusal } from './refusal.ts'

const CallTranscriptBody = z.object({
  id: z.string(),
  meetingId: z.string(),
  contentCorrelationId: z.string(),
  createdDateTime: z.string(),
  meetingOrganizer: z.object({ user: z.object({ id: z.string() }) }),
})

/**
 * What a callTranscript says, from a decrypted notification or a list.
 *
 * @throws ZodError where it is none
 */
export function readCallTranscript(body: unknown): TranscriptFacts {
  const transcript = CallTranscriptBody.parse(body)
  return {
    transcriptId: transcript.id,
    meetingId: transcript.meetingId,
    contentCorrelationId: transcript.contentCorrelationId,
    organizerId: transcript.meetingOrganizer.user.id,
    startedAt: new Date(transcript.createdDateTime).toISOString(),
  }
}

/** The transcripts of a meeting; those that Graph describes too sparsely to be paired are left out. */
export async function listTranscripts(
  graph: GraphClient,
  organizerId: string,
  meetingId: string,
): Promise<TranscriptFacts[]> {
  const bodies = await readAll(graph, `${meetingPath(organizerId, meetingId)}/transcripts`, z.unknown())
  return bodies.filter((body) => CallTranscriptBody.safeParse(body).success).map(readCallTranscript)
}

const ATTRIBUTED = 'text/vtt'
const UNATTRIBUTED = 'application/vnd.microsoft.graph.transcript+text'

/**
 * The text of a transcript, with who speaks unless the tenant forbids that.
 * https://learn.microsoft.com/graph/api/calltranscript-get
 */
export async function getTranscriptText(
  graph: GraphClient,
  { organizerId, meetingId, transcriptId }: TranscriptFacts,
): Promise<string> {
  const path = `${meetingPath(organizerId, meetingId)}/transcripts/${encodeURIComponent(transcriptId)}/content`
  try {
    return await graph.text(path, ATTRIBUTED)
  } catch (error) {
    if (!isRefusal(error, 403) || error.graphCode !== 'SpeakerAttributionNotAllowed') throw error
    return graph.text(path, UNATTRIBUTED)
  }
}

function meetingPath(organizerId: string, meetingId: string): string {
  return `/users/${encodeURIComponent(organizerId)}/onlineMeetings/${encodeURIComponent(meetingId)}`
}
