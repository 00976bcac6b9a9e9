import type { IndexDescription } from 'mongodb'
import { type CollectionName, INDEXES } from '../store.ts'
import type { Connection } from './connection.ts'

const QUEUES = ['inbox', 'deliveries']

/** `_id` closes every index, so that ordered pages come from the index, ties included. */
const QUEUE_INDEXES = [
  ['state', 'availableAt', '_id'],
  ['createdAt', '_id'],
  ['state', 'createdAt', '_id'],
  ['lane', 'createdAt', '_id'],
  ['lane', 'state', 'createdAt', '_id'],
]

/** Where a field of a document is found. */
export function path(field: string): string {
  return field === 'id' ? '_id' : `fields.${field}`
}

export async function makeIndexes(connection: Connection): Promise<void> {
  for (const name of Object.keys(INDEXES).filter(isCollection)) {
    const indexes = INDEXES[name].map((fields) => ascending([...fields.map(path), '_id']))
    await connection.collection(name).createIndexes(indexes)
  }
  for (const name of QUEUES) await connection.collection(name).createIndexes(QUEUE_INDEXES.map(ascending))
  await connection.collection('events').createIndexes([{ key: { eventId: 1 }, unique: true }])
}

function isCollection(name: string): name is CollectionName {
  return name in INDEXES
}

function ascending(fields: string[]): IndexDescription {
  return { key: Object.fromEntries(fields.map((field) => [field, 1])) }
}
