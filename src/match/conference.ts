import type { Conference } from '../domain/conference.ts'
import type { Recording } from '../domain/recording.ts'
import { inboxEntry } from '../inbox/entry.ts'
import type { Store, Where } from '../store/store.ts'
import { EARLY_MS } from './evidence.ts'
import type { MatchOptions } from './recording.ts'

const MOST = 500

/** A conference came, changed or went: every recording that it could concern is matched again. */
export async function rematchAround(conferenceId: string, { store }: MatchOptions): Promise<void> {
  const conference = (await store.conferences.get(conferenceId))?.document
  const concerned: Where<Recording>[] = [{ conferenceId }, ...(conference ? await around(conference, store) : [])]
  const ids = new Set<string>()
  for (const where of concerned) {
    const recordings = await store.recordings.find({ where, orderBy: 'createdAt', descending: true, limit: MOST })
    for (const { id } of recordings) ids.add(id)
  }
  await store.inbox.knock([...ids].map((recordingId) => inboxEntry({ kind: 'recording', recordingId })))
}

async function around(conference: Conference, store: Store): Promise<Where<Recording>[]> {
  const { organizerId, organizerEmail, joinUrlKey, startsAt } = conference
  const startedAt = { gte: new Date(Date.parse(startsAt) - EARLY_MS).toISOString() }
  const concerned: Where<Recording>[] = []
  if (organizerId) concerned.push({ ownerId: organizerId, startedAt })
  if (organizerEmail) concerned.push({ ownerEmail: organizerEmail, startedAt })
  if (!joinUrlKey) return concerned
  const calls = await store.calls.find({ where: { joinUrlKey }, orderBy: 'endedAt', descending: true, limit: MOST })
  const hosts = new Set(calls.flatMap((call) => call.organizerId ?? []))
  return [...concerned, ...[...hosts].map((ownerId) => ({ ownerId, startedAt }))]
}
