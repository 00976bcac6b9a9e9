// A file and a callRecording of one recording come separately and nothing links them: they are paired by organizer and
// start. https://learn.microsoft.com/graph/api/resources/callrecording has no driveItem.

import type { Recording } from '../domain/recording.ts'
import type { Store } from '../store/store.ts'

const SAME_START_MS = 2 * 60_000

/** The callRecording that waits for this file. */
export async function findWaiting(recording: Recording, store: Store): Promise<Recording | undefined> {
  if (!recording.file || recording.teams) return undefined
  return nearest(recording, (other) => other.file === null && other.teams !== null, store)
}

/** The file that this callRecording waits for. */
export async function findFile(recording: Recording, store: Store): Promise<Recording | undefined> {
  if (recording.file || !recording.teams) return undefined
  return nearest(recording, (other) => other.file !== null && other.teams === null, store)
}

async function nearest(
  { ownerId, startedAt }: Recording,
  fits: (other: Recording) => boolean,
  store: Store,
): Promise<Recording | undefined> {
  if (!ownerId || !startedAt) return undefined
  const start = Date.parse(startedAt)
  const distance = (other: Recording) => Math.abs(Date.parse(other.startedAt ?? '') - start)
  const others = await store.recordings.find({
    where: {
      ownerId,
      startedAt: {
        gte: new Date(start - SAME_START_MS).toISOString(),
        lte: new Date(start + SAME_START_MS).toISOString(),
      },
    },
    orderBy: 'createdAt',
    limit: 50,
  })
  return others.filter(fits).sort((a, b) => distance(a) - distance(b))[0]
}
