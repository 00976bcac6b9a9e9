// How many notifications are durable in a second, how soon they are answered, and what memory they take.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { dropDatabase, ownDatabase } from '../mongo-server/own-database.ts'
import { API_KEY } from '../service-process.ts'
import { startPart } from './fork.ts'
import { flood, type Latency, stream, type Target } from './load.ts'
import { mean, number, type Table, times } from './table.ts'

const Started = z.object({ url: z.string(), callRecords: z.string(), drive: z.string() })

const ROUNDS = 3
const ROUND_MS = 4_000
const WARM_UP_MS = 1_000
const FIXED_RATE = 200
const MANY = 100_000
const TENANT = '84bd8158-6d4d-4958-8b9f-9d6445542f95'

const Memory = z.object({ rss: z.number(), heapUsed: z.number() })

type Started = z.output<typeof Started>

interface Receiver {
  name: string
  body(started: Started, n: number): string
  environment: Record<string, string>
}

interface Measured {
  perSecond: number
  latency: Latency
}

/** @param mongoUrl a MongoDB server, where there is one */
export async function benchReceive(mongoUrl: string | undefined): Promise<Table[]> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-bench-'))
  const mongo = mongoUrl && ownDatabase(mongoUrl)
  const sqlite = (name: string) => appOn(`sqlite:${join(folder, `${name}.db`)}`)
  const receivers: Receiver[] = [
    { name: 'Hono alone: reads the JSON, answers 202', environment: { BENCH_BARE: '1' }, body: aboutCall },
    { name: 'SQLite, each about another call', environment: sqlite('calls'), body: aboutCall },
    { name: 'SQLite, all about one drive', environment: sqlite('drive'), body: aboutDrive },
    ...(mongo ? [{ name: 'MongoDB, each about another call', environment: appOn(mongo), body: aboutCall }] : []),
  ]
  try {
    const measured = receivers.map((): Measured[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, receiver] of receivers.entries()) measured[index]?.push(await measure(receiver))
    }
    return [speedTable(receivers, measured), await memoryTable({ environment: sqlite('memory'), body: aboutCall })]
  } finally {
    if (mongo) await dropDatabase(mongo)
    await rm(folder, { recursive: true })
  }
}

async function measure(receiver: Receiver): Promise<Measured> {
  const part = startPart('receiver.ts', receiver.environment)
  const target = targetOf(receiver, Started.parse(await part.ask('start')))
  await flood(target, { ms: WARM_UP_MS })
  const { perSecond } = await flood(target, { ms: ROUND_MS })
  const latency = await stream(target, { perSecond: FIXED_RATE, ms: ROUND_MS })
  await part.stop()
  return { perSecond, latency }
}

function speedTable(receivers: Receiver[], measured: Measured[][]): Table {
  const bare = mean((measured[0] ?? []).map(({ perSecond }) => perSecond))
  return {
    title: `Receive: durable notifications a second, and the answer at ${FIXED_RATE} a second`,
    head: ['', 'a second', 'of Hono alone', 'p50', 'p99'],
    rows: receivers.map(({ name }, index) => {
      const rounds = measured[index] ?? []
      const perSecond = mean(rounds.map((round) => round.perSecond))
      const p50 = mean(rounds.map(({ latency }) => latency.p50))
      const p99 = mean(rounds.map(({ latency }) => latency.p99))
      return [name, number(perSecond), times(perSecond / bare), `${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`]
    }),
  }
}

async function memoryTable(receiver: Pick<Receiver, 'environment' | 'body'>): Promise<Table> {
  const part = startPart('receiver.ts', receiver.environment)
  const target = targetOf(receiver, Started.parse(await part.ask('start')))
  const read = async () => {
    const { rss, heapUsed } = Memory.parse(await part.ask('memory'))
    return [rss, heapUsed].map((bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`)
  }
  const rows: string[][] = [['at the start', ...(await read())]]
  let sent = 0
  for (const count of [MANY / 10, MANY / 2, MANY]) {
    const body = (n: number) => target.body(n + sent)
    await flood({ url: target.url, body }, { count: count - sent })
    sent = count
    rows.push([`after ${number(count)}`, ...(await read())])
  }
  await part.stop()
  return {
    title: 'Memory of a receiver on SQLite, each notification about another call',
    head: ['', 'RSS', 'heap in use'],
    rows,
    note: 'Taken after a collection: nothing is kept. The RSS is room that V8 made during the flood and has not given back.',
  }
}

function targetOf({ body }: Pick<Receiver, 'body'>, started: Started): Target {
  // Numbers that no round before had: each is a call that is not known yet.
  const run = crypto.randomUUID()
  const url = `${started.url}/graph/notifications`
  return { url, body: (n) => body(started, n).replace('RUN', run) }
}

function aboutCall({ callRecords }: Started, n: number): string {
  const id = `RUN-${n}`
  const resourceData = { '@odata.type': '#microsoft.graph.callrecord', id }
  return notification({ clientState: callRecords, resource: `communications/callRecords/${id}`, resourceData })
}

function aboutDrive({ drive }: Started): string {
  return notification({ clientState: drive, resource: 'drives/b!bench/root', resourceData: null })
}

function notification(item: Record<string, unknown>): string {
  const subscriptionId = '7f105c7d-2dc5-4530-97cd-4e7ae6534c07'
  const expires = '2026-11-25T09:00:00.0000000Z'
  const value = { subscriptionId, subscriptionExpirationDateTime: expires, tenantId: TENANT, changeType: 'updated' }
  return JSON.stringify({ value: [{ ...value, ...item }] })
}

function appOn(databaseUrl: string): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: 'http://127.0.0.1:1',
    APP_SECRET: 'a secret for this machine alone, nothing more',
    AZURE_TENANT_ID: TENANT,
    AZURE_CLIENT_ID: '6b1d7d2e-7b4b-4b5e-9c71-2b8a3d1f0c55',
    AZURE_CLIENT_SECRET: 'nobody is asked with it',
    API_KEYS: `lms:${API_KEY}`,
    ADMIN_KEY: `admin-${API_KEY}`,
    EGRESS_ALLOW: '127.0.0.0/8',
  }
}
