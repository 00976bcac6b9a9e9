// What peers lost, each under the name of the defect, and shown not to happen here. Links lead to the accounts of it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '../src/simulator/drive.ts'
import type { Meeting } from '../src/simulator/people.ts'
import { LECTURE, type Scene, startScene } from './scene.ts'

const DAY_MS = 24 * 60 * 60_000
const MINUTE_MS = 60_000

let scene: Scene
let meeting: Meeting

beforeEach(async () => {
  scene = await startScene({ simulator: { pageSize: 5 } })
  meeting = await scene.prepare('algebra')
})

afterEach(() => scene.stop())

async function drive() {
  const [found] = await scene.relay.service.store.subscriptions.find({
    where: { kind: 'drive' },
    orderBy: 'createdAt',
    limit: 1,
  })
  if (!found?.drive) throw new Error('no drive is watched')
  return found.drive
}

async function later(ms = 20 * MINUTE_MS): Promise<void> {
  scene.simulator.clock.advance(ms)
  await scene.rest()
}

/** So many lectures of Ada's, a day apart, each with its own conference. */
async function publishMany(count: number): Promise<Item[]> {
  const items: Item[] = []
  for (let day = 0; day < count; day++) {
    const startsAt = new Date(LECTURE.startedAt.getTime() - day * DAY_MS)
    const endsAt = new Date(startsAt.getTime() + 50 * MINUTE_MS)
    const { world } = scene.simulator
    const held = world.scheduleMeeting({ organizer: scene.ada, subject: `Lecture ${day}`, startsAt, endsAt })
    await scene.register(`lecture-${day}`, { title: `Lecture ${day}`, startsAt, endsAt, joinUrl: held.joinUrl })
    items.push(world.record(held, { startedAt: startsAt, endedAt: endsAt }).item)
  }
  await scene.rest()
  return items
}

async function statuses(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const recordings = await scene.relay.service.store.recordings.find({ orderBy: 'createdAt', limit: 5_000 })
  for (const { status } of recordings) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

// The Teams drop folder of Kaltura's server, as its source stood in April 2026.
describe('Kaltura', () => {
  it('1: a file that cannot be loaded is skipped and the cursor moves on', async () => {
    const { cursor } = await drive()
    scene.simulator.world.record(meeting, LECTURE)
    scene.simulator.faults.failNext({ path: /root\/delta/, status: 429, retryAfter: '60' })
    await scene.rest()
    expect((await drive()).cursor).toBe(cursor)
    await later()
    expect(scene.told()).toEqual(['recording.available'])
  })

  it('2: an exception while a file is handled is swallowed and the cursor moves on', async () => {
    const { recordings } = scene.relay.service.store
    const insert = recordings.insert.bind(recordings)
    let failures = 3
    recordings.insert = (document) =>
      failures-- > 0 ? Promise.reject(new Error('the disk is full')) : insert(document)
    const { cursor } = await drive()
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect((await drive()).cursor).toBe(cursor)
    for (let tries = 0; tries < 4; tries++) await later()
    expect(scene.told()).toEqual(['recording.available'])
  })

  it('3: an expired delta token is tried again for ever', async () => {
    scene.simulator.expireDeltaTokens()
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect(scene.told()).toEqual(['recording.available'])
  })

  it('4: those whose drives fail starve the others', async () => {
    const { world, faults } = scene.simulator
    for (let person = 0; person < 6; person++) {
      const { driveId, email } = world.addPerson({ displayName: `P${person}`, email: `p${person}@example.edu` })
      await scene.register(`broken-${person}`, { organizer: { email } })
      faults.failNext({ path: new RegExp(`${driveId.replace('!', '.')}/root/delta`), status: 500, times: 1_000 })
    }
    world.record(meeting, LECTURE)
    await scene.rest()
    expect(scene.told()).toEqual(['recording.available'])
  }, 20_000)

  it('5: a download address is kept and is stale when it is used', async () => {
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    const [recording] = await scene.recordings()
    const stored = await scene.relay.service.store.recordings.get(recording?.id ?? '')
    expect(JSON.stringify(stored)).not.toMatch(/tempauth|download\.aspx/)
    const { contentUrl } = await scene.grant(recording?.id ?? '')
    scene.simulator.clock.advance(60 * MINUTE_MS)
    expect((await fetch(contentUrl)).status).toBe(200)
  })

  it.each([429, 503, 504, 500])('6: an answer of %i is not handled', async (status) => {
    scene.simulator.faults.failNext({
      path: /drives/,
      status,
      times: 3,
      ...(status === 429 ? { retryAfter: '1' } : {}),
    })
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    for (let tries = 0; tries < 3; tries++) await later()
    expect(scene.told()).toEqual(['recording.available'])
  })

  it('7: the bearer token is written to the log', async () => {
    scene.simulator.faults.failNext({ path: /drives/, status: 403, times: 4 })
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    const log = scene.relay.logged.join('\n')
    expect(log.length).toBeGreaterThan(100)
    expect(log).not.toMatch(/eyJ[\w-]{20}/)
  })

  it('8: what was there before the first look is never seen', async () => {
    const { world } = scene.simulator
    const grace = world.addPerson({ displayName: 'Grace', email: 'grace@example.edu' })
    const times = { startsAt: LECTURE.startedAt, endsAt: LECTURE.endedAt }
    world.record(world.scheduleMeeting({ organizer: grace, subject: 'Compilers', ...times }), LECTURE)
    await scene.register('compilers', { title: 'Compilers', organizer: { email: grace.email } })
    await scene.rest()
    expect(scene.told()).toEqual(['recording.available'])
  })
})

describe('mod_zoom', () => {
  // https://github.com/jrchamp/moodle-mod_zoom/issues/684
  it('#684: thousands of recordings are deleted in one night because the provider answers nonsense', async () => {
    await publishMany(40)
    const { faults } = scene.simulator
    const nonsense = [
      { status: 404 },
      { status: 500 },
      { status: 200, body: '' },
      { status: 200, body: '{}' },
      { status: 200, body: '{"value":[]}' },
      { status: 200, body: '{"value":[{"id":"01A"}]}' },
    ]
    for (const answer of nonsense) {
      faults.failNext({ path: /root\/delta/, times: 4, ...answer })
      for (let tries = 0; tries < 5; tries++) await later()
    }
    expect(await statuses()).toEqual({ available: 40 })
    expect(scene.told().filter((type) => type !== 'recording.available')).toEqual([])
  }, 60_000)

  it('#684: tombstones for everything ask a person before anything is withdrawn', async () => {
    const items = await publishMany(40)
    for (const item of items) scene.simulator.world.deleteItem(item)
    await scene.rest()
    expect(await statuses()).toEqual({ available: 40 })
    expect(await (await scene.relay.call('GET', '/v1/health')).json()).toMatchObject({
      status: 'degraded',
      deletionsHeld: 40,
    })
    const [recording] = await scene.recordings()
    expect(recording).toMatchObject({ deletion: { state: 'held' } })
    const confirmed = await scene.relay.call('POST', `/v1/recordings/${recording?.id}/confirm-deletion`)
    expect(await confirmed.json()).toMatchObject({ status: 'deleted', deletion: { state: 'deleted' } })
  }, 60_000)

  // https://github.com/jrchamp/moodle-mod_zoom/issues/539
  it('#539: a full enumeration that leaves recordings out deletes them', async () => {
    const { simulator } = scene
    const [kept, gone] = await publishMany(3)
    if (!kept || !gone) throw new Error('there are recordings')
    const before = simulator.world.driveOf(scene.ada)
    // Neither is listed any more; only one of them is really gone.
    before.hide(kept)
    before.hide(gone)
    simulator.expireDeltaTokens()
    simulator.world.upload(scene.ada, { name: 'x.txt', bytes: new Uint8Array(1) })
    await scene.rest()
    before.unhide(kept)
    expect(await statuses()).toEqual({ available: 3 })
    await later(23 * 60 * MINUTE_MS)
    expect(await statuses()).toEqual({ available: 3 })
    await later(2 * 60 * MINUTE_MS)
    await later()
    expect(await statuses()).toEqual({ available: 2, deleted: 1 })
  }, 20_000)

  it('#539: three recordings that are truly deleted stay as if they were there', async () => {
    const items = await publishMany(10)
    for (const item of items.slice(0, 3)) scene.simulator.world.deleteItem(item)
    await scene.rest()
    expect(await statuses()).toEqual({ available: 7, deleted: 3 })
  }, 20_000)

  it('#539: a recording that was restored upstream stays away', async () => {
    const { item } = scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    scene.simulator.world.deleteItem(item)
    await scene.rest()
    const [recording] = await scene.recordings()
    expect(recording).toMatchObject({ status: 'deleted' })
    expect((await scene.relay.call('POST', `/v1/recordings/${recording?.id}/restore`)).status).toBe(409)
    scene.simulator.clock.advance(MINUTE_MS)
    scene.simulator.world.restore(item)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', deletion: null }])
    expect((await scene.events()).map(({ type }) => type)).toEqual([
      'recording.available',
      'recording.deleted',
      'recording.available',
    ])
  })

  // https://github.com/jrchamp/moodle-mod_zoom/issues/625
  it('#625: what happened in an outage of days is outside the window and never found', async () => {
    const { simulator } = scene
    simulator.faults.failNext({ path: /./, status: 503, times: 100_000 })
    simulator.faults.dropNotifications(100)
    simulator.world.record(meeting, LECTURE)
    const told = () => scene.told().filter((type) => type.startsWith('recording.'))
    for (let day = 0; day < 4; day++) await later(DAY_MS)
    expect(told()).toEqual([])
    simulator.faults.clear()
    for (let tries = 0; tries < 4; tries++) await later(30 * MINUTE_MS)
    expect(told()).toEqual(['recording.available'])
  }, 60_000)
})

// https://github.com/bigbluebutton/greenlight/issues/5501
it('Greenlight #5501: the one call that tells the LMS fails and the recording never shows', async () => {
  scene.simulator.lms.failNext(5, 500)
  scene.simulator.world.record(meeting, LECTURE)
  await scene.rest()
  for (let tries = 0; tries < 6; tries++) await later(6 * 60 * MINUTE_MS)
  expect(scene.told()).toEqual(['recording.available'])
})

// https://github.com/WWBN/AVideo/issues/5500
it('AVideo #5500: six notifications about one recording make six downloads and six recordings', async () => {
  const { simulator } = scene
  simulator.world.record(meeting, LECTURE)
  await simulator.settled()
  for (let copies = 0; copies < 6; copies++) {
    for (const sent of simulator.notifications.sent.slice(0, 2)) simulator.notifications.resend(sent)
    await scene.rest()
  }
  expect(await scene.recordings()).toHaveLength(1)
  expect(scene.told()).toEqual(['recording.available'])
  expect(simulator.lms.received).toHaveLength(1)
})
