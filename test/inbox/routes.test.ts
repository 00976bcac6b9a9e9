import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const Entry = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.string(),
  attempts: z.number(),
  lastError: z.string().nullable(),
})
const Entries = z.object({ items: z.array(Entry), next: z.string().nullable() })

const HOUR_MS = 60 * 60_000

let scene: Scene

beforeEach(async () => {
  // A sweep has a drive looked at again that was given up: here a person does.
  scene = await startScene({ environment: { SWEEP_INTERVAL: '7d' } })
})

afterEach(() => scene.stop())

async function list(query = '') {
  return Entries.parse(await (await scene.relay.call('GET', `/v1/inbox${query}`)).json())
}

it('shows what was given up and why, and has it looked at again', async () => {
  const meeting = await scene.prepare('algebra')
  scene.simulator.faults.failNext({ path: /root\/delta/, status: 200, body: '{}', times: 1_000 })
  scene.simulator.world.record(meeting, LECTURE)
  const given = async () => (await list('?state=dead')).items
  await scene.rest()
  for (let hour = 0; hour < 20 && (await given()).length === 0; hour++) {
    scene.simulator.clock.advance(HOUR_MS)
    await scene.rest()
  }
  const [dead, ...others] = await given()
  expect(others).toEqual([])
  expect(dead).toMatchObject({
    kind: 'drive',
    state: 'dead',
    attempts: 12,
    lastError: expect.stringContaining('delta'),
  })
  expect(scene.told()).toEqual([])

  scene.simulator.faults.clear()
  const answer = await scene.relay.call('POST', `/v1/inbox/${dead?.id}/retry`)
  expect(answer.status).toBe(202)
  expect(await answer.json()).toMatchObject({ id: dead?.id, state: 'active', attempts: 0 })
  await scene.rest()
  expect(scene.told()).toEqual(['recording.available'])
  expect((await list('?state=dead')).items).toEqual([])
})

it('says 404 of an entry that is not there, and 409 of one that is looked at now', async () => {
  expect((await scene.relay.call('POST', '/v1/inbox/nothing/retry')).status).toBe(404)
  await scene.register('algebra')
  const { inbox } = scene.relay.service.store
  const [claim] = await inbox.claim({ by: 'worker', limit: 1, leaseMs: 60_000 })
  expect((await scene.relay.call('POST', `/v1/inbox/${claim?.id}/retry`)).status).toBe(409)
})

it('lists in pages, newest first, and without what lies inside', async () => {
  for (const id of ['algebra', 'botany', 'civics']) await scene.register(id)
  const first = await list('?limit=2')
  expect(first.items).toHaveLength(2)
  const second = await list(`?limit=2&after=${first.next}`)
  const ids = [...first.items, ...second.items].map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const whole = await (await scene.relay.call('GET', '/v1/inbox')).text()
  expect(whole).not.toContain('body')
  expect((await scene.relay.call('GET', '/v1/inbox?after=nonsense')).status).toBe(422)
})
