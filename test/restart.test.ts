import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, vi } from 'vitest'
import { z } from 'zod'
import { API_KEY, type ServiceProcess, startServiceProcess } from '../scripts/service-process.ts'
import type { Meeting } from '../src/simulator/people.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'

const mongoUrl = inject('mongoUrl')
const stores = [
  { name: 'SQLite', databaseUrl: (folder: string) => `sqlite:${join(folder, 'relay.db')}` },
  ...(mongoUrl ? [{ name: 'MongoDB', databaseUrl: () => `${mongoUrl}/restart-${crypto.randomUUID()}` }] : []),
]

interface Stage {
  simulator: Simulator
  service: ServiceProcess
}

/** A service as a process of its own, for as long as the play goes on. */
async function withService(
  databaseUrl: (folder: string) => string,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-restart-'))
  const simulator = await startSimulator()
  // The shortest lease that the configuration takes: a killed process holds its entries for so long.
  const environment = { DATABASE_URL: databaseUrl(folder), INBOX_LEASE: '25s', LOG_LEVEL: 'warn' }
  const service = await startServiceProcess(simulator, environment)
  try {
    await play({ simulator, service })
  } finally {
    await service.kill('SIGKILL')
    await simulator.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function call({ url }: ServiceProcess, method: string, path: string, body?: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
  const response = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  expect(response.status).toBeLessThan(300)
  return response.json()
}

const LECTURE_MS = 50 * 60_000
const now = Date.now()
const LECTURE = { startedAt: new Date(now - LECTURE_MS), endedAt: new Date(now) }

async function prepare({ simulator, service }: Stage): Promise<Meeting> {
  const ada = simulator.world.addPerson({ displayName: 'Ada', email: 'ada@example.edu' })
  await call(service, 'PUT', '/v1/conferences/algebra', {
    title: 'Algebra I',
    startsAt: LECTURE.startedAt.toISOString(),
    endsAt: LECTURE.endedAt.toISOString(),
    organizer: { email: ada.email },
  })
  await vi.waitFor(() => expect(simulator.subscriptions.list()).toHaveLength(2), { timeout: 10_000 })
  const made = await call(service, 'POST', '/v1/conferences/algebra/meeting')
  const meeting = simulator.world.findMeeting(z.object({ joinUrl: z.string() }).parse(made).joinUrl)
  if (!meeting) throw new Error('the simulator does not know the meeting')
  return meeting
}

describe.concurrent.each(stores)('the service as a process, on $name', ({ databaseUrl }) => {
  it('loses nothing and tells nothing twice when it is killed between the 202 and the delivery', async () => {
    await withService(databaseUrl, async (stage) => {
      const { simulator, service } = stage
      const meeting = await prepare(stage)
      // Graph stands still, so that nothing is done about the notification once it was answered.
      simulator.faults.stall(/root\/delta/, 60_000)
      simulator.world.record(meeting, LECTURE)
      await simulator.settled()
      const told = simulator.notifications.sent.filter(({ body }) => body.includes('"changeType":"updated"'))
      expect(told).toMatchObject([{ status: 202 }])
      await service.kill('SIGKILL')
      expect(simulator.lms.received).toEqual([])

      simulator.faults.clear()
      await service.restart()
      const event = await simulator.lms.waitFor(({ type }) => type === 'recording.available', 45_000)
      expect(event.data).toMatchObject({ conferenceId: 'algebra' })

      const before = simulator.requests.length
      for (const sent of told) simulator.notifications.resend(sent)
      const visited = () => simulator.requests.slice(before).some(({ path }) => path.includes('/delta'))
      await vi.waitFor(() => expect(visited()).toBe(true), { timeout: 10_000 })
      const { items } = z.object({ items: z.array(z.unknown()) }).parse(await call(service, 'GET', '/v1/events'))
      expect(items).toHaveLength(1)
      expect(simulator.lms.library.size).toBe(1)
    })
  }, 90_000)

  it('ends in time while Graph stands still, and leaves its work to whoever comes next at once', async () => {
    await withService(databaseUrl, async (stage) => {
      const { simulator, service } = stage
      const meeting = await prepare(stage)
      simulator.faults.stall(/root\/delta/, 60_000)
      simulator.world.record(meeting, LECTURE)
      await vi.waitFor(() => expect(simulator.faults.stalled).toBeGreaterThan(0), { timeout: 10_000 })

      const begun = performance.now()
      const stopping = service.kill('SIGTERM')
      await vi.waitFor(async () => expect((await fetch(`${service.url}/readyz`)).status).toBe(503), { timeout: 5_000 })
      await stopping
      expect(performance.now() - begun).toBeLessThan(10_000)

      simulator.faults.clear()
      await service.restart()
      // Well before the lease of 25 s, that a killed process would have left, is over.
      const event = await simulator.lms.waitFor(({ type }) => type === 'recording.available', 10_000)
      expect(event.data).toMatchObject({ conferenceId: 'algebra' })
    })
  }, 90_000)

  it('ends on SIGTERM without complaint', async () => {
    await withService(databaseUrl, async ({ service }) => {
      await service.kill('SIGTERM')
      expect(service.log).toEqual([])
    })
  }, 30_000)
})

describe('the service as a process', () => {
  it.each([
    ['DATABASE_URL', { DATABASE_URL: 'nowhere' }, /DATABASE_URL must begin with/],
    ['API_KEYS', { API_KEYS: 'short:key' }, /API_KEYS must have at least 24 characters/],
  ])('does not start with a wrong %s, and says so in a sentence', async (_name, environment, sentence) => {
    const simulator = await startSimulator()
    await expect(startServiceProcess(simulator, environment)).rejects.toThrow(sentence)
    await simulator.stop()
  })
})
