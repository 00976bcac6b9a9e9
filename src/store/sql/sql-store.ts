import { guarded } from '../guarded.ts'
import type { Store } from '../store.ts'
import { schema } from './schema.ts'
import type { Sql } from './sql.ts'
import { SqlDocuments } from './sql-documents.ts'
import { SqlEventLog } from './sql-event-log.ts'
import { SqlQueue } from './sql-queue.ts'

/** The store on any database that speaks SQLite's SQL. */
export function sqlStore({ sql: driver, clock, name }: { sql: Sql; clock: () => number; name: string }): Store {
  const sql = guarded(driver, name)
  return {
    conferences: new SqlDocuments(sql, 'conferences'),
    calls: new SqlDocuments(sql, 'calls'),
    recordings: new SqlDocuments(sql, 'recordings'),
    transcripts: new SqlDocuments(sql, 'transcripts'),
    subscriptions: new SqlDocuments(sql, 'subscriptions'),
    endpoints: new SqlDocuments(sql, 'endpoints'),
    inbox: new SqlQueue(sql, 'inbox', clock),
    deliveries: new SqlQueue(sql, 'deliveries', clock),
    events: new SqlEventLog(sql),
    async open() {
      for (const statement of schema()) await sql.write(statement)
    },
    async ping() {
      await sql.read('SELECT 1')
    },
    close: () => sql.close(),
  }
}
