// Finds what no notification announced: Graph never says that it lost one.
// https://learn.microsoft.com/graph/change-notifications-lifecycle-events

import { createHash } from 'node:crypto'
import type { Conference } from '../domain/conference.ts'
import type { Subscription } from '../domain/subscription.ts'
import { withVerdict } from '../domain/subscription-health.ts'
import type { GraphClient } from '../graph/client.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import { isQuiet } from './canary.ts'
import { catchUp } from './carry-out.ts'

export interface SweepOptions {
  store: Store
  graph: GraphClient
  clock: () => number
  sweepIntervalMs: number
}

const BATCH = 50
const MOST_ENDED = 500
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** After a conference its recording is on its way for so long; its drive is looked at more often then. */
const HOT_MS = 2 * 60 * MINUTE_MS
/** How many times as often. */
const HOT_FACTOR = 5
/** An inbox this far behind gets nothing more to do. */
const BEHIND_MS = 30_000

/** Sends up to 50 subscriptions whose sweep is due to the inbox, and files that were missing for a day. Gives how many. */
export async function sweepDue(options: SweepOptions): Promise<number> {
  const { store, graph, clock } = options
  const missing = await sweepMissing(options)
  // The sweep is what can wait: for Graph, and for what notifications have brought.
  if (graph.isPressed('drives')) return missing
  await hurryDrives(options)
  const due = await store.subscriptions.find({
    where: { sweepAt: { lte: new Date(clock()).toISOString() } },
    orderBy: 'sweepAt',
    limit: BATCH,
  })
  if (due.length === 0 || (await store.inbox.stats()).oldestDueMs > BEHIND_MS) return missing
  for (const { id } of due) {
    const taken = await take(id, options)
    if (taken) await catchUp(taken, options)
    if (taken && isQuiet(taken, clock())) await store.inbox.knock([inboxEntry({ kind: 'canary', subscriptionId: id })])
  }
  return due.length + missing
}

async function sweepMissing({ store, clock }: SweepOptions): Promise<number> {
  const dayAgo = new Date(clock() - DAY_MS).toISOString()
  const where = { missingSince: { lte: dayAgo } }
  const missing = await store.recordings.find({ where, orderBy: 'missingSince', limit: BATCH })
  const entries = missing.map(({ id }) => inboxEntry({ kind: 'absence', recordingId: id }))
  const waiting = await Promise.all(entries.map(({ id }) => store.inbox.get(id)))
  const due = entries.filter((_entry, index) => waiting[index]?.state !== 'active')
  await store.inbox.knock(due)
  return due.length
}

/** Moves the next sweep ahead, and sees how the subscription is; undefined where another replica did. */
async function take(id: string, { store, clock, sweepIntervalMs }: SweepOptions): Promise<Subscription | undefined> {
  const now = clock()
  const stored = await store.subscriptions.get(id)
  if (!stored?.document.sweepAt || Date.parse(stored.document.sweepAt) > now) return undefined
  const sweepAt = new Date(nextSweep(id, now, sweepIntervalMs)).toISOString()
  const sweptAt = new Date(now).toISOString()
  const taken = { ...withVerdict(stored.document, now, sweepIntervalMs), sweepAt, sweptAt }
  return (await store.subscriptions.replace(taken, stored.version)) ? taken : undefined
}

/**
 * Each subscription has its own place in the interval, so that a fleet that was made at once, or was away at once, is
 * not swept at once. Between a quarter of an interval and one and a quarter from now (epoch ms).
 */
export function nextSweep(id: string, now: number, intervalMs: number): number {
  const place = createHash('sha256').update(id).digest().readUInt32BE() % intervalMs
  const next = now + intervalMs - ((now - place) % intervalMs)
  return next - now < intervalMs / 4 ? next + intervalMs : next
}

/** Where a conference has ended lately and nothing of it is here, the sweep does not wait for its turn. */
async function hurryDrives(options: SweepOptions): Promise<void> {
  const { store, clock } = options
  const now = clock()
  const endsAt = { gte: new Date(now - HOT_MS).toISOString(), lte: new Date(now).toISOString() }
  const ended = await store.conferences.find({
    where: { endsAt },
    orderBy: 'endsAt',
    descending: true,
    limit: MOST_ENDED,
  })
  for (const conference of ended) {
    const drives = (await drivesOf(conference, store)).filter((drive) => mayHurry(drive, options))
    if (drives.length === 0) continue
    if ((await store.recordings.count({ conferenceId: conference.id, status: 'available' })) > 0) continue
    for (const drive of drives) await hurry(drive, options)
  }
}

async function drivesOf({ organizerId, organizerEmail }: Conference, store: Store): Promise<Subscription[]> {
  const where = organizerId ? { ownerId: organizerId } : { ownerEmail: organizerEmail }
  return store.subscriptions.find({ where: { ...where, kind: 'drive' }, orderBy: 'createdAt', limit: 5 })
}

/** Not due yet, and not swept a moment ago. */
function mayHurry({ sweepAt, sweptAt }: Subscription, { clock, sweepIntervalMs }: SweepOptions): boolean {
  if (!sweepAt || Date.parse(sweepAt) <= clock()) return false
  return sweptAt === null || clock() - Date.parse(sweptAt) >= sweepIntervalMs / HOT_FACTOR
}

async function hurry({ id, sweptAt }: Subscription, { store, clock }: SweepOptions): Promise<void> {
  const sweepAt = new Date(clock()).toISOString()
  await amend(store.subscriptions, id, (current) =>
    current?.sweptAt === sweptAt ? { ...current, sweepAt } : undefined,
  )
}
