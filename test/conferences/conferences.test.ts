import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LECTURE, type Scene, startScene } from '../scene.ts'

let scene: Scene

beforeEach(async () => {
  scene = await startScene()
})

afterEach(() => scene.stop())

async function json(response: Promise<Response>): Promise<unknown> {
  return (await response).json()
}

describe('conferences', () => {
  it('are registered, changed, listed and forgotten', async () => {
    const { relay } = scene
    expect((await scene.register('algebra', { metadata: { 'a.b': { $c: 1 } } })).status).toBe(201)
    expect((await scene.register('algebra', { title: 'Algebra II', metadata: { 'a.b': { $c: 1 } } })).status).toBe(200)
    expect(await json(relay.call('GET', '/v1/conferences/algebra'))).toMatchObject({
      id: 'algebra',
      title: 'Algebra II',
      startsAt: '2026-11-24T09:00:00.000Z',
      organizer: { id: null, email: 'ada@example.edu' },
      metadata: { 'a.b': { $c: 1 } },
    })
    await scene.register('geometry')
    await scene.register('topology')
    const first = await json(relay.call('GET', '/v1/conferences?limit=2'))
    expect(first).toMatchObject({ items: [{}, {}], next: expect.any(String) })
    const { next } = first as { next: string }
    expect(await json(relay.call('GET', `/v1/conferences?limit=2&after=${next}`))).toMatchObject({
      items: [{}],
      next: null,
    })
    expect((await relay.call('DELETE', '/v1/conferences/algebra')).status).toBe(204)
    expect((await relay.call('GET', '/v1/conferences/algebra')).status).toBe(404)
  })

  it.each([
    ['ends before it starts', { endsAt: '2026-11-24T08:00:00Z' }, ['endsAt']],
    ['has no title', { title: ' ' }, ['title']],
    ['has no organizer', { organizer: {} }, ['organizer']],
    ['has a time without a zone', { startsAt: '2026-11-24T09:00:00' }, ['startsAt']],
    ['has a link that is none', { joinUrl: 'somewhere' }, ['joinUrl']],
    ['has too much metadata', { metadata: { text: 'x'.repeat(9_000) } }, ['metadata']],
  ])('are refused with 422, naming the field, where one %s', async (_what, changes, fields) => {
    const response = await scene.register('algebra', changes)
    expect(response.status).toBe(422)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'invalid', fields: fields.map((field) => ({ field })) })
    expect((await scene.relay.call('GET', '/v1/conferences/algebra')).status).toBe(404)
  })

  it('say both times where the end is before the start', async () => {
    const { detail } = (await (await scene.register('algebra', { endsAt: '2026-11-24T08:00:00Z' })).json()) as {
      detail: string
    }
    expect(detail).toContain('endsAt must be after startsAt')
  })

  it('need a key', async () => {
    const url = `${scene.relay.url}/v1/conferences`
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(url, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
    expect((await fetch(`${scene.relay.url}/conferences/x/sync/`, { method: 'POST' })).status).toBe(401)
  })

  it.each([
    ['GET', '/v1/conferences/none'],
    ['DELETE', '/v1/conferences/none'],
    ['POST', '/v1/conferences/none/meeting'],
    ['POST', '/v1/conferences/none/sync'],
    ['GET', '/v1/conferences/none/recordings'],
    ['GET', '/v1/conferences/none/diagnosis'],
    ['GET', '/v1/recordings/none'],
    ['GET', '/v1/recordings/none/content'],
    ['POST', '/v1/deliveries/none/retry'],
    ['POST', '/v1/subscriptions/none/renew'],
    ['GET', '/v1/endpoints/none'],
    ['GET', '/v1/nothing'],
  ])('%s %s is answered with 404 as a problem', async (method, path) => {
    const response = await scene.relay.call(method, path)
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'not_found', status: 404 })
  })
})

describe('a meeting', () => {
  it('is made once, records by itself, and is found again', async () => {
    await scene.register('algebra')
    const first = await json(scene.relay.call('POST', '/v1/conferences/algebra/meeting'))
    expect(first).toMatchObject({ recordAutomatically: true, advice: null })
    expect(await json(scene.relay.call('POST', '/v1/conferences/algebra/meeting'))).toEqual(first)
    expect(scene.simulator.world.meetings).toHaveLength(1)
    expect(scene.simulator.world.meetings[0]).toMatchObject({ recordAutomatically: true, allowTranscription: true })
    expect(await json(scene.relay.call('GET', '/v1/conferences/algebra'))).toMatchObject({
      onlineMeetingId: scene.simulator.world.meetings[0]?.id,
    })
  })

  it('stands where a policy forbids recording, with advice', async () => {
    const { simulator } = scene
    const grace = simulator.world.addPerson({
      displayName: 'Grace',
      email: 'grace@example.edu',
      recordingPolicy: 'forbidden',
    })
    await scene.register('compilers', { organizer: { email: grace.email } })
    expect(await json(scene.relay.call('POST', '/v1/conferences/compilers/meeting'))).toMatchObject({
      joinUrl: expect.stringContaining('https://teams.microsoft.com/'),
      recordAutomatically: false,
      advice: expect.stringContaining('AllowCloudRecording'),
    })
    grace.recordingPolicy = 'allowed'
    expect(await json(scene.relay.call('POST', '/v1/conferences/compilers/meeting'))).toMatchObject({
      recordAutomatically: true,
    })
    expect(simulator.world.meetings).toHaveLength(1)
  })

  it('says what to grant where the access policy is missing, and does not make a second one later', async () => {
    scene.ada.accessPolicy = false
    await scene.register('algebra')
    const response = await scene.relay.call('POST', '/v1/conferences/algebra/meeting')
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({
      code: 'graph_refused',
      detail: expect.stringContaining('application access policy'),
    })
    scene.ada.accessPolicy = true
    expect((await scene.relay.call('POST', '/v1/conferences/algebra/meeting')).status).toBe(200)
    expect(scene.simulator.world.meetings).toHaveLength(1)
  })

  it('is not made where the LMS has one', async () => {
    await scene.register('algebra', { joinUrl: 'https://teams.microsoft.com/l/meetup-join/x' })
    expect((await scene.relay.call('POST', '/v1/conferences/algebra/meeting')).status).toBe(409)
  })
})

describe('sync', () => {
  it.each(['/v1/conferences/algebra/sync', '/conferences/algebra/sync/'])(
    'looks now at %s, and answers what it found',
    async (path) => {
      const { simulator } = scene
      const meeting = await scene.prepare('algebra')
      simulator.faults.dropNotifications(10)
      simulator.world.record(meeting, LECTURE)
      await simulator.settled()
      expect(await json(scene.relay.call('POST', path))).toMatchObject({
        conferenceId: 'algebra',
        found: 1,
        recordings: [{ status: 'available', conferenceId: 'algebra' }],
      })
      expect(await json(scene.relay.call('POST', path))).toMatchObject({ found: 0, recordings: [{}] })
      await scene.rest()
      expect(scene.told()).toEqual(['recording.available'])
    },
  )

  it('says so when Graph cannot be asked', async () => {
    await scene.prepare('algebra')
    scene.simulator.faults.failNext({ path: /drive/, status: 503, retryAfter: '60' })
    const response = await scene.relay.call('POST', '/v1/conferences/algebra/sync')
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ code: 'graph_503' })
  })
})

describe('diagnosis', () => {
  async function cause(id: string): Promise<unknown> {
    return json(scene.relay.call('GET', `/v1/conferences/${id}/diagnosis`))
  }

  it('tells each cause apart', async () => {
    const { simulator, relay } = scene
    const meeting = await scene.prepare('algebra')
    expect(await cause('algebra')).toMatchObject({ cause: 'not_over', whoCanMendIt: 'nobody' })
    simulator.clock.set(new Date('2026-11-24T10:10:00Z'))
    expect(await cause('algebra')).toMatchObject({ cause: 'processing' })
    simulator.clock.set(new Date('2026-11-24T13:00:00Z'))
    expect(await cause('algebra')).toMatchObject({ cause: 'not_held', whoCanMendIt: 'teacher' })
    simulator.world.hold(meeting, LECTURE)
    await scene.rest()
    expect(await cause('algebra')).toMatchObject({ cause: 'not_recorded', whoCanMendIt: 'teacher' })
    const { item } = simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect(await cause('algebra')).toMatchObject({ cause: 'available' })
    const [recording] = await scene.recordings()
    await relay.call('PATCH', `/v1/recordings/${recording?.id}`, { visibility: 'hidden' })
    expect(await cause('algebra')).toMatchObject({ cause: 'hidden' })
    simulator.world.deleteItem(item)
    await scene.rest()
    expect(await cause('algebra')).toMatchObject({ cause: 'deleted_upstream' })
  })

  it('knows a drive that nobody can read', async () => {
    scene.simulator.world.addPerson({ displayName: 'Grace', email: 'grace@example.edu', hasDrive: false })
    await scene.register('compilers', { organizer: { email: 'grace@example.edu' } })
    await scene.rest()
    expect(await cause('compilers')).toMatchObject({ cause: 'drive_not_watched', whoCanMendIt: 'admin' })
  })
})
