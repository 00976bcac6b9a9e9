// What becomes of a claimed entry, the same on every store: one outcome where nobody knocked since the claim, another
// where somebody did. A store writes both with one condition on `knocks`.

import type { Claim, EntryState } from './store.ts'

export interface Settlement<B> {
  state: EntryState
  availableAt: number
  attempts: number
  lastError: string | null
  /** Absent: the body stays. */
  body?: B
}

export interface Settlements<B> {
  untouched: Settlement<B>
  knocked: Settlement<B>
}

export function finished<B>(claim: Claim<B>, now: number, body?: B): Settlements<B> {
  return {
    untouched: { state: 'done', availableAt: now, attempts: claim.attempts, lastError: null, body },
    knocked: dueAtOnce(now),
  }
}

/** A knock never cuts a back-off short, so that only the body differs: the knock brought a newer one. */
export function retried<B>(
  claim: Claim<B>,
  { error, availableAt, body }: { error: string; availableAt: number; body?: B },
): Settlements<B> {
  const waiting = { state: 'active', availableAt, attempts: claim.attempts, lastError: error } as const
  return { untouched: { ...waiting, body }, knocked: waiting }
}

/** A knock brings something new to look at, which deserves its visit whatever became of the old. */
export function buried<B>(claim: Claim<B>, now: number, { error, body }: { error: string; body?: B }): Settlements<B> {
  return {
    untouched: { state: 'dead', availableAt: now, attempts: claim.attempts, lastError: error, body },
    knocked: dueAtOnce(now),
  }
}

function dueAtOnce(now: number) {
  return { state: 'active', availableAt: now, attempts: 0, lastError: null } as const
}
