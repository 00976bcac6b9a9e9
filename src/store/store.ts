// The one port to the data. Every write is one atomic statement on one document or row, so that it runs alike on
// SQLite, D1, standalone MongoDB and Cosmos DB.

import type { Call } from '../domain/call.ts'
import type { Conference } from '../domain/conference.ts'
import type { Delivery, Endpoint } from '../domain/delivery.ts'
import type { Event, PublishedEvent } from '../domain/event.ts'
import type { InboxEntry } from '../domain/notification.ts'
import type { Recording } from '../domain/recording.ts'
import type { Subscription } from '../domain/subscription.ts'
import type { Transcript } from '../domain/transcript.ts'
import { RelayError } from '../errors.ts'

export interface Store {
  conferences: Documents<Conference>
  calls: Documents<Call>
  recordings: Documents<Recording>
  transcripts: Documents<Transcript>
  subscriptions: Documents<Subscription>
  endpoints: Documents<Endpoint>
  inbox: Queue<InboxEntry>
  deliveries: Queue<Delivery>
  events: EventLog
  /** Makes tables and indexes where they are missing. Safe to call again, and from several replicas at once. */
  open(): Promise<void>
  /** Resolves when the store answers. */
  ping(): Promise<void>
  /** Safe to call before `open` and twice. */
  close(): Promise<void>
}

/** The collections, and the fields by which they are looked up; every store makes these indexes. */
export const INDEXES = {
  conferences: [
    ['createdAt'],
    ['joinUrlKey'],
    ['onlineMeetingId'],
    ['organizerId', 'endsAt'],
    ['organizerEmail', 'endsAt'],
    ['endsAt'],
  ],
  calls: [
    ['organizerId', 'endedAt'],
    ['joinUrlKey', 'endedAt'],
  ],
  recordings: [
    ['createdAt'],
    ['conferenceId', 'createdAt'],
    ['conferenceId', 'status', 'createdAt'],
    ['status', 'createdAt'],
    ['ownerId', 'startedAt'],
    ['ownerEmail', 'startedAt'],
    ['driveId', 'deletedAt', 'createdAt'],
    ['deletedAt'],
    ['heldSince'],
    ['missingSince'],
    ['teamsRecordingId'],
    ['contentCorrelationId', 'createdAt'],
    ['foundBy', 'createdAt'],
    ['outboxAt'],
  ],
  transcripts: [['contentCorrelationId', 'createdAt']],
  subscriptions: [['createdAt'], ['ownerId'], ['ownerEmail'], ['renewAt'], ['sweepAt'], ['outboxAt']],
  endpoints: [['createdAt'], ['outboxAt']],
} as const satisfies Record<string, readonly (readonly string[])[]>

export type CollectionName = keyof typeof INDEXES

/**
 * A document as it was read. `version` rises by one with every write and fences the next one. It starts anywhere, so
 * that a document put in anew after a removal never answers to a version of the one before it.
 */
export interface Stored<T> {
  document: T
  version: number
}

export interface Documents<T extends { id: string }> {
  get(id: string): Promise<Stored<T> | undefined>
  /** False where the id is taken; nothing is written then. */
  insert(document: T): Promise<boolean>
  /** Writes where the stored version is still `version`; false (and nothing written) otherwise. */
  replace(document: T, version: number): Promise<boolean>
  /** Removes where the stored version is still `version`; false otherwise. */
  remove(id: string, version: number): Promise<boolean>
  find(query: Query<T>): Promise<T[]>
  count(where: Where<T>): Promise<number>
}

/**
 * Conditions on top-level fields that hold plain values; all must hold. `null` finds null and missing; a condition that
 * is `undefined` is none.
 */
export type Where<T> = { [K in keyof T]?: Condition<T[K]> }

export type Condition<V> = V | { in: NonNullable<V>[] } | Range<NonNullable<V>>

/** At least one bound. Null and missing are in no range. */
export interface Range<V> {
  gt?: V
  gte?: V
  lt?: V
  lte?: V
}

export interface Query<T> {
  where?: Where<T>
  /** A text field that is never null; ties are broken by `id` in the same direction. */
  orderBy: keyof T & string
  descending?: boolean
  /** Start behind this position: the `orderBy` field's value and the id of the last one seen. */
  after?: Position
  limit: number
}

export type Position = readonly [value: string, id: string]

/**
 * A durable queue with fenced leases: whoever lost the lease, or settled the claim already, changes nothing. A lease that
 * expired is lost only when somebody else has claimed or revived the entry. A body left by `finish`, `retry` or `bury`
 * gives way to one that a knock brought since the claim.
 */
export interface Queue<B> {
  /** Adds what is not known yet; a known id is left as it is, whatever its state. Durable when it resolves. */
  add(entries: NewEntry<B>[]): Promise<void>
  /**
   * Adds entries or wakes known ones, with the newest body. Many knocks before a visit make one visit; a knock during
   * a visit makes exactly one more; a knock never cuts a back-off short. Durable when it resolves.
   */
  knock(entries: NewEntry<B>[]): Promise<void>
  /** Up to `limit` due entries, oldest due first, then by id. The attempt is counted here: a crash counts too. */
  claim(request: ClaimRequest): Promise<Claim<B>[]>
  /** Done, or due again at once where somebody knocked since the claim. False: the lease was lost. */
  finish(claim: Claim<B>, body?: B): Promise<boolean>
  /** Due again at `availableAt`. False: the lease was lost. */
  retry(claim: Claim<B>, failure: { error: string; availableAt: number; body?: B }): Promise<boolean>
  /** To the dead letters, or due again at once where somebody knocked since the claim. False: the lease was lost. */
  bury(claim: Claim<B>, failure: { error: string; body?: B }): Promise<boolean>
  /** Holds the lease for another `leaseMs` from now. False: the lease was lost. */
  extend(claim: Claim<B>, leaseMs: number): Promise<boolean>
  /** Due now, with its attempts counted from zero, unless it is leased at this moment. False: unknown or leased. */
  revive(id: string): Promise<boolean>
  get(id: string): Promise<Entry<B> | undefined>
  /** Newest first. */
  list(query: { state?: EntryState; lane?: string; after?: Position; limit: number }): Promise<Entry<B>[]>
  stats(): Promise<QueueStats>
}

export type EntryState = 'active' | 'done' | 'dead'

export interface NewEntry<B> {
  /** Deterministic: adding the same thing twice is adding it once. */
  id: string
  /** Groups entries for listing and fairness: an inbox kind, an endpoint. */
  lane: string
  body: B
  /** Epoch ms; default now. */
  availableAt?: number
}

export interface Entry<B> {
  id: string
  lane: string
  body: B
  state: EntryState
  /** Epoch ms when it is due or, while it is leased, when the lease ends. */
  availableAt: number
  leasedBy: string | null
  attempts: number
  knocks: number
  lastError: string | null
  createdAt: string
  updatedAt: string
}

export interface ClaimRequest {
  by: string
  limit: number
  /** At least 1. */
  leaseMs: number
}

/** An entry in the hands of one worker. */
export interface Claim<B> extends Entry<B> {
  leaseToken: number
}

export interface QueueStats {
  active: number
  done: number
  dead: number
  /** Age in ms of the longest due entry that nobody holds; 0 where there is none. */
  oldestDueMs: number
}

/** The feed. A sequence number exists only when all before it do, so that a reader never skips one. */
export interface EventLog {
  /** Adds an event that is not in the feed yet, and gives its place either way. */
  append(event: Event): Promise<PublishedEvent>
  get(id: string): Promise<PublishedEvent | undefined>
  /** Events behind `sequence`, in order. */
  after(sequence: number, limit: number): Promise<PublishedEvent[]>
}

const PAGE = 500

/** Every document of a collection, in the order of a text field that is never null. */
export async function findAll<T extends { id: string }>(
  documents: Documents<T>,
  orderBy: keyof T & string,
): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const last = all.at(-1)
    const after: Position | undefined = last && [String(last[orderBy]), last.id]
    const page = await documents.find({ orderBy, limit: PAGE, ...(after ? { after } : {}) })
    all.push(...page)
    if (page.length < PAGE) return all
  }
}

const AMEND_TRIES = 50

/**
 * Changes one document by compare-and-set, again from the newest state as often as somebody else was faster.
 * `change` is pure; it gets undefined where there is no document, and gives undefined to leave things as they are.
 * Gives the document as it stands afterwards.
 *
 * @throws RelayError `store_contention` (retry)
 */
export async function amend<T extends { id: string }>(
  documents: Documents<T>,
  id: string,
  change: (current: T | undefined) => T | undefined,
): Promise<T | undefined> {
  for (let tries = 0; tries < AMEND_TRIES; tries++) {
    const stored = await documents.get(id)
    const next = change(stored?.document)
    if (next === undefined || next === stored?.document) return stored?.document
    const written = stored ? await documents.replace(next, stored.version) : await documents.insert(next)
    if (written) return next
  }
  throw new RelayError(
    'store_contention',
    'retry',
    `Document ${id} was changed by others ${AMEND_TRIES} times in a row.`,
  )
}
