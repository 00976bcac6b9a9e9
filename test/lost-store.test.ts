import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, vi } from 'vitest'
import { dropDatabase, ownDatabase } from '../scripts/mongo-server/own-database.ts'
import { runLoops } from '../src/loops.ts'
import { mongoStore } from '../src/store/mongo/mongo-store.ts'
import { nodeSqlite } from '../src/store/sql/node-sqlite.ts'
import { sqlStore } from '../src/store/sql/sql-store.ts'
import type { Store } from '../src/store/store.ts'
import { LECTURE, type Scene, startScene } from './scene.ts'
import { TcpProxy } from './store/tcp-proxy.ts'

/** Graph wants an answer within 3 s. */
const ANSWER_WITHIN_MS = 3_000

interface Patient {
  makeStore(clock: () => number): Store
  breakIt(): Promise<void>
  mend(): Promise<void>
  remove(): Promise<void>
}

async function fullDisk(): Promise<Patient> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-full-'))
  const sql = nodeSqlite(join(folder, 'relay.db'))
  return {
    makeStore: (clock) => sqlStore({ sql, clock, name: 'SQLite' }),
    // SQLite takes no more pages than it has: the same failure as a disk without space.
    breakIt: async () => void (await sql.write('PRAGMA max_page_count = 1')),
    mend: async () => void (await sql.write('PRAGMA max_page_count = 1000000')),
    remove: () => rm(folder, { recursive: true }),
  }
}

async function mongoBehindProxy(server: string, lose: (proxy: TcpProxy) => Promise<void> | void): Promise<Patient> {
  const { hostname, port } = new URL(server)
  const proxy = new TcpProxy({ host: hostname, port: Number(port) })
  await proxy.open()
  const url = ownDatabase(server)
  const throughProxy = url.replace(`${hostname}:${port}`, `127.0.0.1:${proxy.port}`)
  return {
    makeStore: (clock) => mongoStore({ url: throughProxy, clock }),
    breakIt: async () => lose(proxy),
    mend: async () => {
      await proxy.cut()
      await proxy.open()
    },
    remove: async () => {
      await proxy.cut()
      await dropDatabase(url)
    },
  }
}

const mongoUrl = inject('mongoUrl')
const patients = [
  { name: 'a disk that is full', make: fullDisk },
  ...(mongoUrl
    ? [
        { name: 'a MongoDB that refuses', make: () => mongoBehindProxy(mongoUrl, (proxy) => proxy.cut()) },
        { name: 'a MongoDB that is silent', make: () => mongoBehindProxy(mongoUrl, (proxy) => proxy.standStill()) },
      ]
    : []),
]

/** Calls of which nobody heard before, until the store takes no more: it may have room left. */
async function notifyUntilRefused({ simulator }: Scene): Promise<{ status: number; tookMs: number }> {
  const call = simulator.notifications.sent.find(({ body }) => body.includes('callRecords/'))
  const [, callId] = /callRecords\/([\w-]+)/.exec(call?.body ?? '') ?? []
  if (!call || !callId) throw new Error('Graph has told of no call yet')
  for (;;) {
    const begun = performance.now()
    const body = call.body.replaceAll(callId, crypto.randomUUID())
    const { status } = await fetch(call.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (status !== 202) return { status, tookMs: performance.now() - begun }
  }
}

describe.each(patients)('with $name', ({ make }) => {
  it('answers 503 in time, goes on, and loses nothing once the store is back', { timeout: 60_000 }, async () => {
    const patient = await make()
    const scene = await startScene({ makeStore: patient.makeStore })
    const { simulator, relay } = scene
    const meeting = await scene.prepare('algebra')
    const botany = await scene.prepare('botany', {
      startsAt: '2026-11-24T11:00:00.000Z',
      endsAt: '2026-11-24T12:00:00.000Z',
    })
    simulator.world.hold(meeting, LECTURE)
    simulator.world.record(meeting, LECTURE)
    await scene.rest()
    const stopping = new AbortController()
    const loops = runLoops(relay.service, stopping.signal)
    try {
      await patient.breakIt()
      const refused = await notifyUntilRefused(scene)
      expect(refused.status).toBe(503)
      expect(refused.tookMs).toBeLessThan(ANSWER_WITHIN_MS)
      expect((await fetch(`${relay.url}/livez`)).status).toBe(200)

      const later = { startedAt: new Date('2026-11-24T11:00:00Z'), endedAt: new Date('2026-11-24T11:50:00Z') }
      simulator.world.record(botany, later)
      await simulator.settled()
      await patient.mend()
      await vi.waitFor(async () => expect((await fetch(`${relay.url}/readyz`)).status).toBe(200), { timeout: 15_000 })
      simulator.clock.advance(30_000)
      await vi.waitFor(() => expect(scene.told()).toEqual(['recording.available', 'recording.available']), {
        timeout: 20_000,
      })
    } finally {
      stopping.abort()
      await loops
      await scene.stop()
      await patient.remove()
    }
  })
})
