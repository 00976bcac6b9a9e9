import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'
import { type Relay, startRelay } from './relay.ts'

const Meeting = z.object({ joinUrl: z.string(), onlineMeetingId: z.string(), recordAutomatically: z.boolean() })
const Grant = z.object({ contentUrl: z.string(), watchUrl: z.string(), expiresAt: z.string() })
const Recordings = z.object({ items: z.array(z.object({ id: z.string(), status: z.string() }).loose()) })

const START = '2026-11-24T09:00:00.000Z'
const END = '2026-11-24T10:00:00.000Z'

const mongoUrl = inject('mongoUrl')
const stores = ['sqlite::memory:', ...(mongoUrl ? [`${mongoUrl}/flow-${process.pid}`] : [])]

describe.each(stores)('the whole way, on %s', (databaseUrl) => {
  let simulator: Simulator
  let relay: Relay

  beforeEach(async () => {
    simulator = await startSimulator()
    simulator.clock.set(new Date('2026-11-24T08:30:00Z'))
    relay = await startRelay(simulator, { databaseUrl: databaseUrl.replace(/(flow-\d+)$/, `$1-${Date.now()}`) })
  })

  afterEach(async () => {
    await relay.stop()
    await simulator.stop()
  })

  function register(id: string, changes: Record<string, unknown> = {}) {
    return relay.call('PUT', `/v1/conferences/${id}`, {
      title: 'Algebra I',
      startsAt: START,
      endsAt: END,
      organizer: { email: 'ada@example.edu' },
      courseId: 'math-101',
      metadata: { term: '2026' },
      ...changes,
    })
  }

  async function meetingOf(id: string) {
    const { joinUrl } = Meeting.parse(await (await relay.call('POST', `/v1/conferences/${id}/meeting`)).json())
    const meeting = simulator.world.findMeeting(joinUrl)
    if (!meeting) throw new Error('the simulator does not know the meeting')
    return meeting
  }

  it('brings a recording from Teams into the LMS, and its bytes to a viewer', async () => {
    simulator.world.addPerson({ displayName: 'Ada Lovelace', email: 'ada@example.edu' })
    expect((await register('algebra')).status).toBe(201)
    expect((await register('algebra')).status).toBe(200)
    const meeting = await meetingOf('algebra')
    await relay.settle()

    const times = { startedAt: new Date('2026-11-24T09:00:12Z'), endedAt: new Date('2026-11-24T09:50:12Z') }
    simulator.clock.set(new Date('2026-11-24T09:52:00Z'))
    const { item } = simulator.world.record(meeting, times)
    await simulator.settled()
    await relay.settle()

    const [received] = simulator.lms.received
    expect(received?.type).toBe('recording.available')
    expect(received?.data).toMatchObject({
      conferenceId: 'algebra',
      courseId: 'math-101',
      title: 'Algebra I',
      startedAt: '2026-11-24T09:00:12.000Z',
      part: 1,
      parts: 1,
      provider: 'teams',
      metadata: { term: '2026' },
    })
    expect(JSON.stringify(received?.data)).not.toMatch(/tempauth|grant=|Bearer/i)

    const { items } = Recordings.parse(await (await relay.call('GET', '/v1/conferences/algebra/recordings')).json())
    expect(items).toMatchObject([{ status: 'available', size: item.bytes.length }])
    const answer = await relay.call('POST', `/v1/recordings/${items[0]?.id}/grants`, { viewer: { id: 'student' } })
    const { contentUrl, watchUrl } = Grant.parse(await answer.json())
    const bytes = Buffer.from(await (await fetch(contentUrl)).arrayBuffer())
    expect(sha256(bytes)).toBe(sha256(item.bytes))
    expect(bytes.length).toBe(item.bytes.length)
    expect(await (await fetch(watchUrl)).text()).toContain('<video')
  })

  it('publishes once, however often it is told', async () => {
    simulator.world.addPerson({ displayName: 'Ada Lovelace', email: 'ada@example.edu' })
    await register('algebra')
    const meeting = await meetingOf('algebra')
    await relay.settle()
    simulator.clock.set(new Date('2026-11-24T10:05:00Z'))
    simulator.faults.doubleNotifications(1)
    simulator.world.record(meeting, { startedAt: new Date(START), endedAt: new Date(END) })
    simulator.world.hold(meeting, { startedAt: new Date(START), endedAt: new Date(END) })
    await simulator.settled()
    await relay.settle()
    await relay.call('POST', '/v1/conferences/algebra/sync')
    await relay.settle()
    const types = simulator.lms.received.map(({ type }) => type)
    expect(types.filter((type) => type === 'recording.available')).toHaveLength(1)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
