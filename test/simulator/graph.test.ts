import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Person } from '../../src/simulator/people.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'

let simulator: Simulator
let ada: Person
let receiver: Server
let address: string
/** What the receiver answers to a handshake. */
let echo: (token: string) => { status: number; body: string; type: string }
let posted: string[]

beforeEach(async () => {
  simulator = await startSimulator({ pageSize: 2 })
  ada = simulator.world.addPerson({ displayName: 'Ada', email: 'ada@example.edu' })
  echo = (token) => ({ status: 200, body: token, type: 'text/plain' })
  posted = []
  receiver = createServer((request, response) => {
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('validationToken')
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (token === null) posted.push(body)
      const answer = token === null ? { status: 202, body: '', type: 'text/plain' } : echo(token)
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  address = `http://127.0.0.1:${port}/notify`
})

afterEach(async () => {
  receiver.close()
  await simulator.stop()
})

async function signIn(changes: Record<string, string> = {}): Promise<Response> {
  const { authorityUrl, tenantId, clientId, clientSecret } = simulator
  const form = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' }
  const scope = 'https://graph.microsoft.com/.default'
  const body = new URLSearchParams({ ...form, scope, ...changes })
  return fetch(`${authorityUrl}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body })
}

const Token = z.object({ access_token: z.string() })
const Answer = z.looseObject({
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  value: z.array(z.looseObject({ id: z.string() })).optional(),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
})

async function graph(method: string, path: string, body?: unknown) {
  const { access_token } = Token.parse(await (await signIn()).json())
  const url = path.startsWith('http') ? path : `${simulator.graphUrl}/v1.0${path}`
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' }
  const response = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: Answer.parse(text.startsWith('{') ? JSON.parse(text) : {}),
  }
}

const MINUTE_MS = 60_000

function subscription(changes: Record<string, unknown> = {}) {
  return {
    changeType: 'updated',
    resource: `/drives/${ada.driveId}/root`,
    notificationUrl: address,
    lifecycleNotificationUrl: address,
    clientState: 'secret',
    expirationDateTime: new Date(simulator.clock.now() + 1_000 * MINUTE_MS).toISOString(),
    ...changes,
  }
}

function inMinutes(minutes: number): string {
  return new Date(simulator.clock.now() + minutes * MINUTE_MS).toISOString()
}

describe('sign-in', () => {
  it.each([
    [{ client_secret: 'wrong' }, 'invalid_client'],
    [{ client_id: 'unknown' }, 'unauthorized_client'],
    [{ scope: 'openid' }, 'invalid_scope'],
    [{ grant_type: 'password' }, 'unsupported_grant_type'],
  ])('refuses %j', async (changes, error) => {
    const response = await signIn(changes)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error })
  })

  it('is asked for by Graph', async () => {
    for (const authorization of ['', 'Bearer x', `Bearer ${await simulator.signIn.validationToken()}`]) {
      const response = await fetch(`${simulator.graphUrl}/v1.0/drives/${ada.driveId}`, { headers: { authorization } })
      expect(response.status).toBe(401)
    }
    simulator.world.roles.clear()
    expect((await graph('GET', `/drives/${ada.driveId}`)).status).toBe(403)
  })
})

describe('subscriptions', () => {
  it('are granted after a handshake with both addresses', async () => {
    const { status, body } = await graph('POST', '/subscriptions', subscription())
    expect(status).toBe(201)
    expect(body).not.toHaveProperty('clientState')
    expect(simulator.subscriptions.list()).toHaveLength(1)
  })

  it.each([
    ['an error', () => ({ status: 500, body: '', type: 'text/plain' }), "'500'"],
    ['another token', () => ({ status: 200, body: 'x', type: 'text/plain' }), '200 OK'],
    [
      'the token still encoded',
      (token: string) => ({ status: 200, body: encodeURIComponent(token), type: 'text/plain' }),
      '200 OK',
    ],
    ['a page', (token: string) => ({ status: 200, body: token, type: 'text/html' }), 'text/plain'],
  ])('are refused where the handshake is answered with %s', async (_what, answer, message) => {
    echo = answer
    const { status, body } = await graph('POST', '/subscriptions', subscription())
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ code: 'ValidationError', message: expect.stringContaining(message) })
    expect(simulator.subscriptions.list()).toEqual([])
  })

  it.each([
    ['another change', { changeType: 'created' }],
    ['a folder', { resource: '/drives/x/root:/Recordings' }],
    ['rich drive notifications', { includeResourceData: true }],
    ['a long clientState', { clientState: 'x'.repeat(129) }],
    ['plain http to elsewhere', { notificationUrl: 'http://relay.example.edu/' }],
    ['a past expiry', { expirationDateTime: '2020-01-01T00:00:00Z' }],
    ['no resource', { resource: undefined }],
    [
      'a certificate that is none',
      {
        resource: 'communications/onlineMeetings/getAllRecordings',
        changeType: 'created',
        includeResourceData: true,
        encryptionCertificate: 'c3No',
        encryptionCertificateId: '1',
      },
    ],
    [
      'a long life without a lifecycle address',
      { resource: '/communications/callRecords', changeType: 'created', lifecycleNotificationUrl: undefined },
    ],
  ])('are refused with %s', async (_what, changes) => {
    expect((await graph('POST', '/subscriptions', subscription(changes))).status).toBe(400)
  })

  it.each([
    ['/drives/{drive}/root', 'updated', 42_300],
    ['/communications/callRecords', 'created', 4_230],
    ['communications/onlineMeetings/getAllRecordings', 'created', 4_320],
  ])('of %s have a ceiling and a floor', async (path, changeType, ceiling) => {
    const wanted = { resource: path.replace('{drive}', ada.driveId), changeType }
    const tooLong = await graph(
      'POST',
      '/subscriptions',
      subscription({ ...wanted, expirationDateTime: inMinutes(ceiling + 1) }),
    )
    expect(tooLong.body.error).toMatchObject({
      code: 'ExtensionError',
      message: expect.stringContaining(String(ceiling)),
    })
    const short = await graph('POST', '/subscriptions', subscription({ ...wanted, expirationDateTime: inMinutes(1) }))
    expect(short.status).toBe(201)
    expect(Date.parse(String(short.body.expirationDateTime))).toBeGreaterThan(simulator.clock.now() + 44 * MINUTE_MS)
  })

  it('are refused a second time', async () => {
    await graph('POST', '/subscriptions', subscription())
    const { status, body } = await graph('POST', '/subscriptions', subscription())
    expect(status).toBe(409)
    expect(body.error?.message).toMatch(/^Subscription Id .* already exists for the requested combination$/)
  })

  it('expire, and tell nobody', async () => {
    const { body } = await graph('POST', '/subscriptions', subscription())
    simulator.clock.advance(1_001 * MINUTE_MS)
    simulator.world.upload(ada, { name: 'x.txt', bytes: new Uint8Array(1) })
    await simulator.settled()
    expect(posted).toEqual([])
    const patch = { expirationDateTime: inMinutes(100) }
    expect((await graph('PATCH', `/subscriptions/${body.id}`, patch)).status).toBe(404)
  })

  it('tap on the shoulder, and say neither what nor where', async () => {
    await graph('POST', '/subscriptions', subscription())
    const file = simulator.world.upload(ada, { name: 'x.txt', bytes: new Uint8Array(1) })
    await simulator.settled()
    expect(posted).toHaveLength(1)
    expect(JSON.parse(posted[0] ?? '')).toMatchObject({
      value: [{ clientState: 'secret', changeType: 'updated', resourceData: null }],
    })
    expect(posted[0]).not.toContain(file.id)
  })
})

describe('delta', () => {
  const delta = (query = '') => graph('GET', `/drives/${ada.driveId}/root/delta${query}`)

  async function readAll(link: string): Promise<{ items: Record<string, unknown>[]; deltaLink: string }> {
    const { body } = await graph('GET', link)
    const items = body.value ?? []
    const next = body['@odata.nextLink']
    if (!next) return { items, deltaLink: body['@odata.deltaLink'] ?? '' }
    const rest = await readAll(next)
    return { ...rest, items: [...items, ...rest.items] }
  }

  it('comes in pages, and then only what changed', async () => {
    for (const name of ['a', 'b', 'c']) simulator.world.upload(ada, { name, bytes: new Uint8Array(1) })
    const all = await readAll(`/drives/${ada.driveId}/root/delta`)
    expect(all.items.map(({ name }) => name)).toEqual(['root', 'a', 'b', 'c'])
    const item = simulator.world.upload(ada, { name: 'd', bytes: new Uint8Array(1) })
    const changed = await readAll(all.deltaLink)
    expect(changed.items).toMatchObject([{ name: 'd', parentReference: { driveId: ada.driveId } }])
    expect(changed.items[0]?.parentReference).not.toHaveProperty('path')
    simulator.world.deleteItem(item)
    const [gone] = (await readAll(changed.deltaLink)).items
    expect(gone).toMatchObject({ id: item.id, deleted: { state: 'deleted' } })
    expect(gone).not.toHaveProperty('name')
  })

  it('can begin now', async () => {
    simulator.world.upload(ada, { name: 'a', bytes: new Uint8Array(1) })
    const { body } = await delta('?token=latest')
    expect(body.value).toEqual([])
    expect((await readAll(body['@odata.deltaLink'] ?? '')).items).toEqual([])
  })

  it('answers 410 with a fresh start once the token has expired', async () => {
    const { deltaLink } = await readAll(`/drives/${ada.driveId}/root/delta`)
    simulator.clock.advance(31 * 24 * 60 * MINUTE_MS)
    const { status, body, headers } = await graph('GET', deltaLink)
    expect(status).toBe(410)
    expect(body.error?.code).toBe('resyncRequired')
    expect((await graph('GET', headers.get('location') ?? '')).status).toBe(200)
  })
})

describe('content', () => {
  it('redirects to an address that needs no bearer, takes none, and expires', async () => {
    const item = simulator.world.upload(ada, {
      name: 'a.mp4',
      bytes: Uint8Array.from([1, 2, 3, 4, 5]),
      mimeType: 'video/mp4',
    })
    const { status, headers } = await graph('GET', `/drives/${ada.driveId}/items/${item.id}/content`)
    expect(status).toBe(302)
    const url = headers.get('location') ?? ''
    expect(new URL(url).origin).not.toBe(simulator.graphUrl)
    const part = await fetch(url, { headers: { range: 'bytes=1-2' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 1-2/5')
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(Uint8Array.from([2, 3]))
    expect((await fetch(url, { headers: { range: 'bytes=9-' } })).status).toBe(416)
    expect((await fetch(url, { headers: { authorization: 'Bearer x' } })).status).toBe(400)
    simulator.clock.advance(6 * MINUTE_MS)
    expect((await fetch(url)).status).toBe(401)
  })
})

describe('meetings', () => {
  const event = () => ({
    subject: 'Algebra',
    start: { dateTime: '2026-11-24T09:00:00', timeZone: 'UTC' },
    end: { dateTime: '2026-11-24T10:00:00', timeZone: 'UTC' },
    isOnlineMeeting: true,
    onlineMeetingProvider: 'teamsForBusiness',
    transactionId: 'one',
  })

  it('are made once for a transactionId, and found by their join URL', async () => {
    const first = await graph('POST', `/users/${ada.email}/events`, event())
    expect(first.status).toBe(201)
    expect((await graph('POST', `/users/${ada.email}/events`, event())).body.id).toBe(first.body.id)
    const [meeting] = simulator.world.meetings
    const filter = encodeURIComponent(`JoinWebUrl eq '${meeting?.joinUrl}'`)
    const found = await graph('GET', `/users/${ada.id}/onlineMeetings?$filter=${filter}`)
    expect(found.body.value).toMatchObject([{ id: meeting?.id, recordAutomatically: false }])
    ada.accessPolicy = false
    const refused = await graph('GET', `/users/${ada.id}/onlineMeetings?$filter=${filter}`)
    expect(refused).toMatchObject({
      status: 403,
      body: { error: { message: 'No application access policy found for this app' } },
    })
  })

  it('without a calendar event have no recordings', async () => {
    const meeting = { subject: 'x', startDateTime: '2026-11-24T09:00:00Z', endDateTime: '2026-11-24T10:00:00Z' }
    const { body } = await graph('POST', `/users/${ada.id}/onlineMeetings`, meeting)
    const path = `/users/${ada.id}/onlineMeetings/${encodeURIComponent(String(body.id))}/recordings`
    expect((await graph('GET', path)).body.error?.message).toMatch(/^No iCalUid found for the meeting/)
  })

  it('leave a callRecord for thirty days', async () => {
    const meeting = simulator.world.scheduleMeeting({
      organizer: ada,
      subject: 'x',
      startsAt: new Date(),
      endsAt: new Date(),
    })
    const { id } = simulator.world.hold(meeting, { startedAt: simulator.clock.date(), endedAt: simulator.clock.date() })
    const record = await graph('GET', `/communications/callRecords/${id}`)
    expect(record.body).toMatchObject({ joinWebUrl: meeting.joinUrl, organizer_v2: { id: ada.id } })
    simulator.clock.advance(31 * 24 * 60 * MINUTE_MS)
    expect((await graph('GET', `/communications/callRecords/${id}`)).status).toBe(404)
  })
})

describe('the LMS', () => {
  it('refuses what is not signed with its secret', async () => {
    const headers = {
      'webhook-id': 'x',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': 'v1,AAAA',
    }
    expect((await fetch(simulator.lms.url, { method: 'POST', headers, body: '{}' })).status).toBe(401)
    expect(simulator.lms.refused).toBe(1)
  })
})
