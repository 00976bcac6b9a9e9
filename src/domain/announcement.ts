// What endpoints have to be told after a recording changed. Each change is told once: what was told last stands in
// the document, and the events are written in the same statement as the change.

import type { Event, EventType } from './event.ts'
import type { Recording, Told } from './recording.ts'

/**
 * The recording with the events that its present state causes; the same object where there is nothing to tell.
 *
 * @param metadata of the recording's conference, handed through
 */
export function announce(recording: Recording, metadata: Record<string, unknown> | null, now: string): Recording {
  const data = eventData(recording, metadata)
  const toCompare = JSON.stringify({ ...data, transcript: null })
  const types = newsOf(recording, toCompare)
  if (types.length === 0) return recording
  const events = types.map((type, index): Event => {
    const old = type === 'recording.withdrawn' && recording.told
    const about = old ? { ...data, conferenceId: old.conferenceId, courseId: old.courseId, metadata: {} } : data
    return { id: eventId(recording, index + 1), type, timestamp: now, data: about }
  })
  const { status, conferenceId, courseId } = recording
  const transcriptId = status === 'available' ? (recording.transcript?.id ?? null) : null
  const told: Told = { status, conferenceId, courseId, data: toCompare, transcriptId }
  return {
    ...recording,
    told,
    eventCount: recording.eventCount + events.length,
    outbox: [...recording.outbox, ...events],
    outboxAt: recording.outboxAt ?? now,
    updatedAt: now,
  }
}

/** The nth event of one recording always has the same id, whichever replica makes it. */
function eventId({ id, eventCount }: Recording, offset: number): string {
  return `evt_${id.replace(/^rec_/, '')}_${eventCount + offset}`
}

function newsOf(recording: Recording, data: string): EventType[] {
  const { status, conferenceId, told } = recording
  const wasAvailable = told?.status === 'available'
  const isAvailable = status === 'available'
  const transcript = isAvailable && recording.transcript ? recording.transcript.id : null
  if (wasAvailable && isAvailable && told.conferenceId === conferenceId) {
    const news: EventType[] = told.data === data ? [] : ['recording.updated']
    return transcript && told.transcriptId !== transcript ? [...news, 'transcript.available'] : news
  }
  const news: EventType[] = []
  if (wasAvailable) news.push(status === 'deleted' ? 'recording.deleted' : 'recording.withdrawn')
  if (isAvailable) news.push('recording.available')
  if (transcript) news.push('transcript.available')
  if (status === 'review' && told?.status !== 'review') news.push('recording.review_needed')
  return news
}

/** What an event says of a recording: never a download URL, a grant or a bearer. */
function eventData(recording: Recording, metadata: Record<string, unknown> | null): Record<string, unknown> {
  const { file, teams, match } = recording
  return {
    recordingId: recording.id,
    conferenceId: recording.conferenceId,
    courseId: recording.courseId,
    title: recording.title,
    visibility: recording.visibility,
    startedAt: recording.startedAt,
    endedAt: recording.endedAt,
    durationMs: recording.durationMs,
    size: file?.size ?? null,
    part: recording.part,
    parts: recording.parts,
    provider: 'teams',
    storage: file && storageOf(file),
    createdBy: file && { name: file.createdByName, email: file.createdByEmail },
    callId: teams?.callId ?? null,
    transcript: recording.transcript,
    match: { confidence: match.confidence, evidence: match.evidence, candidates: match.candidates },
    metadata: metadata ?? {},
  }
}

function storageOf(file: NonNullable<Recording['file']>): Record<string, unknown> {
  return { kind: 'onedrive', driveId: file.driveId, itemId: file.itemId, path: file.path, webUrl: file.webUrl }
}
