import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Listening, listen } from '../../src/simulator/listen.ts'
import type { Meeting, Person } from '../../src/simulator/people.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'

const MINUTE_MS = 60_000
const NINE = new Date('2026-11-24T09:00:00.000Z')
const TEN = new Date('2026-11-24T10:00:00.000Z')
const LESSON = { startedAt: NINE, endedAt: TEN }
const UNATTRIBUTED = 'application/vnd.microsoft.graph.transcript+text'

const Page = z.looseObject({
  value: z.array(z.looseObject({ id: z.string() })),
  '@odata.nextLink': z.string().optional(),
})
const Refusal = z.object({
  error: z.object({ message: z.string(), innerError: z.looseObject({ code: z.string().optional() }) }),
})
const Token = z.object({ access_token: z.string() })

let simulator: Simulator
let ada: Person
let meeting: Meeting

beforeEach(async () => {
  simulator = await startSimulator()
  simulator.clock.set(TEN)
  ada = simulator.world.addPerson({ displayName: 'Ada Lovelace', email: 'ada@example.edu' })
  meeting = scheduled('Algebra')
})

afterEach(() => simulator.stop())

function scheduled(subject: string): Meeting {
  return simulator.world.scheduleMeeting({ organizer: ada, subject, startsAt: NINE, endsAt: TEN })
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const { authorityUrl, tenantId, clientId, clientSecret, graphUrl } = simulator
  const form = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' }
  const body = new URLSearchParams({ ...form, scope: 'https://graph.microsoft.com/.default' })
  const signedIn = await fetch(`${authorityUrl}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body })
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${Token.parse(await signedIn.json()).access_token}`)
  return fetch(path.startsWith('http') ? path : `${graphUrl}/v1.0${path}`, { ...init, headers })
}

async function statusOf(path: string): Promise<number> {
  return (await ask(path)).status
}

async function refusalOf(path: string) {
  const answer = await ask(path)
  const { message, innerError } = Refusal.parse(await answer.json()).error
  return { status: answer.status, message, code: innerError.code }
}

/** The sizes of the pages, and the ids on them. */
async function walk(path: string): Promise<{ sizes: number[]; ids: string[] }> {
  const page = Page.parse(await (await ask(path)).json())
  const next = page['@odata.nextLink']
  const rest = next ? await walk(next) : { sizes: [], ids: [] }
  return { sizes: [page.value.length, ...rest.sizes], ids: [...page.value.map(({ id }) => id), ...rest.ids] }
}

describe('a callRecord', () => {
  const pathOf = ({ id }: { id: string }) => `/communications/callRecords/${id}`

  it('has its organizer, and who took part and when only where that is asked for', async () => {
    const record = simulator.world.hold(meeting, LESSON)
    const plain = await (await ask(pathOf(record))).json()
    expect(plain).toMatchObject({ version: 1, organizer_v2: { id: ada.id } })
    expect(plain).not.toHaveProperty('sessions')
    const asked = `${pathOf(record)}?$expand=sessions($expand=segments),participants_v2`
    const times = { startDateTime: NINE.toISOString(), endDateTime: TEN.toISOString() }
    expect(await (await ask(asked)).json()).toMatchObject({
      sessions: [{ ...times, segments: [times] }],
      participants_v2: [{ identity: { user: { id: ada.id, displayName: 'Ada Lovelace' } } }],
    })
    expect(await statusOf(`${pathOf(record)}?$expand=participants`)).toBe(400)
  })

  it('has sixty sessions and a hundred and thirty participants on a page', async () => {
    const sessions = Array.from({ length: 61 }, () => LESSON)
    const record = simulator.world.hold(meeting, { ...LESSON, sessions, participants: 300 })
    expect((await walk(`${pathOf(record)}/sessions`)).sizes).toEqual([60, 1])
    const { sizes, ids } = await walk(`${pathOf(record)}/participants_v2`)
    expect(sizes).toEqual([130, 130, 40])
    expect(new Set(ids).size).toBe(300)
  })

  it('gives the first page of what is expanded, and where the next one is', async () => {
    Object.assign(simulator.world.pageSizes, { sessions: 1, participants: 2 })
    const record = simulator.world.hold(meeting, { ...LESSON, sessions: [LESSON, LESSON], participants: 3 })
    const Expanded = z.object({
      sessions: z.array(z.object({ id: z.string() })).length(1),
      participants_v2: z.array(z.object({ id: z.string() })).length(2),
      'sessions@odata.nextLink': z.string(),
      'participants_v2@odata.nextLink': z.string(),
    })
    const answer = await ask(`${pathOf(record)}?$expand=sessions($expand=segments),participants_v2`)
    const expanded = Expanded.parse(await answer.json())
    expect((await walk(expanded['sessions@odata.nextLink'])).ids).toEqual([record.sessions[1]?.id])
    expect((await walk(expanded['participants_v2@odata.nextLink'])).ids).toEqual([record.participants[2]?.id])
    expect(await (await ask(expanded['sessions@odata.nextLink'])).json()).toMatchObject({
      value: [{ segments: [{}] }],
    })
  })

  it('cannot be read while it is young', async () => {
    const record = simulator.world.hold(meeting, { ...LESSON, youngForMs: 5 * MINUTE_MS })
    expect(await statusOf(pathOf(record))).toBe(404)
    expect(await statusOf(`${pathOf(record)}/sessions`)).toBe(404)
    expect((await walk('/communications/callRecords')).ids).toEqual([])
    simulator.clock.advance(5 * MINUTE_MS)
    expect(await statusOf(pathOf(record))).toBe(200)
  })

  it('has a higher version once Graph knows more of the call', async () => {
    const half = new Date('2026-11-24T09:30:00.000Z')
    const sessions = [
      { startedAt: NINE, endedAt: half },
      { startedAt: half, endedAt: TEN },
    ]
    const record = simulator.world.hold(meeting, { ...LESSON, sessions })
    simulator.clock.advance(20 * MINUTE_MS)
    const endedAt = new Date('2026-11-24T10:15:00.000Z')
    simulator.world.updateCall(record, { endedAt, participants: 2 })
    expect(await (await ask(`${pathOf(record)}?$expand=sessions,participants_v2`)).json()).toMatchObject({
      version: 2,
      endDateTime: endedAt.toISOString(),
      lastModifiedDateTime: expect.stringMatching(/^2026-11-24T10:20/),
      sessions: [{ endDateTime: half.toISOString() }, { endDateTime: endedAt.toISOString() }],
      participants_v2: [{}, {}],
    })
  })

  it('is listed by its times for thirty days, in pages', async () => {
    simulator.world.pageSizes.callRecords = 2
    const [first, ...later] = [0, 1, 2].map((hours) => {
      const startedAt = new Date(NINE.getTime() + hours * 60 * MINUTE_MS)
      return simulator.world.hold(meeting, { startedAt, endedAt: startedAt })
    })
    const list = (filter: string) => walk(`/communications/callRecords?$filter=${encodeURIComponent(filter)}`)
    expect((await walk('/communications/callRecords')).sizes).toEqual([2, 1])
    const range = 'startDateTime ge 2026-11-24T09:00:00Z and startDateTime lt 2026-11-24T10:00:00Z'
    expect((await list(range)).ids).toEqual([first?.id])
    expect((await list('startDateTime ge 2026-11-24T10:00:00Z')).ids).toEqual(later.map(({ id }) => id))
    simulator.clock.advance(31 * 24 * 60 * MINUTE_MS)
    expect((await walk('/communications/callRecords')).ids).toEqual([])
  })

  it.each(['joinWebUrl eq x', "startDateTime ge 'yesterday'", 'startDateTime ge'])(
    'is not listed by %s',
    async (filter) => {
      expect(await statusOf(`/communications/callRecords?$filter=${encodeURIComponent(filter)}`)).toBe(400)
    },
  )

  it('is for apps that may read call records', async () => {
    const record = simulator.world.hold(meeting, LESSON)
    simulator.world.roles.delete('CallRecords.Read.All')
    for (const path of ['/communications/callRecords', pathOf(record), `${pathOf(record)}/participants_v2`]) {
      expect(await statusOf(path)).toBe(403)
    }
  })
})

describe.each([
  ['getAllRecordings', 'OnlineMeetingRecording.Read.All', 'callRecordings', 'recordings'],
  ['getAllTranscripts', 'OnlineMeetingTranscript.Read.All', 'transcripts', 'transcripts'],
] as const)('%s', (call, role, kind, size) => {
  const range = 'startDateTime=2026-11-24T08:00:00Z,endDateTime=2026-11-24T12:00:00Z'
  const path = (args: string, user = ada.id) => `/users/${user}/onlineMeetings/${call}(${args})`
  const all = () => path(`meetingOrganizerUserId='${ada.id}',${range}`)

  it('gives what the meetings of a person left behind in that time, in pages', async () => {
    simulator.world.pageSizes[size] = 2
    const meetings = [meeting, scheduled('Geometry')]
    for (const held of [meeting, ...meetings]) simulator.world.record(held, { ...LESSON, transcript: true })
    const yesterday = new Date('2026-11-23T09:00:00Z')
    simulator.world.record(meeting, { startedAt: yesterday, endedAt: yesterday, transcript: true })
    const { sizes, ids } = await walk(all())
    expect(sizes).toEqual([2, 1])
    const madeIn = (held: Meeting): { id: string; startedAt: Date }[] => held[kind]
    const made = meetings.flatMap(madeIn).filter(({ startedAt }) => startedAt > yesterday)
    expect(new Set(ids)).toEqual(new Set(made.map(({ id }) => id)))
  })

  it('leaves out meetings without a calendar event', async () => {
    const bare = simulator.world.createBareMeeting({ organizer: ada, subject: 'x', startsAt: NINE, endsAt: TEN })
    simulator.world.record(bare, { ...LESSON, transcript: true })
    expect((await walk(all())).ids).toEqual([])
  })

  it('is refused without an organizer, or with times that are none', async () => {
    expect(await statusOf(path(range))).toBe(400)
    expect(await statusOf(`/users/${ada.id}/onlineMeetings/${call}`)).toBe(400)
    expect(await statusOf(path(`meetingOrganizerUserId='${ada.id}',startDateTime=soon`))).toBe(400)
  })

  it('needs its role and the access policy of the person', async () => {
    ada.accessPolicy = false
    expect(await refusalOf(all())).toMatchObject({ message: 'No application access policy found for this app' })
    ada.accessPolicy = true
    simulator.world.roles.delete(role)
    expect(await statusOf(all())).toBe(403)
  })
})

describe('a transcript', () => {
  const VTT = 'WEBVTT\n\n00:00:16.246 --> 00:00:17.726\n<v Ada Lovelace>Good morning.</v>\n'
  const base = () => `/users/${ada.id}/onlineMeetings/${meeting.id}/transcripts`
  const recorded = (transcript: boolean | string = VTT) => {
    const { callRecording } = simulator.world.record(meeting, { ...LESSON, transcript })
    return { callRecording, path: `${base()}/${meeting.transcripts.at(-1)?.id}` }
  }

  it('shares its contentCorrelationId with its recording, and nothing else that would name it', async () => {
    simulator.world.record(meeting, LESSON)
    const { callRecording, path } = recorded()
    const { contentCorrelationId, callId, id } = callRecording
    const known = { contentCorrelationId, callId, meetingId: meeting.id, createdDateTime: NINE.toISOString() }
    const transcript = await (await ask(path)).json()
    expect(transcript).toMatchObject({
      ...known,
      meetingOrganizer: { user: { id: ada.id } },
      transcriptContentUrl: expect.stringMatching(/\/transcripts\/.*\/content$/),
    })
    expect(JSON.stringify(transcript)).not.toContain(id)
    expect(await (await ask(base())).json()).toEqual({ value: [transcript] })
  })

  it('is WebVTT, with who speaks', async () => {
    const { path } = recorded()
    for (const answer of [
      await ask(`${path}/content`, { headers: { accept: 'text/vtt' } }),
      await ask(`${path}/content?$format=text/vtt`),
    ]) {
      expect(answer.headers.get('content-type')).toMatch(/^text\/vtt/)
      expect(await answer.text()).toBe(VTT)
    }
    const short = await (await ask(`${recorded(true).path}/content`)).text()
    expect(short).toMatch(/^WEBVTT\n\n[\d:.]+ --> [\d:.]+\n<v Ada Lovelace>/)
  })

  it('comes without names where the tenant wants that', async () => {
    const { path } = recorded(VTT.replace('WEBVTT\n', 'WEBVTT\n\nNOTE language:en-us\n'))
    simulator.world.transcriptPolicy = 'unattributed'
    expect(await refusalOf(`${path}/content`)).toMatchObject({ status: 403, code: 'SpeakerAttributionNotAllowed' })
    const answer = await ask(`${path}/content`, { headers: { accept: UNATTRIBUTED } })
    expect((await answer.text()).trim()).toBe('00:00:16.246 --> 00:00:17.726\nGood morning.')
  })

  it('is not handed out where the tenant forbids it', async () => {
    const { path } = recorded()
    simulator.world.transcriptPolicy = 'disabled'
    expect(await refusalOf(`${path}/content`)).toMatchObject({ status: 403, code: 'GraphAccessToTranscriptsDisabled' })
  })

  it('is read with its own role, which opens no recording and changes no meeting', async () => {
    const { path } = recorded()
    const { roles } = simulator.world
    roles.clear()
    roles.add('OnlineMeetingTranscript.Read.All')
    expect(await statusOf(`${path}/content`)).toBe(200)
    const ofMeeting = `/users/${ada.id}/onlineMeetings/${meeting.id}`
    expect(await statusOf(`${ofMeeting}/recordings`)).toBe(403)
    const patch = { method: 'PATCH', body: JSON.stringify({ recordAutomatically: true }) }
    expect((await ask(ofMeeting, patch)).status).toBe(403)
    roles.delete('OnlineMeetingTranscript.Read.All')
    roles.add('OnlineMeetingRecording.Read.All')
    expect(await statusOf(path)).toBe(403)
  })
})

describe('notifications', () => {
  const Body = z.object({
    value: z.array(z.looseObject({ subscriptionId: z.string(), changeType: z.string(), resource: z.string() })),
    validationTokens: z.array(z.string()).nullish(),
  })
  const RESOURCES = {
    transcripts: 'communications/onlineMeetings/getAllTranscripts',
    recordings: 'communications/onlineMeetings/getAllRecordings',
    callRecords: '/communications/callRecords',
  }
  const certificate = readFileSync(join(import.meta.dirname, '../fixtures/current-certificate.pem'), 'utf8')
  let posted: z.output<typeof Body>[]
  let receiver: Listening

  beforeEach(async () => {
    posted = []
    const app = new Hono().post('/', async (c) => {
      const token = c.req.query('validationToken')
      if (token) return c.text(token)
      posted.push(Body.parse(await c.req.json()))
      return c.body(null, 202)
    })
    receiver = await listen(app.fetch)
  })

  afterEach(() => receiver.close())

  async function subscribe(kind: keyof typeof RESOURCES, resource: string = RESOURCES[kind]): Promise<string> {
    const rich = {
      includeResourceData: true,
      encryptionCertificate: certificate.replace(/-----[^-]+-----|\s/g, ''),
      encryptionCertificateId: 'current',
    }
    const body = JSON.stringify({
      resource,
      changeType: kind === 'callRecords' ? 'created,updated' : 'created',
      notificationUrl: `${receiver.url}/`,
      expirationDateTime: new Date(simulator.clock.now() + 50 * MINUTE_MS).toISOString(),
      ...(kind === 'callRecords' ? {} : rich),
    })
    const answer = await ask('/subscriptions', { method: 'POST', body })
    return z.object({ id: z.string() }).parse(await answer.json()).id
  }

  it('bring a transcript encrypted, with the tokens beside it', async () => {
    await subscribe('transcripts')
    simulator.world.record(meeting, { ...LESSON, transcript: true })
    await simulator.settled()
    const [transcript] = meeting.transcripts
    const resource = `communications/onlineMeetings('${meeting.id}')/transcripts('${transcript?.id}')`
    expect(posted).toMatchObject([
      {
        value: [
          {
            changeType: 'created',
            resource,
            resourceData: {
              id: transcript?.id,
              '@odata.type': '#Microsoft.Graph.callTranscript',
              '@odata.id': resource,
            },
            encryptedContent: { encryptionCertificateId: 'current', dataSignature: expect.any(String) },
          },
        ],
        validationTokens: [expect.any(String)],
      },
    ])
  })

  it('keep the capital letter of a recording', async () => {
    await subscribe('recordings')
    simulator.world.record(meeting, { ...LESSON, transcript: true })
    await simulator.settled()
    expect(posted).toMatchObject([{ value: [{ EncryptedContent: {} }] }])
  })

  it('tell of a transcript only where there is one, and nothing said not to', async () => {
    await subscribe('transcripts')
    simulator.world.record(meeting, LESSON)
    simulator.world.record(meeting, { ...LESSON, transcript: true, notify: { transcript: false } })
    await simulator.settled()
    expect(posted).toEqual([])
  })

  it('of one person are not those of another', async () => {
    const grace = simulator.world.addPerson({ displayName: 'Grace Hopper', email: 'grace@example.edu' })
    await subscribe('transcripts', `users/${grace.id}/onlineMeetings/getAllTranscripts`)
    const mine = await subscribe('transcripts', `users/${ada.id}/onlineMeetings/getAllTranscripts`)
    simulator.world.record(meeting, { ...LESSON, transcript: true })
    await simulator.settled()
    expect(posted.map(({ value }) => value[0]?.subscriptionId)).toEqual([mine])
  })

  it('can come without tokens', async () => {
    await subscribe('transcripts')
    simulator.notifications.withoutTokens = true
    simulator.world.record(meeting, { ...LESSON, transcript: true })
    await simulator.settled()
    expect(posted).toMatchObject([{ validationTokens: null }])
  })

  it('tell of a call, and of its later version', async () => {
    await subscribe('callRecords')
    const record = simulator.world.hold(meeting, LESSON)
    simulator.world.updateCall(record, { participants: 3 })
    await simulator.settled()
    const told = posted.map(({ value }) => [value[0]?.changeType, value[0]?.resource]).sort()
    const resource = `communications/callRecords/${record.id}`
    expect(told).toEqual([
      ['created', resource],
      ['updated', resource],
    ])
  })

  it('never reach a subscription that is deaf, though it lives', async () => {
    const calls = await subscribe('callRecords')
    await subscribe('transcripts')
    const { mute } = simulator.notifications
    mute.add(calls)
    mute.add(RESOURCES.transcripts)
    simulator.world.hold(meeting, LESSON)
    simulator.world.record(meeting, { ...LESSON, transcript: true })
    await simulator.settled()
    expect(posted).toEqual([])
    expect(await statusOf(`/subscriptions/${calls}`)).toBe(200)
    mute.clear()
    simulator.world.hold(meeting, LESSON)
    await simulator.settled()
    expect(posted).toHaveLength(1)
  })
})
