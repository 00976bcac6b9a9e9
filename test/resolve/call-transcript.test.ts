import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')
const VTT = 'WEBVTT\n\n-00:00:02.000 --> 00:00:01.500\n<v Ada Lovelace>Good morning.</v>\n'
const CAPTIONS = 'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n<v Ada Lovelace>Good morning.</v>\n'

let scene: Scene

beforeEach(async () => {
  scene = await startScene({
    environment: {
      WATCH: 'drives,callRecords,recordings,transcripts',
      GRAPH_CERTIFICATE_PATH: 'current-certificate.pem',
      GRAPH_PRIVATE_KEY_PATH: 'current-key.pem',
    },
    readFile: (path) => readFileSync(join(FIXTURES, path), 'utf8'),
  })
})

afterEach(() => scene.stop())

async function recorded(notify: { drive?: boolean; callRecording?: boolean; transcript?: boolean } = {}) {
  const meeting = await scene.prepare('algebra')
  scene.simulator.clock.set(new Date('2026-11-24T10:00:00Z'))
  await scene.rest()
  scene.simulator.world.record(meeting, { ...LECTURE, transcript: VTT, notify })
  await scene.rest()
  const [recording] = await scene.recordings()
  if (!recording) throw new Error('nothing was found')
  return recording
}

async function captions(id: string): Promise<Response> {
  const { contentUrl } = await scene.grant(id)
  return fetch(contentUrl.replace('/content?', '/captions?'))
}

describe('a transcript', () => {
  it('is told, and served as captions that begin with the recording', async () => {
    const { id } = await recorded()
    const types = (await scene.events()).map(({ type }) => type)
    expect(types.filter((type) => type === 'transcript.available')).toHaveLength(1)
    const told = (await scene.events()).find(({ type }) => type === 'transcript.available')
    expect(told?.data).toMatchObject({ recordingId: id, conferenceId: 'algebra', transcript: { namesSpeakers: true } })
    expect(JSON.stringify(await scene.events())).not.toContain('Good morning')
    const answer = await captions(id)
    expect(answer.headers.get('content-type')).toContain('text/vtt')
    expect(await answer.text()).toBe(CAPTIONS)
    const { watchUrl } = await scene.grant(id)
    expect(await (await fetch(watchUrl)).text()).toContain('<track kind="captions"')
  })

  it('belongs to whoever may see the recording, and to nobody else', async () => {
    const { id } = await recorded()
    expect((await fetch(`${scene.relay.url}/v1/recordings/${id}/captions`)).status).toBe(401)
    expect((await fetch(`${scene.relay.url}/v1/recordings/${id}/captions?grant=forged`)).status).toBe(403)
    await scene.relay.call('PATCH', `/v1/recordings/${id}`, { visibility: 'hidden' })
    expect((await scene.relay.call('GET', `/v1/recordings/${id}/captions`)).status).toBe(403)
  })

  it('finds its recording when it comes first, and never another one', async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.faults.failNext({ path: /root\/delta/, status: 503, retryAfter: '60' })
    scene.simulator.world.record(meeting, { ...LECTURE, transcript: VTT })
    await scene.rest()
    expect(scene.told()).toEqual([])
    scene.simulator.clock.advance(30 * 60_000)
    await scene.rest()
    expect(scene.told().sort()).toEqual(['recording.available', 'transcript.available'])
    const other = scene.simulator.world.scheduleMeeting({
      organizer: scene.ada,
      subject: 'Another',
      startsAt: LECTURE.startedAt,
      endsAt: LECTURE.endedAt,
    })
    scene.simulator.world.record(other, { ...LECTURE, startedAt: new Date('2026-11-24T09:20:00Z') })
    await scene.rest()
    const transcripts = (await scene.recordings()).filter(({ transcript }) => transcript !== null)
    expect(transcripts).toHaveLength(1)
  })

  it('that no notification announced is found by the sweep', async () => {
    await recorded({ transcript: false })
    expect(scene.told()).toEqual(['recording.available'])
    scene.simulator.clock.advance(20 * 60_000)
    await scene.rest()
    expect(scene.told().sort()).toEqual(['recording.available', 'transcript.available'])
  })

  it('comes without names where the tenant does not tell who speaks', async () => {
    scene.simulator.world.transcriptPolicy = 'unattributed'
    const { id, transcript } = await recorded()
    expect(transcript).toMatchObject({ namesSpeakers: false })
    expect(await (await captions(id)).text()).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nGood morning.\n')
  })

  it('that the tenant forbids is no reason to wait with the recording, and health says what to do', async () => {
    scene.simulator.world.transcriptPolicy = 'disabled'
    const { status, transcript } = await recorded()
    expect({ status, transcript }).toEqual({ status: 'available', transcript: null })
    const health = (await (await scene.relay.call('GET', '/v1/health')).json()) as {
      subscriptions: { kind: string; state: string; whatToDo: string }[]
    }
    expect(health.subscriptions.find(({ kind }) => kind === 'transcripts')).toMatchObject({
      state: 'forbidden',
      whatToDo: expect.stringContaining('Teams admin center'),
    })
    const asked = scene.simulator.requests.filter(({ path }) => path.includes('/transcripts/')).length
    expect(asked).toBeLessThan(3)
  })
})

describe('a callRecording that no notification announced', () => {
  it('is found by the sweep', async () => {
    const recording = await recorded({ callRecording: false, transcript: false })
    expect(recording).toMatchObject({ status: 'available', teams: null })
    scene.simulator.clock.advance(20 * 60_000)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', teams: { meetingId: expect.any(String) } }])
  })
})
