// `id` closes every index, so that ordered pages come from the index, ties included.

import { COLLECTIONS, QUEUE_INDEXES, QUEUES, type QueueName } from '../layout.ts'
import { type CollectionName, INDEXES } from '../store.ts'

/** Where a field of a document is found. An index serves a condition only where both are written in the same way. */
export function column(field: string): string {
  if (!/^\w+$/.test(field)) throw new TypeError(`${field} is no name of a field`)
  return field === 'id' ? 'id' : `json_extract(doc, '$.${field}')`
}

export function schema(): string[] {
  return [...COLLECTIONS.flatMap(collectionSchema), ...QUEUES.flatMap(queueSchema), EVENTS]
}

function collectionSchema(name: CollectionName): string[] {
  const table = `CREATE TABLE IF NOT EXISTS ${name} (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL CHECK (json_valid(doc))
  ) STRICT`
  return [table, ...INDEXES[name].map((fields) => index(name, fields, fields.map(column)))]
}

function queueSchema(name: QueueName): string[] {
  const table = `CREATE TABLE IF NOT EXISTS ${name} (
    id TEXT PRIMARY KEY,
    lane TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    state TEXT NOT NULL CHECK (state IN ('active', 'done', 'dead')),
    availableAt INTEGER NOT NULL,
    wasDueAt INTEGER,
    leasedBy TEXT,
    leaseToken INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    knocks INTEGER NOT NULL,
    lastError TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
  ) STRICT`
  return [table, ...QUEUE_INDEXES.map((fields) => index(name, fields, fields))]
}

function index(table: string, fields: readonly string[], columns: readonly string[]): string {
  const name = [table, ...fields].join('_')
  return `CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${[...columns, 'id'].join(', ')})`
}

const EVENTS = `CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  timestamp TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT`
