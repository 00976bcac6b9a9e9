// One run: a calm beginning, a storm in which lectures are recorded and everything fails that can, and a calm in which
// the service has to come to the same end as if nothing had happened.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Clock } from '../../src/simulator/clock.ts'
import type { Person } from '../../src/simulator/people.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store } from '../../src/store/store.ts'
import { dropDatabase, ownDatabase } from '../mongo-server/own-database.ts'
import { Dice } from './dice.ts'
import { holdLecture, holdPrivateTalk, type Lecture, planLectures, prepareLecture, type Recorded } from './lectures.ts'
import { FeedReader, readFeed } from './lms.ts'
import { type Mishap, planMishaps } from './mishaps.ts'
import { Replicas } from './replicas.ts'
import { findCursorsAhead, findFaults } from './verify.ts'
import { storm } from './weather.ts'

export interface SeedOptions {
  seed: number
  replicas: number
  /** Address of a MongoDB server; without one the run is on SQLite. */
  mongoUrl?: string
}

export interface SeedResult {
  /** What is lost, doubled or wrong. */
  faults: string[]
  /** What happened to the service and the LMS. */
  befell: string[]
  recordings: number
  events: number
  /** POSTs that the LMS took, doubles and all. */
  posts: number
  /** How often a process ended. */
  ended: number
  tookMs: number
  /** Where the logs lie; only of a run with faults. */
  logPath: string | null
}

/** The service's time runs so much faster: its shortest lease is 25 s. */
const SPEED = 10
const ORGANIZERS = ['ada', 'grace', 'emmy']
const LECTURES = 12
const PRIVATE_TALKS = 3
const STORM_MS = 5_000
const CALM_WITHIN_MS = 60_000
/** Two sweeps long nothing more may come. */
const QUIET_MS = 3_000
const LOOK_EVERY_MS = 200

interface Run {
  dice: Dice
  simulator: Simulator
  replicas: Replicas
  store: Store
  reader: FeedReader
  mishaps: Mishap[]
  recorded: Recorded[]
  deleted: Recorded[]
  ahead: Set<string>
}

export async function runSeed({ seed, replicas: count, mongoUrl }: SeedOptions): Promise<SeedResult> {
  const begun = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'relay-chaos-'))
  await mkdir(join(folder, 'orders'))
  const databaseUrl = mongoUrl ? ownDatabase(mongoUrl) : `sqlite:${join(folder, 'relay.db')}`
  const epoch = Date.now()
  const clock = new Clock(SPEED, epoch)
  const simulator = await startSimulator({ clock, pageSize: 3 })
  const place = { simulator, count, databaseUrl, folder: join(folder, 'orders'), speed: SPEED, epoch }
  const replicas = new Replicas(place)
  const store = await openStore(databaseUrl, () => clock.now())
  try {
    await store.open()
    await replicas.start()
    const reader = new FeedReader(replicas.url)
    const dice = new Dice(seed)
    const mishaps = planMishaps(dice, seed, { simulator, replicas, count, stormMs: STORM_MS })
    const before = { recorded: [], deleted: [], ahead: new Set<string>() }
    const run: Run = { dice, simulator, replicas, store, reader, mishaps, ...before }
    const faults = await play(run)
    const logPath = faults.length > 0 ? join(tmpdir(), `relay-chaos-${seed}-${epoch}.log`) : null
    if (logPath) await writeFile(logPath, replicas.log.join('\n'))
    return {
      ...{ faults, logPath, befell: mishaps.map(({ name, atMs }) => `${name} (${atMs} ms)`) },
      recordings: run.recorded.length,
      events: reader.events.length,
      posts: simulator.lms.received.length,
      ended: replicas.ended,
      tookMs: Math.round(performance.now() - begun),
    }
  } finally {
    await replicas.stop()
    await simulator.stop()
    await store.close()
    if (mongoUrl) await dropDatabase(databaseUrl)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function play(run: Run): Promise<string[]> {
  const { simulator, replicas, reader, store } = run
  const people = ORGANIZERS.map((name) =>
    simulator.world.addPerson({ displayName: name, email: `${name}@example.edu` }),
  )
  const lectures = planLectures(people, LECTURES, simulator.clock.now())
  const [late] = people
  const known = lectures.filter(({ organizer }) => organizer !== late)
  const meetings = await prepareAll(known, run)
  await until(CALM_WITHIN_MS, () => isWatched(people.slice(1), simulator))

  const looking = keepLooking(run)
  simulator.faults.setWeather(storm(run.dice))
  const mishaps = befall(run)
  const taught = Promise.all(known.map((lecture) => teach(lecture, meetings.get(lecture), run)))
  // One organizer is new: the LMS registers the first lecture while everything fails.
  const lateLectures = lectures.filter(({ organizer }) => organizer === late)
  const lateMeetings = await prepareAll(lateLectures, run)
  await Promise.all(lateLectures.map((lecture) => teach(lecture, lateMeetings.get(lecture), run)))
  await Promise.all([taught, mishaps])
  await loseOne(run)

  simulator.faults.setWeather(undefined)
  simulator.lms.failNext(0)
  await until(CALM_WITHIN_MS, () => isComplete(run))
  await delay(QUIET_MS)
  await looking.stop()
  await reader.read()
  const feed = await readFeed(replicas.url)
  const { recorded, deleted, ahead } = run
  return [...ahead, ...(await findFaults({ recorded, deleted, feed, polled: reader.events, store, simulator }))]
}

async function prepareAll(lectures: Lecture[], { replicas, simulator }: Run) {
  const meetings = new Map<Lecture, Awaited<ReturnType<typeof prepareLecture>>>()
  for (const lecture of lectures) meetings.set(lecture, await prepareLecture(replicas.url, lecture, simulator))
  return meetings
}

/** At some moment of the storm. */
async function teach(
  lecture: Lecture,
  meeting: Awaited<ReturnType<typeof prepareLecture>> | undefined,
  { dice, recorded, simulator }: Run,
): Promise<void> {
  if (!meeting) throw new Error(`${lecture.conferenceId} has no meeting`)
  await delay(dice.between('lecture', 0, STORM_MS))
  recorded.push(holdLecture(lecture, meeting, dice.chance('file first', 0.5), simulator))
  const privateTalks = recorded.filter(({ conferenceId }) => conferenceId === null).length
  if (privateTalks < PRIVATE_TALKS) recorded.push(holdPrivateTalk(lecture, simulator))
}

async function befall({ mishaps, replicas }: Run): Promise<void> {
  const befallen = mishaps.map(async ({ atMs, happen }) => {
    await delay(atMs)
    await happen()
  })
  await delay(STORM_MS)
  replicas.forgetOrders()
  await Promise.all(befallen)
}

/** Somebody deletes a file of which the LMS knows. */
async function loseOne({ simulator, recorded, deleted }: Run): Promise<void> {
  await until(CALM_WITHIN_MS, () => simulator.lms.library.size > 0)
  const told = [...simulator.lms.library.values()].map(({ data }) => data.conferenceId)
  const gone = recorded.find(({ conferenceId }) => told.includes(conferenceId))
  if (!gone) return
  simulator.world.deleteItem(gone.item)
  deleted.push(gone)
}

function isWatched(people: Person[], { subscriptions }: Simulator): boolean {
  const resources = subscriptions.list().map(({ resource }) => resource)
  return people.every(({ driveId }) => resources.some((resource) => resource.includes(driveId)))
}

/** Whether the LMS has as many as it should; whether they are the right ones is seen afterwards. */
function isComplete({ simulator, recorded, deleted }: Run): boolean {
  const types = [...simulator.lms.library.values()].map(({ type }) => type)
  const made = recorded.filter(({ conferenceId }) => conferenceId !== null).length
  const count = (type: string) => types.filter((told) => told === type).length
  return count('recording.available') >= made && count('recording.deleted') >= deleted.length
}

/** Polls the feed and looks at the cursors, all the time. */
function keepLooking({ store, simulator, reader, ahead }: Run): { stop(): Promise<void> } {
  const ended = new AbortController()
  const look = async () => {
    while (!ended.signal.aborted) {
      for (const fault of await findCursorsAhead(store, simulator)) ahead.add(fault)
      await reader.read()
      await delay(LOOK_EVERY_MS)
    }
  }
  const looking = look()
  return {
    stop: async () => {
      ended.abort()
      await looking
    },
  }
}

/** Waits no longer than `withinMs`: what is missing then is found by looking, not by waiting. */
async function until(withinMs: number, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!isSo() && Date.now() < deadline) await delay(50)
}
