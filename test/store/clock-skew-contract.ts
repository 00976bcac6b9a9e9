import { expect, it } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { claimOne, entry, type MakePlace, START, times, useFixture } from './fixture.ts'

const SKEW_MS = 5 * 60_000
const LEASE_MS = 60_000

export function describeClockSkew(makePlace: MakePlace): void {
  const { fixture, store } = useFixture(makePlace)

  it('lets a replica that is ahead take an entry too early, and one of both settle it', async () => {
    const ahead = await fixture().open({ skewMs: SKEW_MS })
    await store().inbox.add([entry('e1')])
    const robbed = await claimOne(store(), { by: 'on time', leaseMs: LEASE_MS })
    const taken = await claimOne(ahead, { by: 'ahead', leaseMs: LEASE_MS })
    expect(await store().inbox.finish(robbed)).toBe(false)
    expect(await store().inbox.extend(robbed, LEASE_MS)).toBe(false)
    expect(await store().inbox.bury(robbed, { error: 'lost' })).toBe(false)
    expect(await ahead.inbox.finish(taken)).toBe(true)
    expect(await store().inbox.get('e1')).toMatchObject({ state: 'done', attempts: 2 })
  })

  it('lets a replica that is behind hold what it took, until the lease is over by the clock of another', async () => {
    const behind = await fixture().open({ skewMs: -SKEW_MS })
    await behind.inbox.add([entry('e1', { availableAt: START - SKEW_MS })])
    const slow = await claimOne(behind, { by: 'behind', leaseMs: LEASE_MS })
    const next = await claimOne(store(), { by: 'on time', leaseMs: LEASE_MS })
    expect(await behind.inbox.finish(slow)).toBe(false)
    expect(await store().inbox.finish(next)).toBe(true)
    expect(await behind.inbox.claim({ by: 'behind', limit: 1, leaseMs: LEASE_MS })).toEqual([])
  })

  it('keeps no entry from whoever is due to take it, when the knock came from a replica that is ahead', async () => {
    const ahead = await fixture().open({ skewMs: SKEW_MS })
    await ahead.inbox.knock([entry('e1')])
    await store().inbox.knock([entry('e1')])
    expect(await claimOne(store(), { by: 'on time' })).toMatchObject({ id: 'e1', attempts: 1 })
  })

  it('settles each of 60 entries once, with three workers whose clocks are minutes apart', async () => {
    const replicas = [store(), await fixture().open({ skewMs: SKEW_MS }), await fixture().open({ skewMs: -SKEW_MS })]
    await store().inbox.add(times(60, (n) => entry(`e${n}`)))
    const settled: string[] = []
    const work = async ({ inbox }: Store, by: string) => {
      for (let idle = 0; idle < 3; ) {
        const claims = await inbox.claim({ by, limit: 4, leaseMs: LEASE_MS })
        const done = await Promise.all(claims.map((claim) => inbox.finish(claim)))
        settled.push(...claims.filter((_claim, index) => done[index]).map(({ id }) => id))
        idle = claims.length > 0 ? 0 : idle + 1
      }
    }
    await Promise.all(replicas.map((replica, index) => work(replica, `worker ${index}`)))
    fixture().now += 2 * SKEW_MS
    await Promise.all(replicas.map((replica, index) => work(replica, `worker ${index}`)))
    expect(settled.sort()).toEqual(times(60, (n) => `e${n}`).sort())
    const [active] = await store().inbox.list({ state: 'active', limit: 1 })
    expect(active).toBeUndefined()
  })
}
