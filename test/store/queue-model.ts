// What a queue is, said once more and as plainly as possible: one row at a time, in memory, in one thread.

import type { InboxEntry } from '../../src/domain/notification.ts'
import type { Claim, ClaimRequest, Entry, NewEntry } from '../../src/store/store.ts'

type Row = Claim<InboxEntry>

export class QueueModel {
  readonly #rows = new Map<string, Row>()

  add({ id, lane, body, availableAt }: NewEntry<InboxEntry>, now: number): void {
    if (this.#rows.has(id)) return
    const [state, leasedBy, lastError] = ['active', null, null] as const
    const at = iso(now)
    const counts = { attempts: 0, knocks: 1, leaseToken: 0 }
    const times = { availableAt: availableAt ?? now, createdAt: at, updatedAt: at }
    this.#rows.set(id, { id, lane, body, state, leasedBy, lastError, ...counts, ...times })
  }

  knock(entry: NewEntry<InboxEntry>, now: number): void {
    const row = this.#rows.get(entry.id)
    if (!row) {
      this.add(entry, now)
      return
    }
    const availableAt = entry.availableAt ?? now
    if (row.state !== 'active') Object.assign(row, { state: 'active', attempts: 0, lastError: null, availableAt })
    else if (row.attempts === 0) row.availableAt = Math.min(row.availableAt, availableAt)
    Object.assign(row, { body: entry.body, knocks: row.knocks + 1, updatedAt: iso(now) })
  }

  claim({ by, limit, leaseMs }: ClaimRequest, now: number): Row[] {
    const due = [...this.#rows.values()].filter((row) => row.state === 'active' && row.availableAt <= now)
    due.sort((a, b) => a.availableAt - b.availableAt || (a.id < b.id ? -1 : 1))
    return due.slice(0, limit).map((row) => {
      const counts = { attempts: row.attempts + 1, leaseToken: row.leaseToken + 1 }
      return { ...Object.assign(row, counts, { leasedBy: by, availableAt: now + leaseMs, updatedAt: iso(now) }) }
    })
  }

  finish(claim: Row, now: number, body?: InboxEntry): boolean {
    return this.#settle(claim, now, { state: 'done', availableAt: now, lastError: null, body }, true)
  }

  retry(claim: Row, now: number, failure: { error: string; availableAt: number; body?: InboxEntry }): boolean {
    const { error, availableAt, body } = failure
    return this.#settle(claim, now, { state: 'active', availableAt, lastError: error, body }, false)
  }

  bury(claim: Row, now: number, { error, body }: { error: string; body?: InboxEntry }): boolean {
    return this.#settle(claim, now, { state: 'dead', availableAt: now, lastError: error, body }, true)
  }

  extend(claim: Row, now: number, leaseMs: number): boolean {
    const row = this.#held(claim)
    if (row) Object.assign(row, { availableAt: now + leaseMs, updatedAt: iso(now) })
    return row !== undefined
  }

  revive(id: string, now: number): boolean {
    const row = this.#rows.get(id)
    if (!row || (row.leasedBy !== null && row.availableAt > now)) return false
    Object.assign(row, { state: 'active', availableAt: now, attempts: 0, leasedBy: null, updatedAt: iso(now) })
    return true
  }

  entries(): Entry<InboxEntry>[] {
    const entries = [...this.#rows.values()].map(({ leaseToken: _, ...entry }) => entry)
    return entries.sort((a, b) => (`${a.createdAt} ${a.id}` > `${b.createdAt} ${b.id}` ? -1 : 1))
  }

  #held({ id, leaseToken }: Row): Row | undefined {
    const row = this.#rows.get(id)
    return row?.leasedBy && row.leaseToken === leaseToken ? row : undefined
  }

  #settle(claim: Row, now: number, { body, ...outcome }: Partial<Row>, visitsAgainAfterKnock: boolean): boolean {
    const row = this.#held(claim)
    if (!row) return false
    const knocked = row.knocks !== claim.knocks
    Object.assign(row, outcome, { leasedBy: null, updatedAt: iso(now) })
    if (!knocked && body) row.body = body
    if (knocked && visitsAgainAfterKnock) {
      Object.assign(row, { state: 'active', availableAt: now, attempts: 0, lastError: null })
    }
    return true
  }
}

function iso(now: number): string {
  return new Date(now).toISOString()
}
