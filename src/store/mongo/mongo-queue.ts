import type { Collection, Filter, UpdateFilter } from 'mongodb'
import type { QueueName } from '../layout.ts'
import { buried, finished, retried, type Settlement, type Settlements } from '../settlement.ts'
import type { Claim, ClaimRequest, Entry, EntryState, NewEntry, Position, Queue, QueueStats } from '../store.ts'
import type { Connection } from './connection.ts'
import { inserted } from './duplicate-key.ts'
import { knockOnce } from './knock.ts'
import { claimOf, entryOf, newRow, type QueueRow } from './queue-rows.ts'

export class MongoQueue<B> implements Queue<B> {
  readonly #connection: Connection
  readonly #name: QueueName
  readonly #clock: () => number

  constructor(connection: Connection, name: QueueName, clock: () => number) {
    this.#connection = connection
    this.#name = name
    this.#clock = clock
  }

  async add(entries: NewEntry<B>[]): Promise<void> {
    if (entries.length === 0) return
    const now = this.#clock()
    const rows = [...groupedById(entries).values()].flatMap(([first]) => (first ? [newRow(first, now)] : []))
    await inserted(this.#rows().insertMany(rows, { ordered: false }))
  }

  async knock(entries: NewEntry<B>[]): Promise<void> {
    const now = this.#clock()
    const knocks = [...groupedById(entries).values()].map(async (sameId) => {
      for (const entry of sameId) await knockOnce(this.#rows(), newRow(entry, now))
    })
    await Promise.all(knocks)
  }

  async claim({ by, limit, leaseMs }: ClaimRequest): Promise<Claim<B>[]> {
    // One reading of the clock for all: what was just claimed is never due again in the same call.
    const now = this.#clock()
    const claims: Claim<B>[] = []
    while (claims.length < limit) {
      const row = await this.#claimOne(by, now, now + leaseMs)
      if (!row) break
      claims.push(claimOf<B>(row))
    }
    return claims
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
    return this.#change(held(claim), { availableAt: this.#clock() + leaseMs })
  }

  revive(id: string): Promise<boolean> {
    const now = this.#clock()
    return this.#change(
      { _id: id, $or: [{ leasedBy: null }, { availableAt: { $lte: now } }] },
      { state: 'active', availableAt: now, attempts: 0, leasedBy: null },
    )
  }

  async get(id: string): Promise<Entry<B> | undefined> {
    const row = await this.#rows().findOne({ _id: id })
    return row ? entryOf<B>(row) : undefined
  }

  async list(query: { state?: EntryState; lane?: string; after?: Position; limit: number }): Promise<Entry<B>[]> {
    if (query.limit < 1) return []
    const rows = this.#rows().find(listed(query)).sort({ createdAt: -1, _id: -1 }).limit(query.limit)
    return (await rows.toArray()).map((row) => entryOf<B>(row))
  }

  async stats(): Promise<QueueStats> {
    const now = this.#clock()
    const count = (state: EntryState) => this.#rows().countDocuments({ state })
    const [active, done, dead, oldest] = await Promise.all([
      count('active'),
      count('done'),
      count('dead'),
      this.#rows().findOne(due(now), { sort: { availableAt: 1 } }),
    ])
    return { active, done, dead, oldestDueMs: oldest ? now - oldest.availableAt : 0 }
  }

  #claimOne(by: string, now: number, until: number): Promise<QueueRow | null> {
    return this.#rows().findOneAndUpdate(
      due(now),
      {
        $set: { availableAt: until, leasedBy: by, updatedAt: new Date(now).toISOString() },
        $inc: { leaseToken: 1, attempts: 1 },
      },
      { sort: { availableAt: 1, _id: 1 }, returnDocument: 'after' },
    )
  }

  /** Knocks only rise: where the first condition fails and the second holds, somebody knocked. */
  async #settle(claim: Claim<B>, { untouched, knocked }: Settlements<B>): Promise<boolean> {
    const quiet = { ...held(claim), knocks: claim.knocks }
    return (await this.#change(quiet, settled(untouched))) || (await this.#change(held(claim), settled(knocked)))
  }

  async #change(where: Filter<QueueRow>, values: UpdateFilter<QueueRow>['$set']): Promise<boolean> {
    const updatedAt = new Date(this.#clock()).toISOString()
    const written = await this.#rows().updateOne(where, { $set: { ...values, updatedAt } })
    return written.matchedCount === 1
  }

  #rows(): Collection<QueueRow> {
    return this.#connection.collection<QueueRow>(this.#name)
  }
}

function due(now: number): Filter<QueueRow> {
  return { state: 'active', availableAt: { $lte: now } }
}

/** Whoever settles a claim, or takes it over, leaves `leasedBy` empty or the token risen. */
function held({ id, leaseToken }: { id: string; leaseToken: number }): Filter<QueueRow> {
  return { _id: id, leaseToken, leasedBy: { $ne: null } }
}

function settled<B>({ body, ...outcome }: Settlement<B>): UpdateFilter<QueueRow>['$set'] {
  const values = { ...outcome, leasedBy: null }
  return body === undefined ? values : { ...values, body: JSON.stringify(body) }
}

/** The first condition on `createdAt` says less than the second, but gives the index a bound to start from. */
function listed({ state, lane, after }: { state?: EntryState; lane?: string; after?: Position }): Filter<QueueRow> {
  const filter: Filter<QueueRow> = { ...(state && { state }), ...(lane !== undefined && { lane }) }
  if (!after) return filter
  const [at, id] = after
  return { ...filter, createdAt: { $lte: at }, $or: [{ createdAt: { $lt: at } }, { _id: { $lt: id } }] }
}

function groupedById<B>(entries: NewEntry<B>[]): Map<string, NewEntry<B>[]> {
  return Map.groupBy(entries, ({ id }) => id)
}
