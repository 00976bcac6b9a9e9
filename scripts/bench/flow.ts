// How long it takes from a recording in its drive to the event at the LMS, through the whole service as a process.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Meeting } from '../../src/simulator/people.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { dropDatabase, ownDatabase } from '../mongo-server/own-database.ts'
import { API_KEY, type ServiceProcess, startServiceProcess } from '../service-process.ts'
import { latencyOf } from './load.ts'
import type { Table } from './table.ts'

const ORGANIZERS = 25
const WARM_UP = 10
const IDLE_RECORDINGS = 100
const IDLE_PAUSE_MS = 50
const PER_SECOND = 50
const BUSY_RECORDINGS = 500
const HOUR_MS = 60 * 60_000
const LECTURE_MS = 50 * 60_000
const WITHIN_MS = 30_000

/** @param mongoUrl a MongoDB server, where there is one */
export async function benchFlow(mongoUrl: string | undefined): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-bench-'))
  const rows = await benchPlace('SQLite', `sqlite:${join(folder, 'relay.db')}`)
  await rm(folder, { recursive: true })
  if (mongoUrl) {
    const databaseUrl = ownDatabase(mongoUrl)
    rows.push(...(await benchPlace('MongoDB', databaseUrl)))
    await dropDatabase(databaseUrl)
  }
  return {
    title: 'End to end: from the file in its drive to the first delivery attempt',
    head: ['', 'p50', 'p99'],
    rows,
    note: [
      'Between the two lie a notification, the questions to Graph and the match; Graph and the LMS are simulated in one',
      'other process of the same machine, and their answers are part of the time.',
    ].join('\n'),
  }
}

async function benchPlace(name: string, databaseUrl: string): Promise<string[][]> {
  const simulator = await startSimulator()
  const service = await startServiceProcess(simulator, { DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn' })
  try {
    const meetings = await prepare(simulator, service)
    const stage = { simulator, meetings, seen: 0 }
    await idle(stage, WARM_UP)
    const quiet = latencyOf(await idle(stage, IDLE_RECORDINGS))
    const busy = latencyOf(await busily(stage))
    return [
      [`${name}, idle`, `${quiet.p50.toFixed(0)} ms`, `${quiet.p99.toFixed(0)} ms`],
      [`${name}, ${PER_SECOND} notifications a second`, `${busy.p50.toFixed(0)} ms`, `${busy.p99.toFixed(0)} ms`],
    ]
  } finally {
    await service.kill('SIGKILL')
    await simulator.stop()
  }
}

interface Stage {
  simulator: Simulator
  meetings: Meeting[]
  /** How many lectures there were. */
  seen: number
}

/** As many lectures of 25 organizers as will be recorded, each an hour before the last. */
async function prepare(simulator: Simulator, service: ServiceProcess): Promise<Meeting[]> {
  const organizers = Array.from({ length: ORGANIZERS }, (_, n) =>
    simulator.world.addPerson({ displayName: `Organizer ${n}`, email: `organizer-${n}@example.edu` }),
  )
  const meetings: Meeting[] = []
  for (let n = 0; n < WARM_UP + IDLE_RECORDINGS + BUSY_RECORDINGS; n++) {
    const organizer = organizers[n % ORGANIZERS]
    if (!organizer) throw new Error('somebody has to hold the lecture')
    const subject = `Lecture ${n}`
    const startsAt = new Date(Date.now() - (n + 1) * HOUR_MS)
    const endsAt = new Date(startsAt.getTime() + LECTURE_MS)
    const times = { startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() }
    await call(service, `/v1/conferences/lecture-${n}`, {
      title: subject,
      ...times,
      organizer: { email: organizer.email },
    })
    meetings.push(simulator.world.scheduleMeeting({ organizer, subject, startsAt, endsAt }))
  }
  const watched = () => simulator.subscriptions.list().filter(({ kind }) => kind === 'drive').length
  while (watched() < ORGANIZERS) await delay(20)
  await simulator.settled()
  return meetings
}

async function idle(stage: Stage, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const recordedAt = Date.now()
    const arrivedAt = await arrival(stage, record(stage))
    times.push(arrivedAt - recordedAt)
    await delay(IDLE_PAUSE_MS)
  }
  return times
}

async function busily(stage: Stage): Promise<number[]> {
  const arriving: Promise<number>[] = []
  const begun = Date.now()
  for (let n = 0; n < BUSY_RECORDINGS; n++) {
    const dueAt = begun + (n * 1000) / PER_SECOND
    await delay(Math.max(0, dueAt - Date.now()))
    arriving.push(arrival(stage, record(stage)).then((arrivedAt) => arrivedAt - dueAt))
  }
  return Promise.all(arriving)
}

/** A recording of the next organizer lies in the drive; gives its item's id. Graph tells of it once. */
function record(stage: Stage): string {
  const { meetings, simulator } = stage
  const meeting = meetings[stage.seen]
  if (!meeting) throw new Error('there is no meeting')
  stage.seen += 1
  const times = { startedAt: meeting.startsAt, endedAt: meeting.endsAt }
  return simulator.world.record(meeting, { ...times, notify: { callRecording: false } }).item.id
}

async function arrival({ simulator }: Stage, itemId: string): Promise<number> {
  const isOf = (data: Record<string, unknown>) => JSON.stringify(data.storage).includes(itemId)
  const deadline = Date.now() + WITHIN_MS
  while (Date.now() < deadline) {
    const event = simulator.lms.received.findLast(({ type, data }) => type === 'recording.available' && isOf(data))
    if (event) return event.at
    await delay(5)
  }
  throw new Error(`${itemId} did not arrive within ${WITHIN_MS / 1000} s`)
}

async function call({ url }: ServiceProcess, path: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
  const response = await fetch(url + path, { method: 'PUT', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`PUT ${path} was answered with ${response.status}`)
}
