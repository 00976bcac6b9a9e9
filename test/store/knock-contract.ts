import { expect, it } from 'vitest'
import { body, claimOne, entry, type MakePlace, START, times, useFixture } from './fixture.ts'

export function describeKnocks(makePlace: MakePlace): void {
  const { fixture, store } = useFixture(makePlace)

  const knock = (name: string, availableAt?: number) =>
    store().inbox.knock([entry('e1', { body: body(name), ...(availableAt !== undefined && { availableAt }) })])

  it('adds an entry that is not known', async () => {
    await knock('first')
    expect(await store().inbox.get('e1')).toMatchObject({ state: 'active', knocks: 1, availableAt: START })
  })

  it('makes many knocks before a visit one visit, with the newest body', async () => {
    for (const name of ['first', 'second', 'third']) await knock(name)
    const claim = await claimOne(store())
    expect(claim).toMatchObject({ body: body('third'), knocks: 3 })
    expect(await store().inbox.finish(claim)).toBe(true)
    expect(await store().inbox.get('e1')).toMatchObject({ state: 'done', knocks: 3 })
  })

  it('brings a waiting entry forward, and never puts it off', async () => {
    await knock('first', START + 5_000)
    await knock('later', START + 9_000)
    expect(await store().inbox.get('e1')).toMatchObject({ availableAt: START + 5_000, body: body('later') })
    await knock('sooner', START + 2_000)
    expect(await store().inbox.get('e1')).toMatchObject({ availableAt: START + 2_000, body: body('sooner') })
  })

  it('makes any number of knocks during a visit exactly one more visit', async () => {
    await knock('first')
    const visit = await claimOne(store())
    for (const name of ['second', 'third']) await knock(name)
    expect(await store().inbox.get('e1')).toMatchObject({ leasedBy: 'worker', availableAt: visit.availableAt })
    fixture().now += 10
    expect(await store().inbox.finish(visit)).toBe(true)
    const due = { state: 'active', attempts: 0, leasedBy: null, availableAt: START + 10 }
    expect(await store().inbox.get('e1')).toMatchObject({ ...due, body: body('third') })
    const second = await claimOne(store())
    expect(await store().inbox.finish(second)).toBe(true)
    expect((await store().inbox.get('e1'))?.state).toBe('done')
  })

  it('lets the body that a knock brought win over the one that the visit leaves', async () => {
    await knock('first')
    const visit = await claimOne(store())
    await knock('second')
    await store().inbox.finish(visit, body('left by the visit'))
    const next = await claimOne(store())
    expect(next.body).toEqual(body('second'))
    await store().inbox.finish(next, body('left by the next visit'))
    expect((await store().inbox.get('e1'))?.body).toEqual(body('left by the next visit'))
  })

  it('never cuts a back-off short', async () => {
    await knock('first')
    const visit = await claimOne(store())
    await store().inbox.retry(visit, { error: 'busy', availableAt: START + 30_000 })
    await knock('second', START)
    const backingOff = { availableAt: START + 30_000, attempts: 1, lastError: 'busy' }
    expect(await store().inbox.get('e1')).toMatchObject({ ...backingOff, body: body('second') })
  })

  it('does not shorten a back-off that follows a visit during which somebody knocked', async () => {
    await knock('first')
    const visit = await claimOne(store())
    await knock('second')
    await store().inbox.retry(visit, { error: 'busy', availableAt: START + 30_000, body: body('left by the visit') })
    expect(await store().inbox.get('e1')).toMatchObject({ availableAt: START + 30_000, body: body('second') })
  })

  it('leaves an expired lease due, with its attempt counted', async () => {
    await knock('first')
    await claimOne(store(), { leaseMs: 1_000 })
    fixture().now += 5_000
    await knock('second')
    expect(await store().inbox.get('e1')).toMatchObject({ availableAt: START + 1_000, attempts: 1 })
  })

  it('wakes a done entry and a dead one', async () => {
    for (const end of ['finish', 'bury'] as const) {
      await knock('first')
      await store().inbox[end](await claimOne(store()), { ...body('end'), error: 'broken' })
      await knock('second', START + 50)
      const woken = { state: 'active', attempts: 0, leasedBy: null, lastError: null, availableAt: START + 50 }
      expect(await store().inbox.get('e1')).toMatchObject({ ...woken, body: body('second') })
      fixture().now += 50
      await store().inbox.finish(await claimOne(store()))
    }
  })

  it('is heard where it comes during the visit that buries the entry', async () => {
    await knock('first')
    const visit = await claimOne(store())
    await knock('second')
    expect(await store().inbox.bury(visit, { error: 'broken' })).toBe(true)
    const due = { state: 'active', attempts: 0, lastError: null, availableAt: START }
    expect(await store().inbox.get('e1')).toMatchObject({ ...due, body: body('second') })
  })

  it('takes several knocks of one id in one call one after the other', async () => {
    const names = ['first', 'second', 'third']
    await store().inbox.knock([...names.map((name) => entry('e1', { body: body(name) })), entry('e2')])
    expect(await store().inbox.get('e1')).toMatchObject({ knocks: 3, body: body('third') })
    expect(await store().inbox.get('e2')).toMatchObject({ knocks: 1 })
  })

  it('loses no knock of two replicas while workers visit', async () => {
    const replicas = [store(), await fixture().open()]
    let heard = 0
    const visit = async (n: number) => {
      const { inbox } = replicas[n % 2] ?? store()
      for (const claim of await inbox.claim({ by: `worker ${n}`, limit: 1, leaseMs: 60_000 })) {
        heard = Math.max(heard, claim.knocks)
        expect(await inbox.finish(claim)).toBe(true)
      }
    }
    await Promise.all(times(60, (n) => (n % 3 ? replicas[n % 2]?.inbox.knock([entry('e1')]) : visit(n))))
    await visit(0)
    await visit(1)
    expect(await store().inbox.get('e1')).toMatchObject({ state: 'done', knocks: 40 })
    expect(heard).toBe(40)
  })
}
