// A term of a small university: what an outage, a rotated certificate and a rotated secret leave behind.

import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Person } from '../src/simulator/people.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'
import { type Relay, startRelay } from './relay.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const HOUR_MS = 60 * 60_000
const DAYS = 90
const STEP_MS = HOUR_MS
const OLD_SECRET = 'the secret of the first half of the term'
const NEW_SECRET = 'the secret of the second half of the term'

interface Outage {
  fromHour: number
  hours: number
}

const OUTAGES: Outage[] = [
  { fromHour: 20 * 24 + 5, hours: 24 },
  { fromHour: 60 * 24 + 9, hours: 4 * 24 },
]

let simulator: Simulator
let directory: string
let relay: Relay | undefined
let environment: Record<string, string>
let port: number | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ninety-days-'))
  simulator = await startSimulator({ pageSize: 200 })
  simulator.clock.set(new Date('2026-09-01T00:00:00Z'))
  environment = {
    WATCH: 'drives,callRecords,recordings,transcripts',
    SWEEP_INTERVAL: '1h',
    APP_SECRET: OLD_SECRET,
    GRAPH_CERTIFICATE_PATH: 'previous-certificate.pem',
    GRAPH_PRIVATE_KEY_PATH: 'previous-key.pem',
  }
})

afterAll(async () => {
  await relay?.stop()
  await simulator.stop()
  await rm(directory, { recursive: true, force: true })
})

async function start(): Promise<Relay> {
  relay = await startRelay(simulator, {
    databaseUrl: `sqlite:${join(directory, 'relay.db')}`,
    environment,
    readFile: (path) => readFileSync(join(FIXTURES, path), 'utf8'),
    ...(port ? { port } : {}),
  })
  port = Number(new URL(relay.url).port)
  return relay
}

async function stop(): Promise<void> {
  await relay?.stop()
  relay = undefined
}

async function restartWith(changes: Record<string, string>): Promise<void> {
  await stop()
  Object.assign(environment, changes)
  await start()
}

interface Lecture {
  id: string
  organizer: Person
  startsAt: Date
  endsAt: Date
}

/** Each teacher lectures every fourth day, at nine. */
function lecturesOf(day: number, teachers: Person[], midnight: number): Lecture[] {
  return teachers
    .filter((_teacher, index) => (day + index) % 4 === 0)
    .map((organizer) => {
      const startsAt = new Date(midnight + 9 * HOUR_MS)
      return { id: `${organizer.displayName}-${day}`, organizer, startsAt, endsAt: new Date(+startsAt + HOUR_MS) }
    })
}

/** How long each of Graph's subscriptions was not there, in hours. */
class Gaps {
  readonly longest = new Map<string, number>()
  readonly #current = new Map<string, number>()

  note(resources: string[]): void {
    const living = new Set(simulator.subscriptions.list().map(({ resource }) => resource))
    for (const resource of resources) {
      const hours = living.has(resource) ? 0 : (this.#current.get(resource) ?? 0) + STEP_MS / HOUR_MS
      this.#current.set(resource, hours)
      this.longest.set(resource, Math.max(this.longest.get(resource) ?? 0, hours))
    }
  }
}

describe('ninety days with two outages, a new certificate and a new secret', () => {
  it('leave no recording undiscovered, and no subscription away for longer than an outage', async () => {
    const { world, clock, faults } = simulator
    const began = clock.now()
    const teachers = ['ada', 'grace', 'emmy', 'sofya'].map((name) =>
      world.addPerson({ displayName: name, email: `${name}@example.edu` }),
    )
    await start()
    const resources = [
      ...teachers.map(({ driveId }) => `/drives/${driveId}/root`),
      '/communications/callRecords',
      'communications/onlineMeetings/getAllRecordings',
      'communications/onlineMeetings/getAllTranscripts',
    ]
    const gaps = new Gaps()
    const held: string[] = []
    let planned: Lecture[] = []
    let registeredDays = 0

    for (let hour = 0; hour < DAYS * 24; hour++) {
      const day = Math.floor(hour / 24)
      const isDown = OUTAGES.some(({ fromHour, hours }) => hour >= fromHour && hour < fromHour + hours)
      if (isDown && relay) await stop()
      if (!isDown && !relay) await start()
      if (hour === 40 * 24) {
        await restartWith({
          GRAPH_CERTIFICATE_PATH: 'current-certificate.pem,previous-certificate.pem',
          GRAPH_PRIVATE_KEY_PATH: 'current-key.pem,previous-key.pem',
        })
      }
      if (hour === 50 * 24) {
        await restartWith({
          GRAPH_CERTIFICATE_PATH: 'current-certificate.pem',
          GRAPH_PRIVATE_KEY_PATH: 'current-key.pem',
        })
      }
      if (hour === 45 * 24) await restartWith({ APP_SECRET: NEW_SECRET, APP_SECRET_PREVIOUS: OLD_SECRET })

      // Conferences are registered a week before: the LMS knows its timetable, and calls again when nobody answers.
      while (relay && registeredDays < day + 8) {
        const lectures = lecturesOf(registeredDays, teachers, began + registeredDays * 24 * HOUR_MS)
        for (const lecture of lectures) await register(relay, lecture)
        planned.push(...lectures)
        registeredDays += 1
      }
      for (const lecture of planned.filter(({ endsAt }) => +endsAt <= clock.now())) {
        // Some notifications get lost, and those of an outage run into nothing.
        if (held.length % 5 === 0) faults.dropNotifications(2)
        hold(lecture)
        held.push(lecture.id)
        planned = planned.filter(({ id }) => id !== lecture.id)
      }
      await simulator.settled()
      await relay?.settle()
      if (hour > 24) gaps.note(resources)
      clock.advance(STEP_MS)
      simulator.requests.length = 0
    }

    for (let hour = 0; hour < 30; hour++) {
      clock.advance(HOUR_MS)
      await relay?.settle()
    }
    expect(held.length).toBeGreaterThan(80)
    const recordings = await available()
    expect(recordings.map(({ conferenceId }) => conferenceId).sort()).toEqual(held.sort())
    expect(recordings.filter(({ transcript }) => transcript === null)).toEqual([])
    expect(await read('/v1/health')).toMatchObject({ status: 'ok', subscriptionStates: { healthy: 7 } })
    const longest = Math.max(...gaps.longest.values())
    console.log(`${held.length} recordings; the longest gap of each subscription, in hours:`, gaps.longest)
    expect(longest).toBeLessThan(4 * 24)
  }, 600_000)
})

async function register(service: Relay, { id, organizer, startsAt, endsAt }: Lecture): Promise<void> {
  const conference = {
    title: id,
    startsAt,
    endsAt,
    organizer: { email: organizer.email },
    courseId: organizer.displayName,
  }
  const answer = await service.call('PUT', `/v1/conferences/${id}`, conference)
  expect(answer.status).toBe(201)
  expect((await service.call('POST', `/v1/conferences/${id}/meeting`)).status).toBe(200)
}

function hold({ id, startsAt, endsAt }: Lecture): void {
  const { world } = simulator
  const meeting = world.meetings.find(({ subject }) => subject === id)
  if (!meeting) throw new Error(`nobody made the meeting of ${id}`)
  const times = { startedAt: startsAt, endedAt: endsAt }
  world.hold(meeting, times)
  world.record(meeting, { ...times, transcript: true })
}

async function available() {
  const items: { conferenceId: string; status: string; transcript: object | null }[] = []
  let after = ''
  do {
    const page = (await read(`/v1/recordings?limit=200${after}`)) as { items: typeof items; next: string | null }
    items.push(...page.items)
    after = page.next ? `&after=${encodeURIComponent(page.next)}` : ''
  } while (after)
  return items.filter(({ status }) => status === 'available')
}

async function read(path: string): Promise<unknown> {
  return (await relay?.call('GET', path))?.json()
}
