import { announce } from '../domain/announcement.ts'
import type { Conference } from '../domain/conference.ts'
import type { Recording, RecordingStatus } from '../domain/recording.ts'
import type { Decision } from './decide.ts'

export interface Place {
  part: number
  parts: number
}

/** The recording as the decision leaves it, with the events that this causes. Pure. */
export function conclude(recording: Recording, decision: Decision, place: Place, now: string): Recording {
  const { conference, match } = decision
  const next: Recording = {
    ...recording,
    status: statusOf(recording, decision),
    match,
    conferenceId: conference?.id ?? null,
    courseId: conference?.courseId ?? null,
    ...titleOf(recording, conference),
    ...place,
  }
  return announce(next, conference?.metadata ?? null, now)
}

function statusOf({ file, deletedAt, told }: Recording, { conference, match }: Decision): RecordingStatus {
  if (!file) return 'waiting'
  if (deletedAt) return 'deleted'
  if (conference) return 'available'
  if (match.state === 'review') return 'review'
  return told?.status === 'available' ? 'withdrawn' : 'unrelated'
}

function titleOf(recording: Recording, conference: Conference | null): Pick<Recording, 'title' | 'origins'> {
  if (recording.givenTitle || !conference) return { title: recording.title, origins: recording.origins }
  return { title: conference.title, origins: { ...recording.origins, title: 'conference' } }
}
