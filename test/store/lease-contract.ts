import { expect, it } from 'vitest'
import type { InboxEntry } from '../../src/domain/notification.ts'
import type { Claim } from '../../src/store/store.ts'
import { body, claimOne, entry, type MakePlace, START, useFixture } from './fixture.ts'

export function describeLease(makePlace: MakePlace): void {
  const { fixture, store } = useFixture(makePlace)

  async function expectLost(claim: Claim<InboxEntry>): Promise<void> {
    const { inbox } = store()
    const before = await inbox.get(claim.id)
    expect(await inbox.finish(claim, body('lost'))).toBe(false)
    expect(await inbox.retry(claim, { error: 'lost', availableAt: START, body: body('lost') })).toBe(false)
    expect(await inbox.bury(claim, { error: 'lost', body: body('lost') })).toBe(false)
    expect(await inbox.extend(claim, 60_000)).toBe(false)
    expect(await inbox.get(claim.id)).toEqual(before)
  }

  it('counts the attempt at the claim and says who holds the entry', async () => {
    await store().inbox.add([entry('e1')])
    const claim = await claimOne(store(), { by: 'worker 7', leaseMs: 5_000 })
    const held = { attempts: 1, leasedBy: 'worker 7', availableAt: START + 5_000, state: 'active', body: body('e1') }
    expect(claim).toMatchObject(held)
    expect(await store().inbox.get('e1')).toMatchObject(held)
  })

  it('gives a leased entry to nobody else until the lease expires', async () => {
    await store().inbox.add([entry('e1')])
    await claimOne(store(), { leaseMs: 5_000 })
    fixture().now += 4_999
    expect(await store().inbox.claim({ by: 'other', limit: 1, leaseMs: 5_000 })).toEqual([])
    fixture().now += 1
    expect(await claimOne(store(), { by: 'other' })).toMatchObject({ attempts: 2, leasedBy: 'other' })
  })

  it('lets a worker whose entry was taken over change nothing', async () => {
    await store().inbox.add([entry('e1')])
    const slow = await claimOne(store(), { leaseMs: 1_000 })
    fixture().now += 1_000
    const next = await claimOne(store(), { by: 'other' })
    expect(next.leaseToken).toBeGreaterThan(slow.leaseToken)
    await expectLost(slow)
    expect(await store().inbox.finish(next)).toBe(true)
    await expectLost(slow)
  })

  it('lets a worker of the same name tell its old claim from its new one', async () => {
    await store().inbox.add([entry('e1')])
    const old = await claimOne(store(), { by: 'worker', leaseMs: 1_000 })
    fixture().now += 1_000
    await claimOne(store(), { by: 'worker' })
    await expectLost(old)
  })

  it('settles a claim once', async () => {
    const endings = {
      finish: (claim: Claim<InboxEntry>) => store().inbox.finish(claim),
      retry: (claim: Claim<InboxEntry>) => store().inbox.retry(claim, { error: 'busy', availableAt: START }),
      bury: (claim: Claim<InboxEntry>) => store().inbox.bury(claim, { error: 'broken' }),
    }
    for (const end of Object.values(endings)) {
      await store().inbox.knock([entry('e1')])
      const claim = await claimOne(store())
      expect(await end(claim)).toBe(true)
      await expectLost(claim)
      await store().inbox.knock([entry('e1')])
      await expectLost(claim)
      await store().inbox.revive('e1')
      await expectLost(claim)
      await claimOne(store())
      await expectLost(claim)
      fixture().now += 60_000
      await store().inbox.finish(await claimOne(store()))
    }
  })

  it('lets a lease that expired untaken still be finished', async () => {
    await store().inbox.add([entry('e1')])
    const claim = await claimOne(store(), { leaseMs: 1_000 })
    fixture().now += 5_000
    expect(await store().inbox.finish(claim)).toBe(true)
  })

  it('takes the entry from whoever held it, when it is revived after the lease expired', async () => {
    await store().inbox.add([entry('e1')])
    const claim = await claimOne(store(), { leaseMs: 1_000 })
    fixture().now += 1_000
    await store().inbox.revive('e1')
    await expectLost(claim)
  })

  it('extends a lease from now on, also one that expired untaken', async () => {
    await store().inbox.add([entry('e1')])
    const claim = await claimOne(store(), { leaseMs: 1_000 })
    fixture().now += 400
    expect(await store().inbox.extend(claim, 2_000)).toBe(true)
    expect((await store().inbox.get('e1'))?.availableAt).toBe(START + 2_400)
    fixture().now += 9_000
    expect(await store().inbox.extend(claim, 2_000)).toBe(true)
    expect(await store().inbox.claim({ by: 'other', limit: 1, leaseMs: 1_000 })).toEqual([])
  })

  it('retries at the time that was set, with the error and the body that were left', async () => {
    await store().inbox.add([entry('e1')])
    const failure = { error: 'busy', availableAt: START + 3_000, body: body('left') }
    await store().inbox.retry(await claimOne(store()), failure)
    const waiting = { state: 'active', leasedBy: null, lastError: 'busy', attempts: 1, availableAt: START + 3_000 }
    expect(await store().inbox.get('e1')).toMatchObject({ ...waiting, body: body('left') })
    expect(await store().inbox.claim({ by: 'other', limit: 1, leaseMs: 1_000 })).toEqual([])
    fixture().now += 3_000
    expect(await claimOne(store())).toMatchObject({ attempts: 2, body: body('left') })
  })

  it('buries with the error, out of the reach of workers', async () => {
    await store().inbox.add([entry('e1')])
    await store().inbox.bury(await claimOne(store()), { error: 'broken', body: body('left') })
    const dead = { state: 'dead', lastError: 'broken', leasedBy: null, attempts: 1, body: body('left') }
    expect(await store().inbox.get('e1')).toMatchObject(dead)
    fixture().now += 999_999
    expect(await store().inbox.claim({ by: 'other', limit: 1, leaseMs: 1_000 })).toEqual([])
  })

  it('forgets the error when the entry is finished in the end', async () => {
    await store().inbox.add([entry('e1')])
    await store().inbox.retry(await claimOne(store()), { error: 'busy', availableAt: START })
    await store().inbox.finish(await claimOne(store()), body('left'))
    expect(await store().inbox.get('e1')).toMatchObject({
      state: 'done',
      lastError: null,
      attempts: 2,
      body: body('left'),
    })
  })
}
