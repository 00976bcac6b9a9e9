// A knock does something else in each state of the entry, and one update cannot ask for the state (Cosmos DB has no
// update pipelines). So the state is read first and is then part of the condition; whoever lost a race looks again.

import type { Collection } from 'mongodb'
import { RelayError } from '../../errors.ts'
import { inserted } from './duplicate-key.ts'
import type { QueueRow } from './queue-rows.ts'

const TRIES = 50

/** @throws RelayError `store_contention` (retry) */
export async function knockOnce(rows: Collection<QueueRow>, entry: QueueRow): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const known = await rows.findOne({ _id: entry._id }, { projection: { state: 1, attempts: 1 } })
    if (known ? await wake(rows, known, entry) : await inserted(rows.insertOne(entry))) return
  }
  throw new RelayError('store_contention', 'retry', `Entry ${entry._id} was changed by others ${TRIES} times in a row.`)
}

async function wake(
  rows: Collection<QueueRow>,
  known: Pick<QueueRow, 'state' | 'attempts'>,
  { _id, body, availableAt, updatedAt }: QueueRow,
): Promise<boolean> {
  const knock = { $inc: { knocks: 1 }, $set: { body, updatedAt } }
  const { matchedCount } = await (() => {
    if (known.state !== 'active') {
      const anew = { state: 'active', attempts: 0, lastError: null, availableAt } as const
      return rows.updateOne({ _id, state: { $ne: 'active' } }, { ...knock, $set: { ...knock.$set, ...anew } })
    }
    // Leased or backing off: the attempt was counted at the claim, and the time that was set stays.
    if (known.attempts > 0) return rows.updateOne({ _id, state: 'active', attempts: { $gt: 0 } }, knock)
    return rows.updateOne({ _id, state: 'active', attempts: 0 }, { ...knock, $min: { availableAt } })
  })()
  return matchedCount === 1
}
