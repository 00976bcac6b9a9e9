import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import type { Conference } from '../../src/domain/conference.ts'
import type { Position, Query, Where } from '../../src/store/store.ts'
import { conference, type MakePlace, times, useFixture } from './fixture.ts'

const DAY = ['2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z', '2026-03-03T00:00:00.000Z'] as const

/** Seven conferences on three days, so that days tie; every second one has an organizer. */
const ALL = times(7, (n) =>
  conference(`c${n}`, {
    createdAt: DAY[n % 3] ?? DAY[0],
    endsAt: DAY[(n * 2) % 3] ?? DAY[0],
    organizerId: n % 2 ? `o${n % 4}` : null,
    courseId: `k${n}`,
  }),
)

export function describeFind(makePlace: MakePlace): void {
  const { store } = useFixture(makePlace)
  beforeEach(() => Promise.all(ALL.map((document) => store().conferences.insert(document))))

  async function idsOf(where: Where<Conference>): Promise<string[]> {
    const found = await store().conferences.find({ where, orderBy: 'id', limit: 100 })
    expect(await store().conferences.count(where)).toBe(found.length)
    return found.map(({ id }) => id)
  }

  it('finds by equality, and all conditions must hold', async () => {
    expect(await idsOf({ organizerId: 'o1' })).toEqual(['c1', 'c5'])
    expect(await idsOf({ organizerId: 'o1', courseId: 'k5' })).toEqual(['c5'])
    expect(await idsOf({ organizerId: 'nobody' })).toEqual([])
    expect(await idsOf({ id: 'c3' })).toEqual(['c3'])
  })

  it('finds null and missing by null', async () => {
    const { organizerId: _, ...without } = conference('c9')
    // A document of an older release may lack a field that the type has.
    await store().conferences.insert(Object.assign(Object.create(null), without))
    expect(await idsOf({ organizerId: null })).toEqual(['c0', 'c2', 'c4', 'c6', 'c9'])
  })

  it('finds by a list of values', async () => {
    expect(await idsOf({ organizerId: { in: ['o3', 'o1'] }, id: { in: ['c1', 'c3', 'c6'] } })).toEqual(['c1', 'c3'])
    expect(await idsOf({ organizerId: { in: [] } })).toEqual([])
    expect(await idsOf({ id: { in: times(500, (n) => `c${n}`) } })).toHaveLength(7)
  })

  it('finds by ranges, in which null is never', async () => {
    expect(await idsOf({ createdAt: { gt: DAY[0], lte: DAY[2] } })).toEqual(['c1', 'c2', 'c4', 'c5'])
    expect(await idsOf({ createdAt: { gte: DAY[0], lt: DAY[1] } })).toEqual(['c0', 'c3', 'c6'])
    expect(await idsOf({ organizerId: { gte: '' } })).toEqual(['c1', 'c3', 'c5'])
    expect(await idsOf({ organizerId: { lt: 'zzz' } })).toEqual(['c1', 'c3', 'c5'])
  })

  it('takes a condition that is undefined for none', async () => {
    expect(await idsOf({ organizerId: undefined, courseId: 'k2' })).toEqual(['c2'])
  })

  it('refuses a range without bounds and conditions on anything but plain values', async () => {
    await expect(store().conferences.count({ createdAt: {} })).rejects.toThrow(TypeError)
    await expect(store().conferences.count({ metadata: { a: 1 } })).rejects.toThrow(TypeError)
  })

  it('finds truth values', async () => {
    const archived = (value: boolean): object => ({ archived: value })
    await store().conferences.insert(Object.assign(conference('c9'), { archived: true }))
    expect(await idsOf(archived(true))).toEqual(['c9'])
    expect(await idsOf(archived(false))).toEqual([])
  })

  it('gives no more than the limit, in order, ties by id', async () => {
    const found = await store().conferences.find({ orderBy: 'createdAt', limit: 4 })
    expect(found.map(({ id }) => id)).toEqual(['c0', 'c3', 'c6', 'c1'])
    const latest = await store().conferences.find({ orderBy: 'createdAt', descending: true, limit: 4 })
    expect(latest.map(({ id }) => id)).toEqual(['c5', 'c2', 'c4', 'c1'])
    expect(await store().conferences.find({ orderBy: 'createdAt', limit: 0 })).toEqual([])
  })

  it('pages through everything once, in either direction and with any page size', async () => {
    const orderBy = fc.constantFrom<('createdAt' | 'endsAt' | 'id')[]>('createdAt', 'endsAt', 'id')
    const queries = fc.record({ orderBy, descending: fc.boolean(), limit: fc.integer({ min: 1, max: 8 }) })
    await fc.assert(
      fc.asyncProperty(queries, async (query) => {
        expect(await pagesOf(query)).toEqual(inOrder(ALL, query))
      }),
      { numRuns: 20 },
    )
  })

  async function pagesOf(query: Query<Conference> & { orderBy: 'createdAt' | 'endsAt' | 'id' }): Promise<string[]> {
    const seen: Conference[] = []
    for (let after: Position | undefined; ; ) {
      const page = await store().conferences.find({ ...query, ...(after && { after }) })
      const last = page.at(-1)
      if (!last) return seen.map(({ id }) => id)
      seen.push(...page)
      after = [last[query.orderBy], last.id]
    }
  }
}

function inOrder(
  documents: Conference[],
  { orderBy, descending }: { orderBy: 'createdAt' | 'endsAt' | 'id'; descending: boolean },
): string[] {
  const keys = documents.map((document) => `${document[orderBy]} ${document.id}`).sort()
  const ordered = descending ? keys.reverse() : keys
  return ordered.map((key) => key.split(' ')[1] ?? '')
}
