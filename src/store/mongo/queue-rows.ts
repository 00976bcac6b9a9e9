import type { Claim, Entry, EntryState, NewEntry } from '../store.ts'

/** The body is kept as JSON for the same reason as documents are. */
export interface QueueRow {
  _id: string
  lane: string
  body: string
  state: EntryState
  availableAt: number
  leasedBy: string | null
  leaseToken: number
  attempts: number
  knocks: number
  lastError: string | null
  createdAt: string
  updatedAt: string
}

export function newRow<B>({ id, lane, body, availableAt }: NewEntry<B>, now: number): QueueRow {
  const at = new Date(now).toISOString()
  return {
    _id: id,
    lane,
    body: JSON.stringify(body),
    state: 'active',
    availableAt: availableAt ?? now,
    leasedBy: null,
    leaseToken: 0,
    attempts: 0,
    knocks: 1,
    lastError: null,
    createdAt: at,
    updatedAt: at,
  }
}

export function entryOf<B>({ _id, leaseToken, body, ...row }: QueueRow): Entry<B> {
  return { id: _id, ...row, body: bodyOf<B>(body) }
}

export function claimOf<B>(row: QueueRow): Claim<B> {
  return { ...entryOf<B>(row), leaseToken: row.leaseToken }
}

/** Only we write this text, from a body of the type that is read. */
function bodyOf<B>(json: string): B {
  return JSON.parse(json)
}
