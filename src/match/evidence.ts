import type { Call } from '../domain/call.ts'
import type { Conference } from '../domain/conference.ts'
import type { Recording } from '../domain/recording.ts'
import type { Store, Where } from '../store/store.ts'

/** All that is known that could say where a recording belongs. */
export interface Evidence {
  recording: Recording
  /** Calls of the same organizer that were going on when the recording began. */
  calls: Call[]
  conferences: Conference[]
}

const MINUTE_MS = 60_000
/** People join early, and lectures overrun. */
export const EARLY_MS = 30 * MINUTE_MS
export const LATE_MS = 15 * MINUTE_MS
// Clocks of Teams' own services differ a little.
const CALL_MARGIN_MS = 2 * MINUTE_MS
const MOST = 200

export async function gatherEvidence(recording: Recording, store: Store): Promise<Evidence> {
  const calls = await callsDuring(recording, store)
  const groups = await Promise.all(lookUps(recording, calls).map((where) => findConferences(where, store)))
  return { recording, calls, conferences: [...new Map(groups.flat().map((found) => [found.id, found])).values()] }
}

async function callsDuring({ ownerId, startedAt }: Recording, store: Store): Promise<Call[]> {
  if (!ownerId || !startedAt) return []
  const calls = await store.calls.find({
    where: { organizerId: ownerId, endedAt: { gte: startedAt } },
    orderBy: 'endedAt',
    limit: MOST,
  })
  return calls.filter((call) => wasHeldAt(call, startedAt))
}

/** Whether somebody was there: a meeting that stands open all day holds more than one lecture. */
function wasHeldAt({ spans, startedAt, endedAt }: Call, instant: string): boolean {
  const latest = shift(instant, CALL_MARGIN_MS)
  const earliest = shift(instant, -CALL_MARGIN_MS)
  const held = spans.length > 0 ? spans : [{ startedAt, endedAt }]
  return held.some((span) => span.startedAt <= latest && span.endedAt >= earliest)
}

function lookUps({ teams, ownerId, ownerEmail, startedAt }: Recording, calls: Call[]): Where<Conference>[] {
  const lookUps: Where<Conference>[] = []
  const joinUrlKeys = calls.flatMap((call) => call.joinUrlKey ?? [])
  if (teams) lookUps.push({ onlineMeetingId: teams.meetingId })
  if (joinUrlKeys.length > 0) lookUps.push({ joinUrlKey: { in: joinUrlKeys } })
  if (!startedAt) return lookUps
  const around = { startsAt: { lte: shift(startedAt, EARLY_MS) }, endsAt: { gte: shift(startedAt, -LATE_MS) } }
  if (ownerId) lookUps.push({ organizerId: ownerId, ...around })
  if (ownerEmail) lookUps.push({ organizerEmail: ownerEmail, ...around })
  return lookUps
}

function findConferences(where: Where<Conference>, store: Store): Promise<Conference[]> {
  return store.conferences.find({ where, orderBy: 'createdAt', descending: true, limit: MOST })
}

function shift(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString()
}
