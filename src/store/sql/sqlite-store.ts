import type { Store } from '../store.ts'
import { nodeSqlite } from './node-sqlite.ts'
import { sqlStore } from './sql-store.ts'

/** The embedded default: one file and nothing to install. `:memory:` keeps nothing. */
export function sqliteStore({ path, clock }: { path: string; clock: () => number }): Store {
  return sqlStore({ sql: nodeSqlite(path), clock, name: 'SQLite' })
}
