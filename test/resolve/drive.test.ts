import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LECTURE, type Scene, startScene } from '../scene.ts'

let scene: Scene

beforeEach(async () => {
  scene = await startScene({ simulator: { pageSize: 3 } })
})

afterEach(() => scene.stop())

const VIDEO = new Uint8Array(2_000)

async function driveSubscription() {
  const [found] = await scene.relay.service.store.subscriptions.find({
    where: { kind: 'drive' },
    orderBy: 'createdAt',
    limit: 1,
  })
  if (!found?.drive) throw new Error('no drive is watched')
  return { ...found, drive: found.drive }
}

/** Lets time pass until what failed is tried again, a few times over. */
async function waitOut(): Promise<void> {
  for (let tries = 0; tries < 4; tries++) {
    scene.simulator.clock.advance(20 * 60_000)
    await scene.relay.settle()
  }
}

describe('a visit to a drive', () => {
  it('finds recordings that were there before the drive was watched', async () => {
    const { simulator, relay, ada } = scene
    const meeting = simulator.world.scheduleMeeting({
      organizer: ada,
      subject: 'Algebra I',
      startsAt: new Date('2026-11-24T09:00:00Z'),
      endsAt: new Date('2026-11-24T10:00:00Z'),
    })
    simulator.world.record(meeting, LECTURE)
    await scene.register('algebra')
    await relay.settle()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'algebra' }])
  })

  it.each(['Recordings', 'Aufnahmen', 'レコーディング', 'Vidéos de cours'])(
    'knows the folder %s',
    async (recordingsFolderName) => {
      const { simulator } = scene
      const grace = simulator.world.addPerson({
        displayName: 'Grace',
        email: 'grace@example.edu',
        recordingsFolderName,
      })
      const meeting = await scene.prepare('compilers', { title: 'Compilers', organizer: { email: grace.email } })
      simulator.world.record(meeting, LECTURE)
      await scene.rest()
      expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'compilers' }])
    },
  )

  it.each(['Recordings', 'Aufnahmen', 'レコーディング'])(
    'knows the folder %s by its name where Graph does not name it',
    async (name) => {
      const { simulator } = scene
      simulator.faults.failNext({ path: /special\/recordings/, status: 404, times: 1_000 })
      const grace = simulator.world.addPerson({
        displayName: 'Grace',
        email: 'grace@example.edu',
        recordingsFolderName: name,
      })
      const meeting = await scene.prepare('compilers', { title: 'Compilers', organizer: { email: grace.email } })
      simulator.world.record(meeting, LECTURE)
      await scene.rest()
      const [folder] = (await driveSubscription()).drive.recordingsFolders
      expect(folder).toEqual({ id: expect.any(String), name, isSpecial: false })
      expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'compilers' }])
    },
  )

  it('leaves files alone that are no recordings', async () => {
    const { simulator, ada } = scene
    await scene.prepare('algebra')
    simulator.world.upload(ada, { name: 'holiday.mp4', bytes: VIDEO, mimeType: 'video/mp4' })
    simulator.world.upload(ada, { name: 'notes.docx', bytes: VIDEO })
    await scene.rest()
    expect(await scene.recordings()).toEqual([])
  })

  it('reads every page', async () => {
    const { simulator, ada } = scene
    const meeting = await scene.prepare('algebra')
    for (let count = 0; count < 10; count++) simulator.world.upload(ada, { name: `${count}.txt`, bytes: VIDEO })
    simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect(await scene.recordings()).toHaveLength(1)
  })

  it('does not move the cursor when a page fails, and finds everything later', async () => {
    const { simulator, ada } = scene
    const meeting = await scene.prepare('algebra')
    const { cursor } = (await driveSubscription()).drive
    for (let count = 0; count < 5; count++) simulator.world.upload(ada, { name: `${count}.txt`, bytes: VIDEO })
    simulator.world.record(meeting, LECTURE)
    simulator.faults.failNext({ path: /root\/delta/, status: 503, retryAfter: '30', times: 3 })
    await scene.rest()
    expect((await driveSubscription()).drive.cursor).toBe(cursor)
    await waitOut()
    expect((await driveSubscription()).drive.cursor).not.toBe(cursor)
    expect(await scene.recordings()).toHaveLength(1)
  })

  it.each([
    ['a page without its end', '{"value":[]}'],
    ['nonsense', '<html>'],
    ['nothing', ''],
  ])('does not take %s for an answer', async (_what, body) => {
    const { simulator } = scene
    const meeting = await scene.prepare('algebra')
    const { cursor } = (await driveSubscription()).drive
    simulator.faults.failNext({ path: /root\/delta/, status: 200, body, times: 2 })
    simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect((await driveSubscription()).drive.cursor).toBe(cursor)
    await waitOut()
    expect(await scene.recordings()).toHaveLength(1)
  })

  it('reads the whole drive when its cursor has expired, and tells nothing twice', async () => {
    const { simulator } = scene
    const meeting = await scene.prepare('algebra')
    simulator.world.record(meeting, LECTURE)
    await scene.rest()
    simulator.expireDeltaTokens()
    simulator.world.record(meeting, {
      startedAt: new Date('2026-11-24T09:52:00Z'),
      endedAt: new Date('2026-11-24T09:58:00Z'),
    })
    await scene.rest()
    const recordings = await scene.recordings()
    expect(recordings.map(({ status }) => status)).toEqual(['available', 'available'])
    expect(scene.told().filter((type) => type === 'recording.available')).toHaveLength(2)
  })

  it('keeps a recording that is renamed or moved, and tells of its deletion', async () => {
    const { simulator, ada } = scene
    const meeting = await scene.prepare('algebra')
    const { item } = simulator.world.record(meeting, LECTURE)
    await scene.rest()
    simulator.clock.advance(1_000)
    simulator.world.rename(item, 'Week 1.mp4')
    simulator.world.move(item, simulator.world.driveOf(ada).root.id)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'algebra' }])
    simulator.world.deleteItem(item)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'deleted' }])
    expect(scene.told().at(-1)).toBe('recording.deleted')
  })

  it('knows the folder again after it was deleted and made anew', async () => {
    const { simulator, ada } = scene
    const meeting = await scene.prepare('algebra')
    simulator.world.record(meeting, LECTURE)
    await scene.rest()
    const old = simulator.world.driveOf(ada).find(({ special }) => special === 'recordings')
    if (!old) throw new Error('there is a folder')
    simulator.world.deleteItem(old)
    ada.recordingsFolderName = 'Vidéos de cours'
    simulator.world.record(meeting, { startedAt: new Date('2026-11-24T09:55:00Z'), endedAt: LECTURE.endedAt })
    await scene.rest()
    await scene.relay.call('POST', '/v1/conferences/algebra/sync')
    expect(await scene.recordings()).toHaveLength(2)
  })

  it('finds by the sweep what no notification announced', async () => {
    const { simulator, relay } = scene
    const meeting = await scene.prepare('algebra')
    simulator.faults.dropNotifications(10)
    simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect(await scene.recordings()).toEqual([])
    simulator.clock.advance(20 * 60_000)
    await relay.settle()
    expect(await scene.recordings()).toHaveLength(1)
  })
})
