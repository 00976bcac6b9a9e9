import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { LECTURE, type Scene, startScene } from './scene.ts'

const mongoUrl = inject('mongoUrl')
const stores = [
  { name: 'SQLite', databaseUrl: () => 'sqlite::memory:' },
  ...(mongoUrl ? [{ name: 'MongoDB', databaseUrl: () => `${mongoUrl}/flow-${crypto.randomUUID()}` }] : []),
]

describe.each(stores)('the whole way on $name', ({ databaseUrl }) => {
  let scene: Scene

  beforeEach(async () => {
    scene = await startScene({ databaseUrl: databaseUrl() })
  })

  afterEach(() => scene.stop())

  it('brings a recording from Teams into the LMS, and its bytes to a viewer', async () => {
    const { simulator, relay } = scene
    const meeting = await scene.prepare('algebra', { metadata: { term: '2026' } })
    expect(meeting.recordAutomatically).toBe(true)
    simulator.clock.set(new Date('2026-11-24T09:52:00Z'))
    const { item } = simulator.world.record(meeting, LECTURE)
    await simulator.settled()
    await relay.settle()

    const [event] = simulator.lms.received
    expect(event).toMatchObject({
      type: 'recording.available',
      data: {
        conferenceId: 'algebra',
        courseId: 'math-101',
        title: 'Algebra I',
        startedAt: '2026-11-24T09:00:12.000Z',
        part: 1,
        parts: 1,
        size: item.bytes.length,
        storage: { kind: 'onedrive', driveId: item.driveId, itemId: item.id, path: `/Recordings/${item.name}` },
        createdBy: { name: 'Ada Lovelace', email: 'ada@example.edu' },
        metadata: { term: '2026' },
      },
    })
    expect(event?.body).not.toMatch(/tempauth|grant=|Bearer/i)

    const [recording] = await scene.recordings()
    const { contentUrl, watchUrl } = await scene.grant(recording?.id ?? '')
    const bytes = new Uint8Array(await (await fetch(contentUrl)).arrayBuffer())
    expect(sha256(bytes)).toBe(sha256(item.bytes))
    expect(await (await fetch(watchUrl)).text()).toContain('<video')
  })

  it('publishes once, however often and in whatever order it is told', async () => {
    const { simulator, relay } = scene
    const meeting = await scene.prepare('algebra')
    simulator.clock.set(new Date('2026-11-24T10:05:00Z'))
    simulator.faults.doubleNotifications(2)
    simulator.world.record(meeting, LECTURE)
    await simulator.settled()
    await relay.settle()
    simulator.world.hold(meeting, LECTURE)
    await simulator.settled()
    await relay.settle()
    for (const sent of [...simulator.notifications.sent]) simulator.notifications.resend(sent)
    await simulator.settled()
    await relay.settle()
    await relay.call('POST', '/v1/conferences/algebra/sync')
    await relay.settle()
    expect(scene.told().filter((type) => type === 'recording.available')).toHaveLength(1)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
