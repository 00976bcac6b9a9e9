import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')

const Body = z.looseObject({
  value: z.tuple([z.looseObject({ EncryptedContent: z.looseObject({ data: z.string() }) })]),
  validationTokens: z.array(z.string()),
})

let scene: Scene

beforeEach(async () => {
  scene = await startScene({
    environment: {
      WATCH: 'drives,callRecords,recordings',
      GRAPH_CERTIFICATE_PATH: 'current-certificate.pem,previous-certificate.pem',
      GRAPH_PRIVATE_KEY_PATH: 'current-key.pem,previous-key.pem',
    },
    readFile: (path) => readFileSync(join(FIXTURES, path), 'utf8'),
  })
})

afterEach(() => scene.stop())

/** Records with Graph telling only of the callRecording, and gives that notification. */
async function intercept() {
  const { simulator } = scene
  const meeting = await scene.prepare('algebra')
  simulator.world.record(meeting, { ...LECTURE, notify: { drive: false } })
  await simulator.settled()
  const sent = simulator.notifications.sent.find(({ body }) => body.includes('EncryptedContent'))
  if (!sent) throw new Error('Graph sent no encrypted notification')
  return { url: sent.url, body: Body.parse(JSON.parse(sent.body)) }
}

describe('an encrypted callRecording notification', () => {
  it('is decrypted, and brings the recording before its file is announced', async () => {
    const { simulator } = scene
    const meeting = await scene.prepare('algebra')
    const { callRecording } = simulator.world.record(meeting, { ...LECTURE, notify: { drive: false } })
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([
      {
        status: 'available',
        conferenceId: 'algebra',
        teams: {
          recordingId: callRecording.id,
          meetingId: meeting.id,
          contentCorrelationId: callRecording.contentCorrelationId,
        },
        match: { confidence: 1 },
      },
    ])
    expect(scene.told()).toEqual(['recording.available'])
  })

  it('waits for its file where that comes later, and becomes one recording with it', async () => {
    const { simulator } = scene
    const meeting = await scene.prepare('algebra')
    simulator.faults.failNext({ path: /root\/delta/, status: 503, retryAfter: '60' })
    simulator.world.record(meeting, { ...LECTURE, notify: { drive: false } })
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'waiting', conferenceId: 'algebra' }])
    expect(scene.told()).toEqual([])
    simulator.clock.advance(30 * 60_000)
    await scene.relay.settle()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'algebra' }])
    expect(scene.told()).toContain('recording.available')
  })

  it('keeps nothing of its content in clear while it waits', async () => {
    const { body } = await intercept()
    const items = await scene.relay.service.store.inbox.list({ lane: 'callRecording', limit: 10 })
    expect(items).toHaveLength(1)
    expect(JSON.stringify(items)).toContain(body.value[0].EncryptedContent.data)
    expect(JSON.stringify(items)).not.toContain('contentCorrelationId')
  })

  const forged = {
    'truncated base64': ({ value: [{ EncryptedContent }] }: z.output<typeof Body>) => {
      EncryptedContent.data = EncryptedContent.data.slice(0, -7)
    },
    'no signature at all': ({ value: [{ EncryptedContent }] }: z.output<typeof Body>) => {
      delete EncryptedContent.dataSignature
    },
    'a signature over the text instead of the bytes': ({ value: [{ EncryptedContent }] }: z.output<typeof Body>) => {
      EncryptedContent.dataSignature = createHash('sha256').update(EncryptedContent.data).digest('base64')
    },
    'a token that nobody signed': (body: z.output<typeof Body>) => {
      const [, claims = ''] = body.validationTokens[0]?.split('.') ?? []
      body.validationTokens = [`${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`]
    },
    'a token signed with a shared secret': async (body: z.output<typeof Body>) => {
      const claims = decodeJwt(body.validationTokens[0] ?? '')
      const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'simulator-key-1' })
      body.validationTokens = [await token.sign(Buffer.from('the public key of somebody, as a secret'))]
    },
    'another tenant': (body: z.output<typeof Body>) => {
      body.value[0].tenantId = '00000000-0000-0000-0000-000000000000'
    },
    'no tenant': (body: z.output<typeof Body>) => {
      delete body.value[0].tenantId
    },
    'a changed signature': (body: z.output<typeof Body>) => {
      body.value[0].EncryptedContent.dataSignature = Buffer.alloc(32).toString('base64')
    },
    'changed data': (body: z.output<typeof Body>) => {
      body.value[0].EncryptedContent.data = Buffer.alloc(64).toString('base64')
    },
    'a key for another certificate': (body: z.output<typeof Body>) => {
      body.value[0].EncryptedContent.dataKey = Buffer.alloc(256).toString('base64')
    },
    'an unknown certificate': (body: z.output<typeof Body>) => {
      body.value[0].EncryptedContent.encryptionCertificateId = 'unknown'
    },
    'no validation token': (body: z.output<typeof Body>) => {
      body.validationTokens = []
    },
    'a changed validation token': (body: z.output<typeof Body>) => {
      body.validationTokens = body.validationTokens.map((token) => token.replace(/\.[^.]+$/, `.${'A'.repeat(342)}`))
    },
  }

  it.each(Object.entries(forged))('is refused with %s, and changes nothing', async (what, forge) => {
    const { url, body } = await intercept()
    const [entry] = await scene.relay.service.store.inbox.list({ lane: 'callRecording', limit: 1 })
    await scene.relay.service.store.inbox.claim({ by: 'nobody', limit: 50, leaseMs: 86_400_000 })
    const resource = String(body.value[0].resource).replace(/recordings\('.*'\)/, "recordings('forged')")
    body.value[0].resource = resource
    await forge(body)
    scene.simulator.notifications.resend({ url, body: JSON.stringify(body) })
    await scene.rest()
    const dead = await scene.relay.service.store.inbox.list({ state: 'dead', limit: 10 })
    // Another tenant is refused at the door.
    expect(dead).toHaveLength(what === 'another tenant' ? 0 : 1)
    expect(dead[0]?.id).not.toBe(entry?.id)
    expect(await scene.recordings()).toEqual([])
    const { contentCorrelationId } = scene.simulator.world.meetings[0]?.callRecordings[0] ?? {}
    expect(contentCorrelationId).toBeTruthy()
    expect(JSON.stringify([scene.relay.logged, dead])).not.toContain(contentCorrelationId)
  })

  it('is refused with the content of another one', async () => {
    const { url, body } = await intercept()
    await scene.relay.service.store.inbox.claim({ by: 'nobody', limit: 50, leaseMs: 86_400_000 })
    body.value[0].resource = "communications/onlineMeetings('other')/recordings('other')"
    scene.simulator.notifications.resend({ url, body: JSON.stringify(body) })
    await scene.rest()
    const dead = await scene.relay.service.store.inbox.list({ state: 'dead', limit: 10 })
    expect(dead).toMatchObject([{ lastError: expect.stringContaining('belongs to another resource') }])
    expect(await scene.recordings()).toEqual([])
  })

  it('without any token is refused, and health names the setting that keeps Graph from sending them', async () => {
    const { simulator, relay } = scene
    const meeting = await scene.prepare('algebra')
    simulator.notifications.withoutTokens = true
    simulator.world.record(meeting, { ...LECTURE, notify: { drive: false } })
    await scene.rest()
    const health = async () => {
      const { subscriptions } = (await (await relay.call('GET', '/v1/health')).json()) as {
        subscriptions: { kind: string; state: string; whatToDo: string }[]
      }
      return subscriptions.find(({ kind }) => kind === 'recordings')
    }
    expect(await health()).toMatchObject({
      state: 'forbidden',
      whatToDo: expect.stringContaining('appRoleAssignmentRequired'),
    })
    simulator.clock.advance(20 * 60_000)
    await scene.rest()
    expect(await health()).toMatchObject({ state: 'forbidden' })
    simulator.notifications.withoutTokens = false
    simulator.world.record(meeting, { ...LECTURE, startedAt: new Date('2026-11-24T09:30:00Z') })
    await scene.rest()
    expect(await health()).toMatchObject({ state: 'healthy' })
  })

  it('is accepted with a token whose key is new, and asks for keys at most once a minute', async () => {
    const { url, body } = await intercept()
    await scene.rest()
    const asked = scene.simulator.signIn.keysAsked
    for (let forgery = 0; forgery < 5; forgery++) {
      await scene.simulator.signIn.rotateKeys()
      body.value[0].resource = `communications/onlineMeetings('m')/recordings('forged-${forgery}')`
      body.validationTokens = [await scene.simulator.signIn.validationToken()]
      scene.simulator.notifications.resend({ url, body: JSON.stringify(body) })
      await scene.rest()
    }
    expect(scene.simulator.signIn.keysAsked - asked).toBeLessThanOrEqual(1)
  })

  it.each([
    ['another audience', { aud: 'somebody-else' }],
    ['another tenant', { tid: '00000000-0000-0000-0000-000000000000' }],
    ['another app', { azp: '00000000-0000-0000-0000-000000000000' }],
    ['another issuer', { iss: 'https://evil.example.test/v2.0' }],
    ['an expired token', { exp: 1_700_000_000, nbf: 1_600_000_000 }],
  ])('is refused with a token for %s', async (_what, claims) => {
    const { url, body } = await intercept()
    await scene.relay.service.store.inbox.claim({ by: 'nobody', limit: 50, leaseMs: 86_400_000 })
    body.value[0].resource = "communications/onlineMeetings('m')/recordings('forged')"
    body.validationTokens = [await scene.simulator.signIn.validationToken({ claims })]
    scene.simulator.notifications.resend({ url, body: JSON.stringify(body) })
    await scene.rest()
    expect(await scene.relay.service.store.inbox.list({ state: 'dead', limit: 10 })).toHaveLength(1)
    expect(await scene.recordings()).toEqual([])
  })

  it('is accepted with a token of either version', async () => {
    const { url, body } = await intercept()
    body.validationTokens = [await scene.simulator.signIn.validationToken({ version: '1.0' })]
    scene.simulator.notifications.resend({ url, body: JSON.stringify(body) })
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available' }])
  })
})
