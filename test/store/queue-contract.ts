import { expect, it } from 'vitest'
import type { Entry, Position } from '../../src/store/store.ts'
import { body, claimOne, entry, type MakePlace, START, times, useFixture } from './fixture.ts'

export function describeQueue(makePlace: MakePlace): void {
  const { fixture, store } = useFixture(makePlace)

  it('keeps an entry as it was added', async () => {
    await store().inbox.add([entry('e1', { availableAt: START + 5_000 })])
    expect(await store().inbox.get('e1')).toEqual({
      id: 'e1',
      lane: 'recording',
      body: body('e1'),
      state: 'active',
      availableAt: START + 5_000,
      leasedBy: null,
      attempts: 0,
      knocks: 1,
      lastError: null,
      createdAt: '2026-03-02T08:00:00.000Z',
      updatedAt: '2026-03-02T08:00:00.000Z',
    })
    expect(await store().inbox.get('e2')).toBeUndefined()
  })

  it('takes no entries for nothing to do', async () => {
    await store().inbox.add([])
    await store().inbox.knock([])
    expect(await store().inbox.stats()).toEqual({ active: 0, done: 0, dead: 0, oldestDueMs: 0 })
  })

  it('leaves a known id as it is, whatever its state', async () => {
    const { inbox } = store()
    await inbox.add([entry('waiting'), entry('leased'), entry('done'), entry('dead')])
    const claims = await inbox.claim({ by: 'worker', limit: 4, leaseMs: 60_000 })
    for (const claim of claims) {
      if (claim.id === 'waiting') await inbox.retry(claim, { error: 'busy', availableAt: START + 9_000 })
      if (claim.id === 'done') await inbox.finish(claim)
      if (claim.id === 'dead') await inbox.bury(claim, { error: 'broken' })
    }
    const before = await inbox.list({ limit: 10 })
    fixture().now += 1_000
    const again = ['waiting', 'leased', 'done', 'dead'].map((id) => entry(id, { body: body('changed') }))
    await inbox.add(again)
    expect(await inbox.list({ limit: 10 })).toEqual(before)
    expect(before.map(({ state }) => state).sort()).toEqual(['active', 'active', 'dead', 'done'])
  })

  it('takes the first of several entries of one id in one call, and the others as well', async () => {
    await store().inbox.add([entry('e1', { body: body('first') }), entry('e2'), entry('e1', { body: body('second') })])
    expect((await store().inbox.get('e1'))?.body).toEqual(body('first'))
    expect((await store().inbox.stats()).active).toBe(2)
  })

  it('adds once, however many add at the same time', async () => {
    const replicas = [store(), await fixture().open()]
    await Promise.all(times(30, (n) => replicas[n % 2]?.inbox.add([entry(`e${n % 3}`), entry('e9')])))
    expect((await store().inbox.stats()).active).toBe(4)
  })

  it('gives due entries, oldest due first, and no others', async () => {
    const due = { late: START - 1, early: START - 9, now: START, soon: START + 1, also: START - 1 }
    await store().inbox.add(Object.entries(due).map(([id, availableAt]) => entry(id, { availableAt })))
    const claims = await store().inbox.claim({ by: 'worker', limit: 10, leaseMs: 60_000 })
    expect(claims.map(({ id }) => id)).toEqual(['early', 'also', 'late', 'now'])
  })

  it('gives no more than the limit', async () => {
    await store().inbox.add(times(5, (n) => entry(`e${n}`, { availableAt: START - n })))
    const claims = await store().inbox.claim({ by: 'worker', limit: 2, leaseMs: 60_000 })
    expect(claims.map(({ id }) => id)).toEqual(['e4', 'e3'])
  })

  it('never gives one of 200 entries to two of 20 workers', async () => {
    await store().inbox.add(times(200, (n) => entry(`e${n}`)))
    const replicas = [store(), await fixture().open()]
    const worker = async (n: number): Promise<string[]> => {
      const ids: string[] = []
      for (;;) {
        const claims = await (replicas[n % 2] ?? store()).inbox.claim({ by: `worker ${n}`, limit: 3, leaseMs: 60_000 })
        if (claims.length === 0) return ids
        ids.push(...claims.map(({ id }) => id))
      }
    }
    const claimed = (await Promise.all(times(20, worker))).flat()
    expect(claimed).toHaveLength(200)
    expect(new Set(claimed).size).toBe(200)
  })

  it('revives a dead entry, a done one and one that waits, with attempts from zero', async () => {
    const { inbox } = store()
    await inbox.add([entry('dead'), entry('done'), entry('waiting'), entry('future', { availableAt: START + 90_000 })])
    for (const claim of await inbox.claim({ by: 'worker', limit: 3, leaseMs: 60_000 })) {
      if (claim.id === 'dead') await inbox.bury(claim, { error: 'broken' })
      if (claim.id === 'done') await inbox.finish(claim)
      if (claim.id === 'waiting') await inbox.retry(claim, { error: 'busy', availableAt: START + 90_000 })
    }
    for (const id of ['dead', 'done', 'waiting', 'future']) {
      expect(await inbox.revive(id)).toBe(true)
      expect(await inbox.get(id)).toMatchObject({ state: 'active', attempts: 0, availableAt: START, leasedBy: null })
    }
  })

  it('revives neither an unknown entry nor one that is leased at this moment', async () => {
    await store().inbox.add([entry('e1')])
    await claimOne(store(), { leaseMs: 1_000 })
    expect(await store().inbox.revive('e1')).toBe(false)
    expect(await store().inbox.revive('e2')).toBe(false)
    fixture().now += 1_000
    expect(await store().inbox.revive('e1')).toBe(true)
  })

  it('lists newest first, by state and lane, in pages', async () => {
    const { inbox } = store()
    for (let n = 0; n < 6; n++) {
      fixture().now = START + Math.floor(n / 2) * 1_000
      await inbox.add([entry(`e${n}`, { lane: n % 3 ? 'even' : 'third', availableAt: START + n })])
    }
    const [oldest] = await inbox.claim({ by: 'worker', limit: 1, leaseMs: 60_000 })
    if (oldest) await inbox.bury(oldest, { error: 'broken' })
    const ids = (entries: Entry<unknown>[]) => entries.map(({ id }) => id)
    expect(ids(await inbox.list({ limit: 9 }))).toEqual(['e5', 'e4', 'e3', 'e2', 'e1', 'e0'])
    expect(ids(await inbox.list({ lane: 'third', limit: 9 }))).toEqual(['e3', 'e0'])
    expect(ids(await inbox.list({ state: 'dead', limit: 9 }))).toEqual(['e0'])
    expect(ids(await inbox.list({ state: 'active', lane: 'third', limit: 9 }))).toEqual(['e3'])
    const after: Position = ['2026-03-02T08:00:01.000Z', 'e3']
    expect(ids(await inbox.list({ after, limit: 2 }))).toEqual(['e2', 'e1'])
    expect(ids(await inbox.list({ after, state: 'active', lane: 'even', limit: 9 }))).toEqual(['e2', 'e1'])
  })

  it('counts by state and tells how long the oldest due entry has waited', async () => {
    const { inbox } = store()
    await inbox.add([entry('a', { availableAt: START - 700 }), entry('b', { availableAt: START - 300 }), entry('c')])
    await inbox.add([entry('future', { availableAt: START + 900 })])
    expect(await inbox.stats()).toEqual({ active: 4, done: 0, dead: 0, oldestDueMs: 700 })
    const [a, b] = await inbox.claim({ by: 'worker', limit: 2, leaseMs: 1_000 })
    expect(await inbox.stats()).toEqual({ active: 4, done: 0, dead: 0, oldestDueMs: 0 })
    if (a) await inbox.finish(a)
    if (b) await inbox.bury(b, { error: 'broken' })
    fixture().now += 50
    expect(await inbox.stats()).toEqual({ active: 2, done: 1, dead: 1, oldestDueMs: 50 })
  })

  it('keeps the two queues apart', async () => {
    await store().inbox.add([entry('e1')])
    expect(await store().deliveries.get('e1')).toBeUndefined()
    expect(await store().deliveries.claim({ by: 'worker', limit: 1, leaseMs: 1_000 })).toEqual([])
  })
}
