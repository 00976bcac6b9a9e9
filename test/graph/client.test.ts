import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type GraphClient, graphClient } from '../../src/graph/client.ts'
import { deltaPages } from '../../src/graph/drives.ts'
import { parseRetryAfter } from '../../src/graph/refusal.ts'
import { renewSubscriptions } from '../../src/graph/subscriptions.ts'
import { Throttle } from '../../src/graph/throttle.ts'

const GRAPH = 'https://graph.example.test'
const Named = z.object({ name: z.string() })

let graph: GraphClient

beforeEach(() => {
  nock.disableNetConnect()
  graph = graphClient({ graphUrl: GRAPH, token: async () => 'bearer', clock: Date.now, fetch })
})

afterEach(() => {
  nock.abortPendingRequests()
  nock.cleanAll()
  nock.enableNetConnect()
})

function refusal(code: string) {
  return { error: { code, message: `${code}.`, innerError: { 'request-id': 'r-1', date: '2026-11-24' } } }
}

describe('Graph client', () => {
  it('sends the bearer to the configured host, with an id of the request', async () => {
    nock(GRAPH, { reqheaders: { authorization: 'Bearer bearer', 'client-request-id': /^[0-9a-f-]{36}$/ } })
      .get('/v1.0/drives/b!x')
      .reply(200, { name: 'drive' })
    await expect(graph.get('/drives/b!x', Named)).resolves.toEqual({ name: 'drive' })
  })

  it('follows a link of Graph as it was given', async () => {
    const token = "aTE09NjM2;c2g='x'%20y+z%3D%3D"
    nock(GRAPH)
      .get('/v1.0/drives/d/root/delta')
      .reply(200, { value: [{ id: '1' }], '@odata.nextLink': `${GRAPH}/v1.0/drives/d/root/delta?token=${token}` })
    let asked = ''
    nock(GRAPH)
      .get((path) => {
        asked = path
        return path.includes('token=')
      })
      .reply(200, { value: [{ id: '2' }], '@odata.deltaLink': `${GRAPH}/v1.0/drives/d/root/delta?token=end` })
    const ids: string[] = []
    for await (const { items } of deltaPages(graph, 'd', null)) ids.push(...items.map(({ id }) => id))
    expect(ids).toEqual(['1', '2'])
    expect(decodeURIComponent(asked)).toBe(decodeURIComponent(`/v1.0/drives/d/root/delta?token=${token}`))
  })

  it('never follows a link to a foreign host with its bearer', async () => {
    await expect(graph.get('https://evil.example.test/v1.0/x', Named)).rejects.toMatchObject({
      code: 'graph_foreign_link',
    })
  })

  it('waits as asked and tries again after 429', async () => {
    nock(GRAPH).get('/v1.0/x').reply(429, refusal('tooManyRequests'), { 'retry-after': '0.05' })
    nock(GRAPH).get('/v1.0/x').reply(200, { name: 'x' })
    await expect(graph.get('/x', Named)).resolves.toEqual({ name: 'x' })
  })

  it('leaves a long wait to the queue', async () => {
    nock(GRAPH).get('/v1.0/x').reply(429, refusal('tooManyRequests'), { 'retry-after': '120' })
    await expect(graph.get('/x', Named)).rejects.toMatchObject({
      code: 'graph_429',
      next: 'retry',
      retryAfterMs: 120_000,
    })
  })

  it('sends a POST only once where it may have been carried out', async () => {
    const once = nock(GRAPH).post('/v1.0/users/u/events').reply(504, refusal('timeout'))
    await expect(graph.post('/users/u/events', {}, Named)).rejects.toMatchObject({ code: 'graph_504' })
    expect(once.isDone()).toBe(true)
    expect(nock.pendingMocks()).toEqual([])
  })

  it('tells what Graph refused, with the id of the request and without the bearer', async () => {
    nock(GRAPH).get('/v1.0/x').reply(403, refusal('accessDenied'), { 'request-id': 'r-2' })
    const error: unknown = await graph.get('/x', Named).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ graphStatus: 403, graphCode: 'accessDenied', requestId: 'r-2', next: 'retry' })
    expect(String(error)).not.toMatch(/bearer/i)
  })

  it('does not take something else for an answer', async () => {
    nock(GRAPH).get('/v1.0/x').reply(200, '<html>welcome to the hotel</html>')
    await expect(graph.get('/x', Named)).rejects.toMatchObject({ code: 'graph_nonsense', next: 'retry' })
  })

  it('says so when nobody answers', async () => {
    nock(GRAPH).get('/v1.0/x').times(3).replyWithError(new Error('ECONNRESET'))
    await expect(graph.get('/x', Named)).rejects.toMatchObject({ code: 'graph_unreachable', next: 'retry' })
  })

  it('gives the address of bytes without following it', async () => {
    nock(GRAPH).get('/v1.0/x/content').reply(302, '', { location: 'https://bytes.example.test/f?tempauth=1' })
    await expect(graph.locate('/x/content')).resolves.toBe('https://bytes.example.test/f?tempauth=1')
  })

  it.each([
    ['2.128', 2_128],
    ['0', 0],
    ['Tue, 24 Nov 2026 12:00:10 GMT', 10_000],
    ['soon', undefined],
    [null, undefined],
  ])('reads Retry-After %s', (header, ms) => {
    expect(parseRetryAfter(header, Date.parse('2026-11-24T12:00:00Z'))).toBe(ms)
  })

  it('says who it is, as SharePoint asks', async () => {
    nock(GRAPH, { reqheaders: { 'user-agent': /^NONISV\|RecordingRelay\|/ } })
      .get('/v1.0/drives/d')
      .reply(200, { name: 'drive' })
    await expect(graph.get('/drives/d', Named)).resolves.toEqual({ name: 'drive' })
  })

  it('asks the same workload nothing more while Graph wants a pause, and the others as before', async () => {
    let now = Date.parse('2026-11-24T10:00:00Z')
    const paused = graphClient({ graphUrl: GRAPH, token: async () => 'bearer', clock: () => now, fetch })
    nock(GRAPH).get('/v1.0/drives/a').reply(429, refusal('TooManyRequests'), { 'retry-after': '120' })
    nock(GRAPH).get('/v1.0/subscriptions/s').reply(200, { name: 'subscription' })
    await expect(paused.get('/drives/a', Named)).rejects.toMatchObject({ code: 'graph_429' })
    await expect(paused.get('/drives/b', Named)).rejects.toMatchObject({ code: 'graph_busy', retryAfterMs: 120_000 })
    expect(paused.isPressed('drives')).toBe(true)
    await expect(paused.get('/subscriptions/s', Named)).resolves.toEqual({ name: 'subscription' })
    now += 121_000
    nock(GRAPH).get('/v1.0/drives/b').reply(200, { name: 'drive' })
    await expect(paused.get('/drives/b', Named)).resolves.toEqual({ name: 'drive' })
    expect(paused.isPressed('drives')).toBe(false)
  })

  it('asks half as often after a refusal, and slowly as often as before', async () => {
    let now = Date.parse('2026-11-24T10:00:00Z')
    const throttle = new Throttle(() => now)
    const goesIn = async (ms: number) => {
      now += ms
      let gone = 0
      const work = async () => void gone++
      await Promise.allSettled(Array.from({ length: 5 }, () => throttle.run('drives', 10, work)))
      return gone
    }
    throttle.pause('drives', 1_000)
    throttle.pause('drives', 1_000)
    now += 1_000
    expect(await goesIn(0)).toBe(5)
    throttle.note('drives', 0)
    expect(await goesIn(250)).toBe(1)
    throttle.note('drives', 0)
    now += 600_000
    throttle.note('drives', 0)
    expect(await goesIn(250)).toBe(2)
  }, 30_000)

  it('heeds what Graph says is left of a limit', async () => {
    const headers = { 'ratelimit-limit': '1200', 'ratelimit-remaining': '40', 'ratelimit-reset': '30' }
    nock(GRAPH).get('/v1.0/drives/a').reply(200, { name: 'drive' }, headers)
    expect(graph.isPressed('drives')).toBe(false)
    await graph.get('/drives/a', Named)
    expect(graph.isPressed('drives')).toBe(true)
  })

  it('has no more than thirty-two requests under way', async () => {
    let underWay = 0
    let most = 0
    const busy = graphClient({
      graphUrl: GRAPH,
      token: async () => 'bearer',
      clock: Date.now,
      fetch: async () => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setTimeout(resolve, 5))
        underWay -= 1
        return Response.json({ name: 'drive' })
      },
    })
    await Promise.all(Array.from({ length: 100 }, (_, index) => busy.get(`/drives/${index}`, Named)))
    expect(most).toBe(32)
  })

  it('renews many subscriptions in one request, each with its own answer', async () => {
    const granted = { id: 'a', resource: '/drives/a/root', changeType: 'updated', expirationDateTime: '2026-12-20' }
    nock(GRAPH)
      .post('/v1.0/$batch', ({ requests }) => requests.length === 3 && requests[1].url === '/subscriptions/b')
      .reply(200, {
        responses: [
          { id: '2', status: 429, headers: { 'Retry-After': '7' }, body: refusal('TooManyRequests') },
          { id: '0', status: 200, body: granted },
          { id: '1', status: 404, body: refusal('ResourceNotFound') },
        ],
      })
    const renewal = { expirationDateTime: '2026-12-20T00:00:00Z' }
    const ids = ['a', 'b', 'c']
    const answers = await renewSubscriptions(
      graph,
      ids.map((id) => ({ id, renewal })),
      Date.now(),
    )
    expect(answers).toMatchObject([{ id: 'a' }, { graphStatus: 404 }, { graphStatus: 429, retryAfterMs: 7_000 }])
  })
})
