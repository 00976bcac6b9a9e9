import { expect, it } from 'vitest'
import { event, type MakePlace, times, useFixture } from './fixture.ts'

export function describeEventLog(makePlace: MakePlace): void {
  const { fixture, store } = useFixture(makePlace)

  it('numbers events from one on and keeps the bytes that are sent', async () => {
    const first = await store().events.append(event('v1'))
    const second = await store().events.append(event('v2'))
    expect(first).toEqual({
      sequence: 1,
      id: 'v1',
      type: 'recording.available',
      timestamp: '2026-03-02T08:00:00.000Z',
      body: '{"type":"recording.available","timestamp":"2026-03-02T08:00:00.000Z","data":{"recordingId":"v1"}}',
    })
    expect(second.sequence).toBe(2)
    expect(await store().events.get('v2')).toEqual(second)
    expect(await store().events.get('v3')).toBeUndefined()
  })

  it('appends an event once and gives its place either way', async () => {
    const first = await store().events.append(event('v1'))
    await store().events.append(event('v2'))
    expect(await store().events.append({ ...event('v1'), data: { changed: true } })).toEqual(first)
    expect(await store().events.after(0, 10)).toHaveLength(2)
  })

  it('leaves no gap and no double when three replicas append the same and different events at once', async () => {
    const replicas = [store(), await fixture().open(), await fixture().open()]
    const appends = times(40, (n) => replicas[n % 3]?.events.append(event(`v${n % 25}`)))
    await Promise.all(appends)
    const feed = await store().events.after(0, 100)
    expect(feed.map(({ sequence }) => sequence)).toEqual(times(25, (n) => n + 1))
    expect(new Set(feed.map(({ id }) => id)).size).toBe(25)
  })

  it('shows a reader who pages while others append every event once and in order', async () => {
    const replicas = [store(), await fixture().open(), await fixture().open()]
    const appends = Promise.all(times(40, (n) => replicas[n % 3]?.events.append(event(`v${n}`))))
    const seen: number[] = []
    while (seen.length < 40) {
      const page = await store().events.after(seen.at(-1) ?? 0, 7)
      seen.push(...page.map(({ sequence }) => sequence))
    }
    await appends
    expect(seen).toEqual(times(40, (n) => n + 1))
  })

  it('gives what is behind a place, no more than asked for', async () => {
    for (const id of ['v1', 'v2', 'v3', 'v4']) await store().events.append(event(id))
    expect((await store().events.after(1, 2)).map(({ id }) => id)).toEqual(['v2', 'v3'])
    expect(await store().events.after(4, 2)).toEqual([])
    expect(await store().events.after(0, 0)).toEqual([])
  })
}
