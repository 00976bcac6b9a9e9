// The delta of a drive, from wherever Graph still gives it: the cursor, the place that Graph names when the cursor has
// expired, the drive's beginning, and at last a point in time.
// https://learn.microsoft.com/graph/api/driveitem-delta

import { RelayError } from '../errors.ts'
import { type DriveItem, deltaPages, deltaSince } from '../graph/drives.ts'
import { isRefusal } from '../graph/refusal.ts'
import type { Watched } from './file.ts'
import type { ResolveOptions } from './options.ts'

export interface Delta {
  /** The last state of each item: the feed may tell of one more than once. */
  items: Map<string, DriveItem>
  cursor: string
  /** Whether it enumerates everything that is there. */
  isComplete: boolean
}

const HOUR_MS = 60 * 60_000
/** How far behind the last visit a point in time lies, for clocks that differ and pages that were late. */
const OVERLAP_MS = 24 * HOUR_MS

/** @param from the cursor, or null to read the whole drive */
export async function readDelta(watched: Watched, from: string | null, options: ResolveOptions): Promise<Delta> {
  if (!from) return readWhole(watched, null, options)
  try {
    return { ...(await readPages(watched, from, options)), isComplete: false }
  } catch (error) {
    if (!isSpent(error, watched, options)) throw error
    options.log.warn({ driveId: watched.drive.driveId, err: error }, 'delta cursor is spent, reading the whole drive')
    return readWhole(watched, isRefusal(error) ? error.location : null, options)
  }
}

/** Everything that is there now; what is absent stays as it is. */
async function readWhole(watched: Watched, location: string | null, options: ResolveOptions): Promise<Delta> {
  const { log } = options
  const { driveId, lastVisitAt } = watched.drive
  if (location) {
    try {
      return { ...(await readPages(watched, location, options)), isComplete: true }
    } catch (err) {
      log.warn({ driveId, err }, 'the place that Graph named for a fresh enumeration cannot be read')
    }
  }
  try {
    return { ...(await readPages(watched, null, options)), isComplete: true }
  } catch (error) {
    if (!lastVisitAt || !isSpent(error, watched, options)) throw error
    log.warn({ driveId, err: error }, 'the enumeration breaks off, reading what changed since the last visit')
    const since = new Date(Date.parse(lastVisitAt) - OVERLAP_MS)
    return { ...(await readPages(watched, deltaSince(driveId, since), options)), isComplete: false }
  }
}

/**
 * Whether asking the same again is hopeless: Graph says so, or has failed for an hour.
 * https://github.com/OneDrive/onedrive-api-docs/issues/1476
 */
function isSpent(error: unknown, { lookTrouble }: Watched, { clock }: ResolveOptions): boolean {
  if (isRefusal(error, 400, 404, 410)) return true
  if (!isRefusal(error, 500, 502, 504) || lookTrouble?.kind !== 'failing') return false
  return clock() - Date.parse(lookTrouble.since) > HOUR_MS
}

async function readPages(
  { drive: { driveId } }: Watched,
  from: string | null,
  { graph }: ResolveOptions,
): Promise<Omit<Delta, 'isComplete'>> {
  const items = new Map<string, DriveItem>()
  let cursor: string | null = null
  for await (const page of deltaPages(graph, driveId, from)) {
    for (const item of page.items) items.set(item.id, item)
    cursor = page.cursor
  }
  if (cursor) return { items, cursor }
  throw new RelayError('delta_truncated', 'retry', 'The delta of a drive ended without a new cursor.')
}
