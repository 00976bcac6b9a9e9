import { expect, it } from 'vitest'
import { conference, entry, event, type MakePlace, START, useFixture } from './fixture.ts'

export function describeLifecycle(makePlace: MakePlace): void {
  const { fixture, store } = useFixture(makePlace)

  it('answers a ping', async () => {
    await expect(store().ping()).resolves.toBeUndefined()
  })

  it('opens again, and from several replicas at once, without harm', async () => {
    await store().conferences.insert(conference('c1'))
    await store().open()
    await Promise.all([fixture().open(), fixture().open(), fixture().open()])
    expect(await store().conferences.count({})).toBe(1)
  })

  it('closes before it was opened, and twice', async () => {
    const place = await makePlace()
    const unopened = place.store(() => START)
    await unopened.close()
    await unopened.close()
    await place.remove()
  })

  it('keeps everything over a close', async () => {
    await store().conferences.insert(conference('c1'))
    await store().inbox.add([entry('e1')])
    await store().events.append(event('v1'))
    await store().close()
    const reopened = await fixture().open()
    expect((await reopened.conferences.get('c1'))?.document).toEqual(conference('c1'))
    expect((await reopened.inbox.get('e1'))?.state).toBe('active')
    expect((await reopened.events.get('v1'))?.sequence).toBe(1)
  })

  it('can be opened again after a close', async () => {
    await store().inbox.add([entry('e1')])
    await store().close()
    await store().open()
    expect((await store().inbox.get('e1'))?.id).toBe('e1')
  })
}
