import { expect, it } from 'vitest'
import { amend } from '../../src/store/store.ts'
import { conference, type MakePlace, times, useFixture } from './fixture.ts'

const AWKWARD_KEYS = {
  'course.id': 1,
  $set: { $inc: { 'a.b': [null, true, 0.1, -0] } },
  '': 'empty',
  'it\'s "quoted" \\ and 日本 🎓': '\u0000 \ud83d',
}

export function describeDocuments(makePlace: MakePlace): void {
  const { fixture, store } = useFixture(makePlace)

  it('gives back what was put in', async () => {
    expect(await store().conferences.insert(conference('c1'))).toBe(true)
    expect((await store().conferences.get('c1'))?.document).toEqual(conference('c1'))
    expect(await store().conferences.get('c2')).toBeUndefined()
  })

  it('inserts an id once, however many try', async () => {
    const attempts = times(20, (n) => store().conferences.insert(conference('c1', { title: `${n}` })))
    const outcomes = await Promise.all(attempts)
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect((await store().conferences.get('c1'))?.document.title).toBe(`${outcomes.indexOf(true)}`)
  })

  it('replaces only the version that was read', async () => {
    await store().conferences.insert(conference('c1'))
    const read = await store().conferences.get('c1')
    const version = read?.version ?? 0
    expect(await store().conferences.replace(conference('c1', { title: 'Biology' }), version)).toBe(true)
    expect(await store().conferences.replace(conference('c1', { title: 'Chemistry' }), version)).toBe(false)
    const after = await store().conferences.get('c1')
    expect(after).toEqual({ document: conference('c1', { title: 'Biology' }), version: version + 1 })
  })

  it('replaces nothing where there is nothing', async () => {
    expect(await store().conferences.replace(conference('c1'), 1)).toBe(false)
    expect(await store().conferences.get('c1')).toBeUndefined()
  })

  it('removes only the version that was read', async () => {
    await store().conferences.insert(conference('c1'))
    const version = (await store().conferences.get('c1'))?.version ?? 0
    await store().conferences.replace(conference('c1', { title: 'Biology' }), version)
    expect(await store().conferences.remove('c1', version)).toBe(false)
    expect(await store().conferences.remove('c1', version + 1)).toBe(true)
    expect(await store().conferences.remove('c1', version + 1)).toBe(false)
    expect(await store().conferences.get('c1')).toBeUndefined()
  })

  it('does not take a document put in anew for the one that was removed', async () => {
    await store().conferences.insert(conference('c1'))
    const version = (await store().conferences.get('c1'))?.version ?? 0
    await store().conferences.remove('c1', version)
    await store().conferences.insert(conference('c1', { title: 'Anew' }))
    expect(await store().conferences.replace(conference('c1', { title: 'Of the old one' }), version)).toBe(false)
    expect((await store().conferences.get('c1'))?.document.title).toBe('Anew')
  })

  it('loses none of 50 concurrent changes of two replicas', async () => {
    const replicas = [store(), await fixture().open()]
    await store().conferences.insert(conference('c1', { title: '0' }))
    const changes = times(50, (n) =>
      amend((replicas[n % 2] ?? store()).conferences, 'c1', (current) =>
        conference('c1', { title: String(Number(current?.title) + 1) }),
      ),
    )
    await Promise.all(changes)
    expect((await store().conferences.get('c1'))?.document.title).toBe('50')
  })

  it('keeps free JSON of an LMS, whatever its keys, and finds the document by its other fields', async () => {
    const awkward = conference('c1', { metadata: AWKWARD_KEYS, organizerId: 'o1' })
    await store().conferences.insert(awkward)
    const { version = 0 } = (await store().conferences.get('c1')) ?? {}
    expect(await store().conferences.replace({ ...awkward, courseId: 'algebra' }, version)).toBe(true)
    const found = await store().conferences.find({ where: { organizerId: 'o1' }, orderBy: 'createdAt', limit: 1 })
    expect(JSON.stringify(found)).toBe(JSON.stringify([{ ...awkward, courseId: 'algebra' }]))
  })

  it('keeps a document whose own field is called version apart from its version', async () => {
    const record = {
      id: 'r1',
      version: 7,
      organizerId: null,
      joinUrl: null,
      joinUrlKey: null,
      startedAt: '2026-03-02T09:00:00.000Z',
      endedAt: '2026-03-02T10:00:00.000Z',
      spans: [],
      participants: 1,
      updatedAt: '2026-03-02T10:05:00.000Z',
    }
    await store().calls.insert(record)
    const read = await store().calls.get('r1')
    await store().calls.replace({ ...record, version: 3 }, read?.version ?? 0)
    expect((await store().calls.get('r1'))?.document.version).toBe(3)
    expect(await store().calls.count({ version: { lt: 5 } })).toBe(1)
  })
}
