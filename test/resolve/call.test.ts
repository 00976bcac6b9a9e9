import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const HOUR_MS = 60 * 60_000

let scene: Scene

beforeEach(async () => {
  scene = await startScene()
})

afterEach(() => scene.stop())

async function calls() {
  return scene.relay.service.store.calls.find({ orderBy: 'endedAt', limit: 10 })
}

function at(time: string): Date {
  return new Date(`2026-11-24T${time}:00Z`)
}

describe('a callRecord', () => {
  it('gives every page of its sessions and of those who took part', async () => {
    const meeting = await scene.prepare('algebra')
    const sessions = Array.from({ length: 130 }, (_, index) => ({
      startedAt: new Date(+LECTURE.startedAt + index * 1_000),
      endedAt: new Date(+LECTURE.endedAt - index * 1_000),
    }))
    scene.simulator.clock.set(at('10:00'))
    scene.simulator.world.hold(meeting, { ...LECTURE, sessions, participants: 300 })
    await scene.rest()
    expect(await calls()).toMatchObject([
      {
        participants: 300,
        spans: [{ startedAt: LECTURE.startedAt.toISOString(), endedAt: LECTURE.endedAt.toISOString() }],
      },
    ])
  })

  it('that is too young to be read is read when it is there', async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.clock.set(at('10:00'))
    scene.simulator.world.hold(meeting, { ...LECTURE, youngForMs: 4 * 60_000 })
    await scene.rest()
    expect(await calls()).toEqual([])
    scene.simulator.clock.advance(5 * 60_000)
    await scene.rest()
    expect(await calls()).toHaveLength(1)
  })

  it('is kept in its highest version, in whatever order they come', async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.clock.set(at('10:00'))
    const record = scene.simulator.world.hold(meeting, LECTURE)
    await scene.rest()
    scene.simulator.world.updateCall(record, { endedAt: at('10:20'), participants: 7 })
    await scene.rest()
    expect(await calls()).toMatchObject([{ version: 2, endedAt: at('10:20').toISOString(), participants: 7 }])
    record.version = 1
    record.endedAt = LECTURE.endedAt
    scene.simulator.world.updateCall({ ...record, version: 0 }, {})
    await scene.rest()
    expect(await calls()).toMatchObject([{ version: 2, participants: 7 }])
  })

  it('that no notification announced is found by the sweep, and makes the subscription deaf when it stays silent', async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.clock.set(at('10:00'))
    scene.simulator.world.hold(meeting, { ...LECTURE, notify: false })
    scene.simulator.clock.advance(20 * 60_000)
    await scene.rest()
    expect(await calls()).toHaveLength(1)
    const record = scene.simulator.world.hold(meeting, { startedAt: at('10:30'), endedAt: at('11:00'), notify: false })
    scene.simulator.clock.advance(HOUR_MS)
    record.availableAt = new Date(scene.simulator.clock.now() + 4 * HOUR_MS)
    scene.simulator.clock.advance(5 * HOUR_MS)
    await scene.rest()
    const health = (await (await scene.relay.call('GET', '/v1/health')).json()) as { subscriptions: object[] }
    expect(health.subscriptions).toContainEqual(expect.objectContaining({ kind: 'callRecords', state: 'deaf' }))
  })

  it('of a meeting that stood open all day says nothing of what was recorded while nobody was there', async () => {
    const { simulator, ada } = scene
    const meeting = await scene.prepare('algebra')
    simulator.clock.set(at('15:00'))
    const sessions = [
      { startedAt: at('06:00'), endedAt: at('06:30') },
      { startedAt: at('14:00'), endedAt: at('15:00') },
    ]
    simulator.world.hold(meeting, { startedAt: at('06:00'), endedAt: at('15:00'), sessions })
    await scene.rest()
    expect((await calls())[0]?.spans).toHaveLength(2)
    const times = { startsAt: at('09:05'), endsAt: at('09:30') }
    const privately = simulator.world.scheduleMeeting({ organizer: ada, subject: 'Salary talk', ...times })
    simulator.world.record(privately, { startedAt: times.startsAt, endedAt: times.endsAt })
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'review' }])
    expect(scene.told()).not.toContain('recording.available')
  })
})
