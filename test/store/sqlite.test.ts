import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { RelayError } from '../../src/errors.ts'
import { sqliteStore } from '../../src/store/sql/sqlite-store.ts'
import { describeStore } from './contract.ts'
import { conference, entry, event, type Place, START, times } from './fixture.ts'

const clock = () => START

async function sqlitePlace(): Promise<Place & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'recording-relay-sqlite-'))
  const path = join(folder, 'data', 'relay.db')
  return {
    path,
    store: (clock) => sqliteStore({ path, clock }),
    remove: () => rm(folder, { recursive: true }),
  }
}

describeStore('SQLite', sqlitePlace, { modelRuns: 60 })

it('keeps every entry whose add resolved before the process was killed', async () => {
  const { path, remove } = await sqlitePlace()
  const writer = join(import.meta.dirname, 'sqlite-writer.ts')
  const acknowledged: string[] = []
  await Promise.all(
    ['a', 'b'].map(async (name) => {
      const child = spawn(process.execPath, [writer, path, name], { stdio: ['ignore', 'pipe', 'inherit'] })
      const gone = once(child, 'exit')
      let lines = 0
      for await (const id of createInterface(child.stdout)) {
        acknowledged.push(id)
        if (++lines === 25) child.kill('SIGKILL')
      }
      expect(await gone).toEqual([null, 'SIGKILL'])
    }),
  )
  const store = sqliteStore({ path, clock })
  const found = await Promise.all(acknowledged.map((id) => store.inbox.get(id)))
  expect(found.map((entry) => entry?.id)).toEqual(acknowledged)
  expect(acknowledged.length).toBeGreaterThanOrEqual(50)
  await store.close()
  await remove()
})

it('keeps everything in memory where it is told to', async () => {
  const store = sqliteStore({ path: ':memory:', clock })
  await store.open()
  await store.events.append(event('v1'))
  expect((await store.events.get('v1'))?.sequence).toBe(1)
  await store.close()
})

it('shares one transaction among writes that come at once, and none fails for another', async () => {
  const store = sqliteStore({ path: ':memory:', clock })
  await store.open()
  const broken = conference('broken', { title: 'Broken' })
  Object.assign(broken, { toJSON: () => undefined })
  const writes = [store.inbox.add([entry('e1')]), store.conferences.insert(broken), store.inbox.add([entry('e2')])]
  const outcomes = await Promise.allSettled(writes)
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((await store.inbox.stats()).active).toBe(2)
  await store.close()
})

it('finishes on close what was asked of it before', async () => {
  const { path, remove } = await sqlitePlace()
  const store = sqliteStore({ path, clock })
  await store.open()
  const adds = times(10, (n) => store.inbox.add([entry(`e${n}`)]))
  await store.close()
  await Promise.all(adds)
  expect((await store.inbox.stats()).active).toBe(10)
  await store.close()
  await remove()
})

it('says that the store is unavailable, to be tried again, where the file cannot be opened', async () => {
  const store = sqliteStore({ path: tmpdir(), clock })
  const failure = await store.open().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(RelayError)
  expect(failure).toMatchObject({ code: 'store_unavailable', next: 'retry', status: 503, cause: expect.any(Error) })
  await expect(store.inbox.get('e1')).rejects.toMatchObject({ code: 'store_unavailable' })
  await store.close()
})
