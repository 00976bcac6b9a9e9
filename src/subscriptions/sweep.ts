// Finds what no notification announced: Graph never says that it lost one.
// https://learn.microsoft.com/graph/change-notifications-lifecycle-events

import { inboxEntry } from '../inbox/entry.ts'
import type { Store } from '../store/store.ts'

export interface SweepOptions {
  store: Store
  clock: () => number
  intervalMs: number
}

const BATCH = 50
const DAY_MS = 24 * 60 * 60_000

/** Sends up to 50 drives whose sweep is due to the inbox, and files that were missing for a day. Gives how many. */
export async function sweepDue(options: SweepOptions): Promise<number> {
  const { store, clock } = options
  const now = new Date(clock()).toISOString()
  const due = await store.subscriptions.find({
    where: { sweepAt: { lte: now } },
    orderBy: 'sweepAt',
    limit: BATCH,
  })
  for (const { id } of due) {
    if (await take(id, options)) await store.inbox.knock([inboxEntry({ kind: 'drive', subscriptionId: id })])
  }
  return due.length + (await sweepMissing(options))
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

/** Moves the next sweep ahead, spread a little; false where another replica did. */
async function take(id: string, { store, clock, intervalMs }: SweepOptions): Promise<boolean> {
  const stored = await store.subscriptions.get(id)
  if (!stored?.document.sweepAt || Date.parse(stored.document.sweepAt) > clock()) return false
  const sweepAt = new Date(clock() + intervalMs * (0.9 + Math.random() / 5)).toISOString()
  return store.subscriptions.replace({ ...stored.document, sweepAt }, stored.version)
}
