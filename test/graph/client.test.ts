import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type GraphClient, graphClient } from '../../src/graph/client.ts'
import { deltaPages } from '../../src/graph/drives.ts'
import { parseRetryAfter } from '../../src/graph/refusal.ts'

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
})
