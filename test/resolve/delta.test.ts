import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const HOUR_MS = 60 * 60_000

let scene: Scene

beforeEach(async () => {
  scene = await startScene({ environment: { WATCH: 'drives' } })
})

afterEach(() => scene.stop())

/** A week without the service, in which Ada lectured; Graph has given up announcing it. */
async function missed() {
  const meeting = await scene.prepare('algebra')
  scene.simulator.world.upload(scene.ada, { name: 'a.txt', bytes: new Uint8Array(4) })
  await scene.rest()
  scene.simulator.faults.dropNotifications(10)
  scene.simulator.clock.set(new Date('2026-11-24T10:30:00Z'))
  scene.simulator.world.record(meeting, LECTURE)
  await scene.simulator.settled()
  scene.simulator.clock.advance(7 * 24 * HOUR_MS)
}

async function restForHours(hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    await scene.rest()
    scene.simulator.clock.advance(HOUR_MS)
  }
  await scene.rest()
}

describe('after an outage, the sweep catches up', () => {
  it('from its cursor', async () => {
    await missed()
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available' }])
  })

  it('from the place that Graph names when the cursor has expired', async () => {
    await missed()
    scene.simulator.expireDeltaTokens()
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available' }])
  })

  it('from the beginning where that place cannot be read', async () => {
    await missed()
    scene.simulator.expireDeltaTokens()
    scene.simulator.faults.failLocation = 500
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available' }])
  })

  it('from a point in time where the enumeration breaks off', async () => {
    await missed()
    scene.simulator.expireDeltaTokens()
    scene.simulator.faults.failLocation = 500
    scene.simulator.faults.failEnumeration = 404
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available' }])
    scene.simulator.faults.clear()
    scene.simulator.world.upload(scene.ada, { name: 'later.txt', bytes: new Uint8Array(4) })
    await scene.rest()
    expect(await scene.relay.service.store.inbox.stats()).toMatchObject({ dead: 0 })
  })

  it('by another way when its cursor has failed for more than an hour', async () => {
    await missed()
    scene.simulator.faults.failCursor = 500
    await restForHours(4)
    expect(await scene.recordings()).toMatchObject([{ status: 'available' }])
  }, 30_000)
})
