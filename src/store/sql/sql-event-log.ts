import { EVENT_TYPES, type Event, type EventType, eventBody, type PublishedEvent } from '../../domain/event.ts'
import type { EventLog } from '../store.ts'
import { integer, type Row, type Sql, text } from './sql.ts'

const COLUMNS = 'sequence, id, type, timestamp, body'

export class SqlEventLog implements EventLog {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async append(event: Event): Promise<PublishedEvent> {
    // The update changes nothing; it is there because a conflict that does NOTHING returns no row.
    const [row] = await this.#sql.write(
      `INSERT INTO events (${COLUMNS})
      VALUES ((SELECT coalesce(max(sequence), 0) + 1 FROM events), ?1, ?2, ?3, ?4)
      ON CONFLICT (id) DO UPDATE SET id = excluded.id
      RETURNING ${COLUMNS}`,
      event.id,
      event.type,
      event.timestamp,
      eventBody(event),
    )
    if (!row) throw new TypeError('An upsert returned no row')
    return publishedEvent(row)
  }

  async get(id: string): Promise<PublishedEvent | undefined> {
    const [row] = await this.#sql.read(`SELECT ${COLUMNS} FROM events WHERE id = ?1`, id)
    return row && publishedEvent(row)
  }

  async after(sequence: number, limit: number): Promise<PublishedEvent[]> {
    const rows = await this.#sql.read(
      `SELECT ${COLUMNS} FROM events WHERE sequence > ?1 ORDER BY sequence LIMIT ?2`,
      sequence,
      limit,
    )
    return rows.map(publishedEvent)
  }
}

function publishedEvent(row: Row): PublishedEvent {
  return {
    sequence: integer(row, 'sequence'),
    id: text(row, 'id'),
    type: eventType(text(row, 'type')),
    timestamp: text(row, 'timestamp'),
    body: text(row, 'body'),
  }
}

function eventType(value: string): EventType {
  const type = EVENT_TYPES.find((known) => known === value)
  if (!type) throw new TypeError(`${value} is no type of an event`)
  return type
}
