// How many entries are claimed and finished in a second, by one replica and by three, however many wait behind them.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { inboxEntry } from '../../src/inbox/entry.ts'
import { openStore } from '../../src/store/open-store.ts'
import { claimStatement } from '../../src/store/sql/sql-queue.ts'
import type { Store } from '../../src/store/store.ts'
import { dropDatabase, ownDatabase } from '../mongo-server/own-database.ts'
import { startPart } from './fork.ts'
import { number, type Table, times } from './table.ts'

const SQLITE_SIZES = [1_000, 10_000, 100_000, 1_000_000]
const MONGO_SIZES = [1_000, 10_000]
const REPLICAS = [1, 3]
/** What the replicas of a round take together: fewer than are due in the smallest queue. */
const PER_ROUND = 300
const LEAST_ROUNDS = 3
const MEASURED_MS = 2_000
const FILL = 1_000
const HOUR_MS = 60 * 60_000

interface Place {
  name: string
  sizes: number[]
  makeDatabase(size: number): string
  drop(databaseUrl: string): Promise<void>
}

/** @param mongoUrl a MongoDB server, where there is one */
export async function benchQueue(mongoUrl: string | undefined): Promise<Table[]> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-bench-'))
  const sqlite: Place = {
    name: 'SQLite',
    sizes: SQLITE_SIZES,
    makeDatabase: (size) => `sqlite:${join(folder, `${size}.db`)}`,
    // The largest is looked at once more.
    drop: async () => undefined,
  }
  const mongo: Place = {
    name: 'MongoDB',
    sizes: MONGO_SIZES,
    makeDatabase: () => ownDatabase(mongoUrl ?? ''),
    drop: dropDatabase,
  }
  try {
    const tables: Table[] = []
    for (const place of mongoUrl ? [sqlite, mongo] : [sqlite]) tables.push(await benchPlace(place))
    return [...tables, planTable(join(folder, `${SQLITE_SIZES.at(-1)}.db`))]
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function benchPlace({ name, sizes, makeDatabase, drop }: Place): Promise<Table> {
  const rows: string[][] = []
  let first: number[] | undefined
  for (const size of sizes) {
    const databaseUrl = makeDatabase(size)
    const store = await openStore(databaseUrl, Date.now)
    await store.open()
    await fill(store, size)
    const speeds: number[] = []
    for (const replicas of REPLICAS) speeds.push(await claimAndFinish(store, databaseUrl, replicas))
    await store.close()
    await drop(databaseUrl)
    first ??= speeds
    const cells = speeds.flatMap((speed, index) => [number(speed), times(speed / (first?.[index] ?? speed))])
    rows.push([number(size), ...cells])
  }
  const head = REPLICAS.flatMap((count) => [`${count} ${count === 1 ? 'replica' : 'replicas'}`, 'of the first row'])
  return { title: `Queue on ${name}: claims and finishes a second`, head: ['rows', ...head], rows }
}

/** Half of the rows are due, the other half wait for a later time. */
async function fill(store: Store, size: number): Promise<void> {
  const now = Date.now()
  for (let from = 0; from < size; from += FILL) {
    const numbers = Array.from({ length: Math.min(FILL, size - from) }, (_, index) => from + index)
    await store.inbox.add(numbers.map((n) => entry(n, n < size / 2 ? now - size + n : now + HOUR_MS)))
  }
}

function entry(n: number, availableAt?: number) {
  return inboxEntry({ kind: 'recording', recordingId: `recording ${n}` }, availableAt)
}

/** Rounds of claims; between them what was finished is made due again, so that the queue stays as long as it was. */
async function claimAndFinish(store: Store, databaseUrl: string, replicas: number): Promise<number> {
  const parts = Array.from({ length: replicas }, () => startPart('queue-worker.ts', { DATABASE_URL: databaseUrl }))
  const count = PER_ROUND / replicas
  let tookMs = 0
  let rounds = -1
  while (rounds < LEAST_ROUNDS || tookMs < MEASURED_MS) {
    const asked = parts.map((part, index) => part.ask({ by: `replica ${index}`, count }))
    const times = z.array(z.number()).parse(await Promise.all(asked))
    // The first round warms up.
    if (rounds >= 0) tookMs += Math.max(...times)
    rounds += 1
    const done = await store.inbox.list({ state: 'done', limit: PER_ROUND })
    await store.inbox.knock(done.map(({ id, lane, body }) => ({ id, lane, body })))
  }
  await Promise.all(parts.map((part) => part.stop()))
  return (rounds * PER_ROUND * 1000) / tookMs
}

function planTable(path: string): Table {
  const database = new DatabaseSync(path, { readOnly: true })
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${claimStatement('inbox')}`).all()
  database.close()
  return {
    title: 'How SQLite finds what to claim among a million rows',
    head: ['step of the plan'],
    rows: steps.map(({ detail }) => [`\`${detail}\``]),
    note: 'Every step searches; none scans. A test looks at the plans of all other statements as well.',
  }
}
