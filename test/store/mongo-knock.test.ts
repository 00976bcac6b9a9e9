import { type Collection, MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { dropDatabase, ownDatabase } from '../../scripts/mongo-server/own-database.ts'
import { knockOnce } from '../../src/store/mongo/knock.ts'
import { mongoStore } from '../../src/store/mongo/mongo-store.ts'
import { newRow, type QueueRow } from '../../src/store/mongo/queue-rows.ts'
import { body, claimOne, entry, START } from './fixture.ts'

const server = inject('mongoUrl')

/** A knock reads and then writes; here somebody else is in between, every time. */
describe.skipIf(server === null)('a knock that somebody is faster than', () => {
  const url = ownDatabase(server ?? 'mongodb://none')
  const client = new MongoClient(url)
  const store = mongoStore({ url, clock: () => START })
  const { inbox } = store
  beforeAll(() => store.open())
  afterAll(async () => {
    await store.close()
    await client.close()
    await dropDatabase(url)
  })

  async function knockAfter(id: string, interlude: () => Promise<unknown>): Promise<void> {
    const rows = client.db().collection<QueueRow>('inbox')
    const knock = entry(id, { body: body('knock'), availableAt: START - 500 })
    await knockOnce(interrupted(rows, interlude), newRow(knock, START))
  }

  async function claimed(id: string) {
    await inbox.add([entry(id)])
    return claimOne(store)
  }

  it('is heard where the entry was added meanwhile', async () => {
    await knockAfter('added', () => inbox.add([entry('added')]))
    expect(await inbox.get('added')).toMatchObject({ knocks: 2, body: body('knock'), availableAt: START - 500 })
    await inbox.finish(await claimOne(store))
  })

  it('does not shorten a lease that was taken meanwhile', async () => {
    await inbox.add([entry('taken')])
    await knockAfter('taken', () => claimOne(store))
    expect(await inbox.get('taken')).toMatchObject({ knocks: 2, leasedBy: 'worker', availableAt: START + 60_000 })
  })

  it('wakes an entry that was finished meanwhile', async () => {
    const claim = await claimed('finished')
    await knockAfter('finished', () => inbox.finish(claim))
    expect(await inbox.get('finished')).toMatchObject({ knocks: 2, state: 'active', attempts: 0, leasedBy: null })
    await inbox.finish(await claimOne(store))
  })

  it('does not touch the lease of an entry that was woken and taken meanwhile', async () => {
    await inbox.finish(await claimed('woken'))
    await knockAfter('woken', async () => {
      await inbox.revive('woken')
      await claimOne(store)
    })
    const held = { state: 'active', attempts: 1, leasedBy: 'worker', availableAt: START + 60_000 }
    expect(await inbox.get('woken')).toMatchObject({ ...held, knocks: 2, body: body('knock') })
  })
})

/** The same collection, where something happens behind the first read. */
function interrupted(rows: Collection<QueueRow>, interlude: () => Promise<unknown>): Collection<QueueRow> {
  let pending: (() => Promise<unknown>) | undefined = interlude
  return new Proxy(rows, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        const result: unknown = await member.apply(target, args)
        const next = key === 'findOne' ? pending : undefined
        if (next) pending = undefined
        await next?.()
        return result
      }
    },
  })
}
