// A callRecord says that a meeting was held, not that it was recorded: it gives the match its exact key, and tells
// where to look.

import { joinSpans } from '../domain/call.ts'
import { joinUrlKey } from '../domain/conference.ts'
import type { CallEntry } from '../domain/notification.ts'
import { countParticipants, getCallRecord, listSessions } from '../graph/call-records.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import type { ResolveOptions } from './options.ts'
import { knockDrivesOf } from './owner.ts'

// People drop out and come back; a pause of this length is none.
const SAME_SPAN_MS = 5 * 60_000

/** A young callRecord can be missing: the inbox asks for it again. */
export async function resolveCall(entry: CallEntry, options: ResolveOptions): Promise<void> {
  const { store, graph, clock } = options
  const record = await getCallRecord(graph, entry.callId)
  const known = (await store.calls.get(record.id))?.document
  if (known && known.version > record.version) return
  const sessions = await listSessions(graph, record.id)
  const organizerId = record.organizer_v2?.identity?.user?.id ?? record.organizer_v2?.id ?? null
  const joinUrl = record.joinWebUrl ?? null
  const call = {
    id: record.id,
    version: record.version,
    organizerId,
    joinUrl,
    joinUrlKey: joinUrl && joinUrlKey(joinUrl),
    startedAt: new Date(record.startDateTime).toISOString(),
    endedAt: new Date(record.endDateTime).toISOString(),
    spans: joinSpans(sessions, SAME_SPAN_MS),
    participants: await countParticipants(graph, record.id),
    updatedAt: new Date(clock()).toISOString(),
  }
  await amend(store.calls, call.id, (current) => (current && current.version > call.version ? undefined : call))
  if (organizerId) {
    await knockRecordingsOf(organizerId, call.startedAt, store)
    await knockDrivesOf(organizerId, options)
  }
}

/** Recordings that began since shortly before the call may now be decided. */
async function knockRecordingsOf(ownerId: string, callStartedAt: string, store: Store): Promise<void> {
  const since = new Date(Date.parse(callStartedAt) - 10 * 60_000).toISOString()
  const recordings = await store.recordings.find({
    where: { ownerId, startedAt: { gte: since } },
    orderBy: 'createdAt',
    limit: 200,
  })
  await store.inbox.knock(recordings.map(({ id }) => inboxEntry({ kind: 'recording', recordingId: id })))
}
