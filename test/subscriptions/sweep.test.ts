import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nextSweep } from '../../src/subscriptions/sweep.ts'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const MINUTE_MS = 60_000
const INTERVAL_MS = 15 * MINUTE_MS

describe('the sweep of a fleet', () => {
  it('is spread over the interval, whenever the fleet was away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_700_000_000_000, max: 2_000_000_000_000 }), (now) => {
        const minutes = new Map<number, number>()
        for (let drive = 0; drive < 1_000; drive++) {
          const waitMs = nextSweep(`drive_${drive}`, now, INTERVAL_MS) - now
          expect(waitMs).toBeGreaterThanOrEqual(INTERVAL_MS / 4)
          expect(waitMs).toBeLessThanOrEqual(INTERVAL_MS * 1.25)
          const minute = Math.floor(waitMs / MINUTE_MS)
          minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
        }
        expect(Math.max(...minutes.values())).toBeLessThan(120)
      }),
      { numRuns: 50 },
    )
  })
})

describe('the sweep', () => {
  let scene: Scene

  beforeEach(async () => {
    scene = await startScene({ environment: { WATCH: 'drives', SWEEP_INTERVAL: '4h' } })
  })

  afterEach(() => scene.stop())

  function visits(): number {
    return scene.simulator.requests.filter(({ path }) => path.includes('root/delta')).length
  }

  it('looks sooner at the drives of those whose conference has just ended, until the recording is there', async () => {
    const { simulator, ada } = scene
    const meeting = await scene.prepare('algebra')
    simulator.notifications.mute.add(`/drives/${ada.driveId}/root`)
    simulator.clock.set(new Date('2026-11-24T10:05:00Z'))
    await scene.rest()
    simulator.world.record(meeting, LECTURE)
    simulator.clock.advance(50 * MINUTE_MS)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available' }])
    const before = visits()
    simulator.clock.advance(50 * MINUTE_MS)
    await scene.rest()
    expect(visits() - before).toBeLessThanOrEqual(1)
  })

  it('waits while Graph asks for fewer requests, and loses nothing by that', async () => {
    const { simulator } = scene
    await scene.prepare('algebra')
    simulator.faults.failNext({ path: /root\/delta/, status: 429, retryAfter: '600' })
    simulator.clock.advance(5 * 60 * MINUTE_MS)
    await scene.rest()
    const before = visits()
    simulator.clock.advance(5 * MINUTE_MS)
    await scene.rest()
    expect(visits()).toBe(before)
    simulator.clock.advance(6 * MINUTE_MS)
    await scene.rest()
    expect(visits()).toBeGreaterThan(before)
    expect(await scene.relay.service.store.inbox.stats()).toMatchObject({ dead: 0 })
  })
})
