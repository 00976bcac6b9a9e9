import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEgress } from '../../src/publish/egress.ts'

let canary: Server
let port: number
let hits = 0

beforeAll(async () => {
  canary = createServer((request, response) => {
    hits += 1
    if (request.url === '/redirect') response.writeHead(307, { location: '/elsewhere' }).end()
    else if (request.url === '/huge') response.writeHead(200).end(Buffer.alloc(1024 * 1024))
    else if (request.url === '/silent') return
    else response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  const address = canary.address() as AddressInfo
  port = address.port
})

afterAll(() => {
  canary.closeAllConnections()
  canary.close()
})

function post(path: string, allow: string[], host = '127.0.0.1', timeoutMs = 2_000) {
  const egress = createEgress(allow)
  return egress.send({ url: `http://${host}:${port}${path}`, headers: {}, body: '{}', timeoutMs }).finally(egress.close)
}

describe('egress', () => {
  it.each(['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '[::7f00:1]', 'localhost', '0.0.0.0', '[::1]'])(
    'does not open a socket to %s',
    async (host) => {
      const before = hits
      await expect(post('/', [], host)).rejects.toThrow(/not a public https address/)
      expect(hits).toBe(before)
    },
  )

  it.each([
    'http://169.254.169.254/',
    'https://169.254.169.254/',
    'https://168.63.129.16/',
    'https://10.0.0.1/',
    'https://[fe80::1]/',
    'http://93.184.215.14/',
  ])('does not open a socket to %s', async (url) => {
    const egress = createEgress(['127.0.0.0/8', '169.254.0.0/16'])
    const sent = egress.send({ url, headers: {}, body: '', timeoutMs: 2_000 }).finally(egress.close)
    await expect(sent).rejects.toThrow(/not a public https address/)
  })

  it('reaches a private address that the operator allowed, by plain http too', async () => {
    await expect(post('/', ['127.0.0.0/8'])).resolves.toMatchObject({ status: 204 })
  })

  it('does not follow redirects', async () => {
    const before = hits
    await expect(post('/redirect', ['127.0.0.0/8'])).resolves.toMatchObject({ status: 307 })
    expect(hits).toBe(before + 1)
  })

  it('takes the status of an answer whose body is too large', async () => {
    await expect(post('/huge', ['127.0.0.0/8'])).resolves.toMatchObject({ status: 200 })
  })

  it('gives up on an endpoint that never answers', async () => {
    await expect(post('/silent', ['127.0.0.0/8'], '127.0.0.1', 200)).rejects.toThrow(/timeout|aborted/i)
  })
})
