import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LECTURE, type Scene, startScene } from '../scene.ts'

let scene: Scene

beforeEach(async () => {
  scene = await startScene()
})

afterEach(() => scene.stop())

async function publish(): Promise<void> {
  const meeting = await scene.prepare('algebra')
  scene.simulator.world.record(meeting, LECTURE)
  await scene.rest()
}

async function list(path: string): Promise<Record<string, unknown>[]> {
  const { items } = (await (await scene.relay.call('GET', path)).json()) as { items: Record<string, unknown>[] }
  return items
}

describe('a delivery', () => {
  it('is attempted again on the schedule, with the same id and the same bytes', async () => {
    scene.simulator.lms.failNext(3, 503)
    await publish()
    expect(scene.simulator.lms.received).toEqual([])
    for (const ms of [6_000, 6 * 60_000]) {
      scene.simulator.clock.advance(ms)
      await scene.relay.settle()
      expect(scene.simulator.lms.received).toEqual([])
    }
    scene.simulator.clock.advance(34 * 60_000)
    await scene.relay.settle()
    expect(scene.simulator.lms.received).toHaveLength(1)
    expect(await list('/v1/deliveries')).toMatchObject([
      {
        state: 'delivered',
        attempts: 4,
        nextAttemptAt: null,
        log: [{ status: 503 }, { status: 503 }, { status: 503 }, { status: 204, outcome: 'success' }],
      },
    ])
  })

  it('goes to the dead letters after its last attempt, and can be sent again', async () => {
    scene.simulator.lms.failNext(1_000, 500)
    await publish()
    for (let day = 0; day < 10; day++) {
      scene.simulator.clock.advance(25 * 60 * 60_000)
      await scene.relay.settle()
    }
    const [failed] = await list('/v1/deliveries?state=failed')
    expect(failed).toMatchObject({ attempts: 10, lastError: 'The endpoint answered 500.' })
    scene.simulator.lms.failNext(0)
    expect((await scene.relay.call('POST', `/v1/deliveries/${failed?.id}/retry`)).status).toBe(202)
    await scene.rest()
    expect(scene.simulator.lms.received).toHaveLength(1)
    expect(await list('/v1/deliveries?state=delivered')).toHaveLength(1)
  })

  it('waits as long as the endpoint asks', async () => {
    const { lms, clock } = scene.simulator
    lms.failNext(1, 429, { 'retry-after': '600' })
    await publish()
    clock.advance(9 * 60_000)
    await scene.relay.settle()
    expect(lms.received).toEqual([])
    clock.advance(61_000)
    await scene.relay.settle()
    expect(lms.received).toHaveLength(1)
  })

  it('that is answered with 410 disables its endpoint', async () => {
    scene.simulator.lms.failNext(1, 410)
    await publish()
    const [endpoint] = await list('/v1/endpoints')
    expect(endpoint).toMatchObject({ state: 'disabled', disabledReason: expect.stringContaining('410') })
    const [delivery] = await list('/v1/deliveries')
    expect((await scene.relay.call('POST', `/v1/deliveries/${delivery?.id}/retry`)).status).toBe(409)
    await scene.relay.call('PATCH', `/v1/endpoints/${endpoint?.id}`, { state: 'active' })
    expect((await scene.relay.call('POST', `/v1/deliveries/${delivery?.id}/retry`)).status).toBe(202)
    await scene.rest()
    expect(scene.simulator.lms.received).toHaveLength(1)
  })

  it('to a private address is blocked, and says how to allow it', async () => {
    await scene.relay.call('POST', '/v1/endpoints', { url: 'https://10.255.255.1/hook' })
    await publish()
    const deliveries = await list('/v1/deliveries?state=pending')
    expect(deliveries).toMatchObject([
      { log: [{ outcome: 'blocked', error: expect.stringContaining('EGRESS_ALLOW') }] },
    ])
  })
})

describe('an endpoint', () => {
  it('has a secret of its own that signs what it receives, shown once', async () => {
    const { lms } = scene.simulator
    const created = await scene.relay.call('POST', '/v1/endpoints', {
      url: `${lms.url}?second`,
      types: ['recording.available'],
    })
    expect(created.status).toBe(201)
    const { id, secret } = (await created.json()) as { id: string; secret: string }
    expect(secret).toMatch(/^whsec_/)
    const [first] = await list('/v1/endpoints')
    expect(first).not.toHaveProperty('secret')
    expect(JSON.stringify(await (await scene.relay.call('GET', `/v1/endpoints/${id}`)).json())).not.toContain(secret)
    const inStore = await scene.relay.service.store.endpoints.get(id)
    expect(JSON.stringify(inStore)).not.toContain(secret.slice(6))
    await publish()
    expect(lms.refused).toBe(1)
    expect(lms.received).toHaveLength(1)
    expect(() => new Webhook(secret)).not.toThrow()
  })

  it('receives only the types it wants', async () => {
    const [first] = await list('/v1/endpoints')
    await scene.relay.call('PATCH', `/v1/endpoints/${first?.id}`, { types: ['recording.deleted'] })
    await publish()
    expect(scene.simulator.lms.received).toEqual([])
    expect(await list('/v1/events')).toHaveLength(1)
  })

  it.each([
    ['nothing', {}],
    ['no address', { url: 'somewhere' }],
    ['another protocol', { url: 'ftp://lms.example.edu/' }],
    ['a password in it', { url: 'https://u:p@lms.example.edu/' }],
    ['an unknown type', { url: 'https://lms.example.edu/', types: ['everything'] }],
  ])('is refused with %s', async (_what, body) => {
    expect((await scene.relay.call('POST', '/v1/endpoints', body)).status).toBe(422)
  })

  it('can be removed, and what was on its way to it ends', async () => {
    scene.simulator.lms.failNext(1, 500)
    await publish()
    const [endpoint] = await list('/v1/endpoints')
    expect((await scene.relay.call('DELETE', `/v1/endpoints/${endpoint?.id}`)).status).toBe(204)
    scene.simulator.clock.advance(10_000)
    await scene.relay.settle()
    expect(scene.simulator.lms.received).toEqual([])
    expect(await list('/v1/deliveries?state=failed')).toHaveLength(1)
  })
})

describe('the feed', () => {
  it('holds every event in order, page by page', async () => {
    await publish()
    const [recording] = await scene.recordings()
    for (const title of ['One', 'Two', 'Three']) {
      await scene.relay.call('PATCH', `/v1/recordings/${recording?.id}`, { title })
      await scene.rest()
    }
    const first = (await (await scene.relay.call('GET', '/v1/events?limit=3')).json()) as {
      items: unknown[]
      next: string
    }
    expect(first.items).toMatchObject([{ sequence: 1, type: 'recording.available' }, { sequence: 2 }, { sequence: 3 }])
    const second = await (await scene.relay.call('GET', `/v1/events?limit=3&after=${first.next}`)).json()
    expect(second).toMatchObject({ items: [{ sequence: 4, data: { title: 'Three' } }], next: null })
  })
})
