/** The words of a recording, as captions for a player. */
export interface Transcript {
  id: string
  /** The callTranscript's id. */
  transcriptId: string
  /** What it shares with its recording. */
  contentCorrelationId: string
  /** WebVTT. */
  captions: string
  namesSpeakers: boolean
  startedAt: string
  createdAt: string
}

/** What a callTranscript says. */
export interface TranscriptFacts {
  transcriptId: string
  meetingId: string
  contentCorrelationId: string
  organizerId: string
  startedAt: string
}
