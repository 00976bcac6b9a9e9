import type { IndexDescription } from 'mongodb'
import { COLLECTIONS, QUEUE_INDEXES, QUEUES } from '../layout.ts'
import { INDEXES } from '../store.ts'
import type { Connection } from './connection.ts'

/** Where a field of a document is found. */
export function path(field: string): string {
  return field === 'id' ? '_id' : `fields.${field}`
}

export async function makeIndexes(connection: Connection): Promise<void> {
  for (const name of COLLECTIONS) {
    const indexes = INDEXES[name].map((fields) => index(fields.map(path)))
    await connection.collection(name).createIndexes(indexes)
  }
  for (const name of QUEUES) await connection.collection(name).createIndexes(QUEUE_INDEXES.map(index))
  await connection.collection('events').createIndexes([{ key: { eventId: 1 }, unique: true }])
}

/** `_id` closes every index, so that ordered pages come from the index, ties included. */
function index(fields: readonly string[]): IndexDescription {
  return { key: Object.fromEntries([...fields, '_id'].map((field) => [field, 1])) }
}
