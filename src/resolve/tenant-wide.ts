// Looks through what a tenant-wide subscription watches, for what no notification announced.

import type { LookEntry } from '../domain/notification.ts'
import { foldHeard, foldLook, isAnnouncedBy, type Subscription } from '../domain/subscription.ts'
import { patienceMs, withVerdict } from '../domain/subscription-health.ts'
import { listCallRecordings } from '../graph/call-recordings.ts'
import { listCallRecords } from '../graph/call-records.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import { callRecordingKnown, foldCallRecording } from './call-recording.ts'
import { lacksTranscript } from './call-transcript.ts'
import { heardAt, noteLookTrouble } from './look.ts'
import type { ResolveOptions } from './options.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
/** What began within this time before the last look may have been written down after it. */
const OVERLAP_MS = DAY_MS
/** How far the first look goes back, and Graph keeps its records. */
const FIRST_LOOK_MS = DAY_MS
const LONGEST_LOOK_MS = 29 * DAY_MS
const MOST_CONFERENCES = 500
const MOST_RECORDINGS = 200

/** A call or recording that a look came upon. */
interface Found {
  /** When it was ready to be announced, at the earliest. */
  at: string
  isAnnounced: boolean
}

/** Looks through what is watched since the last look. */
export async function lookThrough({ subscriptionId }: LookEntry, options: ResolveOptions): Promise<void> {
  const { store, clock, sweepIntervalMs } = options
  const subscription = (await store.subscriptions.get(subscriptionId))?.document
  if (!subscription || subscription.kind === 'drive') return
  const now = clock()
  try {
    const found = await LOOKS[subscription.kind](sinceOf(subscription, now), options)
    const heard = await heardAt(subscription, store)
    const at = new Date(now).toISOString()
    await amend(store.subscriptions, subscriptionId, (current) => {
      if (!current) return undefined
      const looked = foldLook(foldHeard(current, heard ?? ''), oldestUnannounced(found, current, now), at)
      return withVerdict({ ...looked, lookedUntil: at, updatedAt: at }, now, sweepIntervalMs)
    })
  } catch (error) {
    await noteLookTrouble(subscription, error, options)
    throw error
  }
}

function sinceOf({ lookedUntil }: Subscription, now: number): Date {
  const since = lookedUntil ? Date.parse(lookedUntil) - OVERLAP_MS : now - FIRST_LOOK_MS
  return new Date(Math.max(since, now - LONGEST_LOOK_MS))
}

/** What came within Graph's patience may still be announced, and is looked at again by the next look. */
function oldestUnannounced(found: Found[], { kind, bornAt, lastNotificationAt }: Subscription, now: number) {
  if (!bornAt) return null
  const silent = found
    .filter(({ at, isAnnounced }) => !isAnnounced && at > bornAt && !isAnnouncedBy(lastNotificationAt, at))
    .filter(({ at }) => now - Date.parse(at) > patienceMs(kind))
    .map(({ at }) => at)
  return silent.sort()[0] ?? null
}

const LOOKS: Record<
  Exclude<Subscription['kind'], 'drive'>,
  (since: Date, options: ResolveOptions) => Promise<Found[]>
> = { callRecords: lookAtCalls, recordings: lookAtRecordings, transcripts: lookAtTranscripts }

async function lookAtCalls(since: Date, { store, graph }: ResolveOptions): Promise<Found[]> {
  const found: Found[] = []
  for (const { id, version, endDateTime } of await listCallRecords(graph, since)) {
    const entry = inboxEntry({ kind: 'call', callId: id })
    const [known, announced] = await Promise.all([store.calls.get(id), store.inbox.get(entry.id)])
    found.push({ at: new Date(endDateTime).toISOString(), isAnnounced: announced !== undefined })
    if ((known?.document.version ?? -1) < version) await store.inbox.knock([entry])
  }
  return found
}

async function lookAtRecordings(since: Date, options: ResolveOptions): Promise<Found[]> {
  const { store, graph, clock } = options
  const found: Found[] = []
  for (const organizerId of await organizersSince(since, options)) {
    for (const teams of await listCallRecordings(graph, organizerId, since, new Date(clock()))) {
      const known = await callRecordingKnown(teams, store)
      found.push({ at: teams.endedAt ?? teams.startedAt, isAnnounced: known?.foundBy === 'notification' })
      if (!known) await foldCallRecording(teams, 'sweep', options)
    }
  }
  return found
}

/** Transcripts are looked for by their recordings: those of the same time that still have none. */
async function lookAtTranscripts(since: Date, { store }: ResolveOptions): Promise<Found[]> {
  const recordings = await store.recordings.find({
    where: { createdAt: { gte: since.toISOString() } },
    orderBy: 'createdAt',
    descending: true,
    limit: MOST_RECORDINGS,
  })
  const lacking = recordings.filter(lacksTranscript)
  await store.inbox.knock(lacking.map(({ id }) => inboxEntry({ kind: 'transcript', recordingId: id })))
  return []
}

/** Who had conferences that ended since then. */
async function organizersSince(since: Date, { store, clock }: ResolveOptions): Promise<Set<string>> {
  const endsAt = { gte: since.toISOString(), lte: new Date(clock()).toISOString() }
  const ended = await store.conferences.find({
    where: { endsAt },
    orderBy: 'endsAt',
    descending: true,
    limit: MOST_CONFERENCES,
  })
  const ids = await Promise.all(
    ended.map(({ organizerId, organizerEmail }) => organizerId ?? ownerOf(organizerEmail, store)),
  )
  return new Set(ids.filter((id) => id !== null))
}

/** The id of a person whose drive is watched. */
async function ownerOf(ownerEmail: string | null, { subscriptions }: Store): Promise<string | null> {
  const where = { kind: 'drive' as const, ownerEmail }
  const [drive] = ownerEmail ? await subscriptions.find({ where, orderBy: 'createdAt', limit: 1 }) : []
  return drive?.ownerId ?? null
}
