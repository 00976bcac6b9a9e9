import type { Collection } from 'mongodb'
import type { Event, EventType, PublishedEvent } from '../../domain/event.ts'
import { eventBody } from '../../domain/event.ts'
import { RelayError } from '../../errors.ts'
import type { EventLog } from '../store.ts'
import type { Connection } from './connection.ts'
import { inserted } from './duplicate-key.ts'

const TRIES = 100

interface EventRow {
  /** The sequence number: each can be taken once, and only the one behind the last is ever tried. */
  _id: number
  eventId: string
  type: EventType
  timestamp: string
  body: string
}

export class MongoEventLog implements EventLog {
  readonly #connection: Connection
  #lastAppend: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Appends of one process queue up, so that only replicas compete for a number. */
  append(event: Event): Promise<PublishedEvent> {
    const appended = this.#lastAppend.then(() => this.#append(event))
    this.#lastAppend = appended.catch(() => undefined)
    return appended
  }

  async get(id: string): Promise<PublishedEvent | undefined> {
    const row = await this.#rows().findOne({ eventId: id })
    return row ? publishedEvent(row) : undefined
  }

  /** Majority: an event that a failover could still take back would let its number be read twice. */
  async after(sequence: number, limit: number): Promise<PublishedEvent[]> {
    if (limit < 1) return []
    const rows = this.#rows().find({ _id: { $gt: sequence } }, { readConcern: { level: 'majority' } })
    return (await rows.sort({ _id: 1 }).limit(limit).toArray()).map(publishedEvent)
  }

  async #append(event: Event): Promise<PublishedEvent> {
    for (let tries = 0; tries < TRIES; tries++) {
      const known = await this.get(event.id)
      if (known) return known
      const last = await this.#rows().findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } })
      const row = rowOf(event, (last?._id ?? 0) + 1)
      if (await inserted(this.#rows().insertOne(row))) return publishedEvent(row)
    }
    const sentence = `Event ${event.id} found its place in the feed taken by others ${TRIES} times in a row.`
    throw new RelayError('store_contention', 'retry', sentence)
  }

  #rows(): Collection<EventRow> {
    return this.#connection.collection<EventRow>('events')
  }
}

function rowOf(event: Event, sequence: number): EventRow {
  const { id, type, timestamp } = event
  return { _id: sequence, eventId: id, type, timestamp, body: eventBody(event) }
}

function publishedEvent({ _id, eventId, type, timestamp, body }: EventRow): PublishedEvent {
  return { sequence: _id, id: eventId, type, timestamp, body }
}
