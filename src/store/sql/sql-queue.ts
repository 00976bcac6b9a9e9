import type { QueueName } from '../layout.ts'
import { buried, finished, retried, type Settlements } from '../settlement.ts'
import type { Claim, ClaimRequest, Entry, NewEntry, Position, Queue, QueueStats } from '../store.ts'
import { claimOf, entryOf } from './queue-rows.ts'
import { integer, type Row, type Sql, text, type Value } from './sql.ts'

export class SqlQueue<B> implements Queue<B> {
  readonly #sql: Sql
  readonly #table: QueueName
  readonly #clock: () => number

  constructor(sql: Sql, table: QueueName, clock: () => number) {
    this.#sql = sql
    this.#table = table
    this.#clock = clock
  }

  add(entries: NewEntry<B>[]): Promise<void> {
    return this.#put(entries, 'NOTHING')
  }

  knock(entries: NewEntry<B>[]): Promise<void> {
    const known = this.#table
    return this.#put(
      entries,
      `UPDATE SET
        knocks = ${known}.knocks + 1,
        body = excluded.body,
        availableAt = CASE
          WHEN ${known}.state <> 'active' THEN excluded.availableAt
          WHEN ${known}.attempts > 0 THEN ${known}.availableAt
          ELSE min(${known}.availableAt, excluded.availableAt)
        END,
        attempts = iif(${known}.state = 'active', ${known}.attempts, 0),
        lastError = iif(${known}.state = 'active', ${known}.lastError, NULL),
        state = 'active',
        updatedAt = excluded.updatedAt`,
    )
  }

  async claim({ by, limit, leaseMs }: ClaimRequest): Promise<Claim<B>[]> {
    const now = this.#clock()
    const rows = await this.#sql.write(
      claimStatement(this.#table),
      now,
      limit,
      now + leaseMs,
      by,
      new Date(now).toISOString(),
    )
    return rows.sort(oldestDueFirst).map((row) => claimOf<B>(row))
  }

  finish(claim: Claim<B>, body?: B): Promise<boolean> {
    return this.#settle(claim, finished(claim, this.#clock(), body))
  }

  retry(claim: Claim<B>, failure: { error: string; availableAt: number; body?: B }): Promise<boolean> {
    return this.#settle(claim, retried(claim, failure))
  }

  bury(claim: Claim<B>, failure: { error: string; body?: B }): Promise<boolean> {
    return this.#settle(claim, buried(claim, this.#clock(), failure))
  }

  extend(claim: Claim<B>, leaseMs: number): Promise<boolean> {
    return this.#change('availableAt = ?3', HELD, claim.id, claim.leaseToken, this.#clock() + leaseMs)
  }

  revive(id: string): Promise<boolean> {
    return this.#change(
      "state = 'active', availableAt = ?2, attempts = 0, leasedBy = NULL",
      'id = ?1 AND (leasedBy IS NULL OR availableAt <= ?2)',
      id,
      this.#clock(),
    )
  }

  async get(id: string): Promise<Entry<B> | undefined> {
    const [row] = await this.#sql.read(`SELECT * FROM ${this.#table} WHERE id = ?1`, id)
    return row && entryOf<B>(row)
  }

  async list(query: { state?: string; lane?: string; after?: Position; limit: number }): Promise<Entry<B>[]> {
    const { statement, parameters } = listStatement(this.#table, query)
    const rows = await this.#sql.read(statement, ...parameters)
    return rows.map((row) => entryOf<B>(row))
  }

  async stats(): Promise<QueueStats> {
    const now = this.#clock()
    const [counts, [oldest]] = await Promise.all([
      this.#sql.read(`SELECT state, count(*) AS n FROM ${this.#table} GROUP BY state`),
      this.#sql.read(
        `SELECT ?1 - min(availableAt) AS ms FROM ${this.#table} WHERE state = 'active' AND availableAt <= ?1`,
        now,
      ),
    ])
    const of = Object.fromEntries(counts.map((row) => [text(row, 'state'), integer(row, 'n')]))
    const oldestDueMs = typeof oldest?.ms === 'number' ? oldest.ms : 0
    return { active: of.active ?? 0, done: of.done ?? 0, dead: of.dead ?? 0, oldestDueMs }
  }

  /** One statement for all: rows go in one after the other, so that a later one meets an earlier one of the same id. */
  async #put(entries: NewEntry<B>[], onConflict: string): Promise<void> {
    if (entries.length === 0) return
    const now = this.#clock()
    const rows = entries.map(({ id, lane, body, availableAt }) => ({
      id,
      lane,
      body: JSON.stringify(body),
      availableAt: availableAt ?? now,
    }))
    await this.#sql.write(
      `INSERT INTO ${this.#table}
        (id, lane, body, state, availableAt, leaseToken, attempts, knocks, createdAt, updatedAt)
      SELECT value ->> 'id', value ->> 'lane', value ->> 'body', 'active', value ->> 'availableAt', 0, 0, 1, ?2, ?2
      FROM json_each(?1) WHERE TRUE
      ON CONFLICT (id) DO ${onConflict}`,
      JSON.stringify(rows),
      new Date(now).toISOString(),
    )
  }

  #settle(claim: Claim<B>, { untouched, knocked }: Settlements<B>): Promise<boolean> {
    return this.#change(
      `state = iif(knocks = ?3, ?4, ?9),
      availableAt = iif(knocks = ?3, ?5, ?10),
      attempts = iif(knocks = ?3, ?6, ?11),
      lastError = iif(knocks = ?3, ?7, ?12),
      body = iif(knocks = ?3, coalesce(?8, body), body),
      leasedBy = NULL`,
      HELD,
      claim.id,
      claim.leaseToken,
      claim.knocks,
      untouched.state,
      untouched.availableAt,
      untouched.attempts,
      untouched.lastError,
      untouched.body === undefined ? null : JSON.stringify(untouched.body),
      knocked.state,
      knocked.availableAt,
      knocked.attempts,
      knocked.lastError,
    )
  }

  async #change(assignments: string, condition: string, ...parameters: Value[]): Promise<boolean> {
    const updatedAt = `updatedAt = ?${parameters.length + 1}`
    const rows = await this.#sql.write(
      `UPDATE ${this.#table} SET ${assignments}, ${updatedAt} WHERE ${condition} RETURNING id`,
      ...parameters,
      new Date(this.#clock()).toISOString(),
    )
    return rows.length === 1
  }
}

/** Whoever settles a claim, or takes it over, leaves `leasedBy` empty or the token risen. */
const HELD = 'id = ?1 AND leaseToken = ?2 AND leasedBy IS NOT NULL'

/** RETURNING gives new values in any order; `wasDueAt` keeps the order in which the entries were due. */
export function claimStatement(table: QueueName): string {
  return `UPDATE ${table} SET
    wasDueAt = availableAt, availableAt = ?3, leaseToken = leaseToken + 1, attempts = attempts + 1, leasedBy = ?4,
    updatedAt = ?5
    WHERE id IN (
      SELECT id FROM ${table} WHERE state = 'active' AND availableAt <= ?1 ORDER BY availableAt, id LIMIT ?2
    )
    RETURNING *`
}

export function listStatement(
  table: QueueName,
  { state, lane, after, limit }: { state?: string; lane?: string; after?: Position; limit: number },
): { statement: string; parameters: Value[] } {
  const parameters: Value[] = [limit]
  const conditions = ['TRUE']
  if (lane !== undefined) conditions.push(`lane = ?${parameters.push(lane)}`)
  if (state !== undefined) conditions.push(`state = ?${parameters.push(state)}`)
  if (after) conditions.push(`(createdAt, id) < (?${parameters.push(after[0])}, ?${parameters.push(after[1])})`)
  const statement = `SELECT * FROM ${table} WHERE ${conditions.join(' AND ')} ORDER BY createdAt DESC, id DESC LIMIT ?1`
  return { statement, parameters }
}

function oldestDueFirst(a: Row, b: Row): number {
  return integer(a, 'wasDueAt') - integer(b, 'wasDueAt') || (text(a, 'id') < text(b, 'id') ? -1 : 1)
}
