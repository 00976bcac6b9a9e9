// What has to be true after a run, and what has to be true at every moment of it.

import { isDeepStrictEqual } from 'node:util'
import { sequenceOf } from '../../src/simulator/graph-drives.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { Store } from '../../src/store/store.ts'
import type { Recorded } from './lectures.ts'
import type { FeedEvent } from './lms.ts'

export interface Outcome {
  recorded: Recorded[]
  /** Those whose file was deleted after the LMS had been told of it. */
  deleted: Recorded[]
  feed: FeedEvent[]
  /** The feed as a consumer saw it that polled all the time. */
  polled: FeedEvent[]
  store: Store
  simulator: Simulator
}

const MOST = 1_000

/** Sentences that say what is lost, doubled or wrong; none where all is well. */
export async function findFaults(outcome: Outcome): Promise<string[]> {
  return [
    ...outcome.recorded.flatMap((recorded) => faultsOf(recorded, outcome)),
    ...faultsOfFeed(outcome),
    ...faultsOfLibrary(outcome),
    ...(await faultsOfStore(outcome)),
  ]
}

function faultsOf(recorded: Recorded, { feed, deleted }: Outcome): string[] {
  const { item, conferenceId } = recorded
  const told = feed.filter(({ data }) => itemOf(data) === item.id)
  if (!conferenceId) return told.length > 0 ? [`PRIVATE: ${item.name} was published`] : []
  const count = (type: string) => told.filter((event) => event.type === type).length
  const faults: string[] = []
  const available = count('recording.available')
  if (available === 0) faults.push(`LOST: ${item.name} of ${conferenceId} was never told`)
  if (available > 1) faults.push(`DOUBLE: ${item.name} was told ${available} times`)
  const again = told.find((event, index) => saysTheSame(event, told[index - 1]))
  if (again) faults.push(`DOUBLE: ${item.name} was told ${again.type} with nothing new`)
  const wrong = told.find(({ data }) => data.conferenceId !== conferenceId)
  if (wrong) faults.push(`WRONG: ${item.name} of ${conferenceId} was told for ${wrong.data.conferenceId}`)
  const deletions = deleted.includes(recorded) ? 1 : 0
  if (count('recording.deleted') !== deletions) {
    faults.push(`DELETED: ${item.name} was told deleted ${count('recording.deleted')} times instead of ${deletions}`)
  }
  return faults
}

function faultsOfFeed({ feed, polled }: Outcome): string[] {
  const faults: string[] = []
  const ids = new Set(feed.map(({ id }) => id))
  if (ids.size < feed.length) faults.push(`DOUBLE: the feed has ${feed.length} events with ${ids.size} ids`)
  const isGapless = feed.every(({ sequence }, index) => sequence === index + 1)
  if (!isGapless) faults.push(`GAP: the feed counts ${feed.map(({ sequence }) => sequence).join(' ')}`)
  const seen = polled.map(({ id }) => id).join()
  if (seen !== feed.map(({ id }) => id).join()) faults.push('SKIPPED: a consumer that polled saw another feed')
  const strange = feed.filter(
    ({ type }) => !/recording\.(available|updated|deleted)|subscription\.(unhealthy|recovered)/.test(type),
  )
  return [...faults, ...strange.map(({ type, data }) => `STRANGE: ${type} of ${data.recordingId}`)]
}

/** The LMS holds each event once, by its webhook-id, and nothing that the feed does not have. */
function faultsOfLibrary({ feed, simulator }: Outcome): string[] {
  const { library, refused } = simulator.lms
  const missing = feed.filter(({ id }) => !library.has(id))
  const ids = new Set(feed.map(({ id }) => id))
  const foreign = [...library.keys()].filter((id) => !ids.has(id))
  return [
    ...missing.map(({ id, type }) => `LOST: the LMS never got ${type} ${id}`),
    ...foreign.map((id) => `STRANGE: the LMS got ${id}, which the feed does not have`),
    ...(refused > 0 ? [`STRANGE: the LMS refused ${refused} deliveries`] : []),
  ]
}

async function faultsOfStore({ store, recorded }: Outcome): Promise<string[]> {
  const recordings = await store.recordings.find({ orderBy: 'createdAt', limit: MOST })
  const files = recordings.filter(({ file }) => file)
  const faults: string[] = []
  if (files.length !== recorded.length) {
    faults.push(`COUNT: ${recorded.length} recordings were made and ${files.length} found`)
  }
  for (const queue of [store.inbox, store.deliveries]) {
    for (const { id, lane, lastError } of await queue.list({ state: 'dead', limit: MOST })) {
      faults.push(`DEAD: ${lane} ${id}: ${lastError}`)
    }
  }
  return faults
}

/** A cursor must not lie ahead of what it covers: at no moment. */
export async function findCursorsAhead(store: Store, { world }: Simulator): Promise<string[]> {
  const subscriptions = await store.subscriptions.find({ where: { kind: 'drive' }, orderBy: 'createdAt', limit: MOST })
  const reach = new Map<string, number>()
  for (const { drive } of subscriptions) {
    if (drive?.cursor) reach.set(drive.driveId, sequenceOf(drive.cursor))
  }
  const recordings = await store.recordings.find({ orderBy: 'createdAt', limit: MOST })
  const known = new Set(recordings.map(({ file }) => file?.itemId))
  return [...world.drives.values()].flatMap((drive) =>
    drive
      .changesAfter(0)
      .filter(({ mimeType, sequence, id }) => {
        return mimeType === 'video/mp4' && sequence <= (reach.get(drive.id) ?? 0) && !known.has(id)
      })
      .map(({ name }) => `AHEAD: the cursor of ${drive.owner.email} covers ${name}, which is not stored`),
  )
}

function saysTheSame(event: FeedEvent, before: FeedEvent | undefined): boolean {
  return event.type === before?.type && isDeepStrictEqual(event.data, before.data)
}

function itemOf(data: Record<string, unknown>): unknown {
  const { storage } = data
  return storage && typeof storage === 'object' && 'itemId' in storage ? storage.itemId : undefined
}
