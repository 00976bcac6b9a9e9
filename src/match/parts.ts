// A lecture that was recorded in several pieces is one thing in the course: its pieces are numbered by their start.

import { announce } from '../domain/announcement.ts'
import type { Conference } from '../domain/conference.ts'
import type { Recording } from '../domain/recording.ts'
import { amend, type Store } from '../store/store.ts'
import type { Place } from './conclude.ts'

const MOST_PARTS = 200

/** Where the recording stands among those of the conference. */
export async function placeOf(recording: Recording, conference: Conference | null, store: Store): Promise<Place> {
  if (!conference || !recording.file || recording.deletedAt) return { part: 1, parts: 1 }
  const others = (await partsOf(conference.id, store)).filter(({ id }) => id !== recording.id)
  const before = others.filter((other) => compareStart(other, recording) < 0)
  return { part: before.length + 1, parts: others.length + 1 }
}

/** Numbers the recordings of a conference again after one came or went; those that changed are told as updated. */
export async function renumber(conference: Conference, store: Store, now: string): Promise<void> {
  const parts = (await partsOf(conference.id, store)).sort(compareStart)
  for (const [index, { id }] of parts.entries()) {
    await amend(store.recordings, id, (current) => {
      if (!current || current.conferenceId !== conference.id || current.status !== 'available') return undefined
      if (current.part === index + 1 && current.parts === parts.length) return undefined
      return announce({ ...current, part: index + 1, parts: parts.length }, conference.metadata, now)
    })
  }
}

function partsOf(conferenceId: string, store: Store): Promise<Recording[]> {
  return store.recordings.find({
    where: { conferenceId, status: 'available' },
    orderBy: 'createdAt',
    limit: MOST_PARTS,
  })
}

function compareStart(a: Recording, b: Recording): number {
  return (a.startedAt ?? '').localeCompare(b.startedAt ?? '') || a.id.localeCompare(b.id)
}
