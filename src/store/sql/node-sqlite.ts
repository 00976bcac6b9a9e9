// SQLite inside Node. Every commit waits for the disk (synchronous=FULL), so that an answered notification survives a
// power cut; writes that arrive in one turn of the event loop share that wait.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Row, Sql, Value } from './sql.ts'

// While it waits nothing else runs, and Graph has to be answered within three seconds.
const BUSY_TIMEOUT_MS = 2_000

interface Write {
  statement: string
  parameters: Value[]
  resolve(rows: Row[]): void
  reject(error: unknown): void
}

export function nodeSqlite(path: string): Sql {
  return new NodeSqlite(path)
}

class NodeSqlite implements Sql {
  readonly #path: string
  #database: DatabaseSync | undefined
  #statements = new Map<string, StatementSync>()
  #waiting: Write[] = []

  constructor(path: string) {
    this.#path = path
  }

  /** Gives way afterwards: whoever reads in a loop must not keep writes, and all other work of the process, waiting. */
  async read(statement: string, ...parameters: Value[]): Promise<Row[]> {
    const rows = this.#rows(statement, parameters)
    await nextTurn()
    return rows
  }

  write(statement: string, ...parameters: Value[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statement, parameters, resolve, reject })
      if (this.#waiting.length === 1) setImmediate(() => this.#commit())
    })
  }

  async close(): Promise<void> {
    this.#commit()
    this.#statements.clear()
    this.#database?.close()
    this.#database = undefined
  }

  #commit(): void {
    const group = this.#waiting.splice(0)
    if (group.length === 0) return
    try {
      const settle = this.#transaction(group)
      for (const tell of settle) tell()
    } catch (error) {
      for (const write of group) write.reject(error)
    }
  }

  /** A statement that fails undoes itself alone, unless SQLite rolled everything back. */
  #transaction(group: Write[]): (() => void)[] {
    const database = this.#opened()
    database.exec('BEGIN IMMEDIATE')
    try {
      const outcomes = group.map((write) => this.#outcome(write, database))
      database.exec('COMMIT')
      return outcomes
    } finally {
      if (database.isTransaction) database.exec('ROLLBACK')
    }
  }

  #outcome({ statement, parameters, resolve, reject }: Write, database: DatabaseSync): () => void {
    try {
      const rows = this.#rows(statement, parameters)
      return () => resolve(rows)
    } catch (error) {
      if (!database.isTransaction) throw error
      return () => reject(error)
    }
  }

  #rows(statement: string, parameters: Value[]): Row[] {
    let prepared = this.#statements.get(statement)
    if (!prepared) {
      prepared = this.#opened().prepare(statement)
      this.#statements.set(statement, prepared)
    }
    return prepared.all(...parameters)
  }

  #opened(): DatabaseSync {
    this.#database ??= openFile(this.#path)
    return this.#database
  }
}

function openFile(path: string): DatabaseSync {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  } catch (error) {
    database.close()
    throw error
  }
  return database
}
