import type { Claim, Entry, EntryState } from '../store.ts'
import { integer, json, type Row, text, textOrNull } from './sql.ts'

export function entryOf<B>(row: Row): Entry<B> {
  return {
    id: text(row, 'id'),
    lane: text(row, 'lane'),
    body: json<B>(row, 'body'),
    state: stateOf(text(row, 'state')),
    availableAt: integer(row, 'availableAt'),
    leasedBy: textOrNull(row, 'leasedBy'),
    attempts: integer(row, 'attempts'),
    knocks: integer(row, 'knocks'),
    lastError: textOrNull(row, 'lastError'),
    createdAt: text(row, 'createdAt'),
    updatedAt: text(row, 'updatedAt'),
  }
}

export function claimOf<B>(row: Row): Claim<B> {
  return { ...entryOf<B>(row), leaseToken: integer(row, 'leaseToken') }
}

function stateOf(value: string): EntryState {
  if (value === 'active' || value === 'done' || value === 'dead') return value
  throw new TypeError(`${value} is no state of an entry`)
}
