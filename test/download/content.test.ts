import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '../../src/simulator/drive.ts'
import { LECTURE, type Scene, startScene } from '../scene.ts'

let scene: Scene
let item: Item
let id: string

beforeEach(async () => {
  scene = await startScene()
  const meeting = await scene.prepare('algebra')
  item = scene.simulator.world.record(meeting, LECTURE).item
  await scene.simulator.settled()
  await scene.relay.settle()
  id = (await scene.recordings())[0]?.id ?? ''
})

afterEach(() => scene.stop())

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer())
}

describe('content', () => {
  it('comes whole, with what a player needs to know', async () => {
    const { contentUrl } = await scene.grant(id)
    const response = await fetch(contentUrl)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(item.bytes.length),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^"[^"]+"$/),
    })
    expect(await bytesOf(response)).toEqual(new Uint8Array(item.bytes))
  })

  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=1000-', 1_000, undefined],
    ['bytes=-500', -500, undefined],
  ])('comes in the part that %s asks for', async (range, from, to) => {
    const { contentUrl } = await scene.grant(id)
    const response = await fetch(contentUrl, { headers: { range } })
    expect(response.status).toBe(206)
    expect(await bytesOf(response)).toEqual(new Uint8Array(item.bytes.slice(from, to)))
    expect(response.headers.get('content-range')).toMatch(new RegExp(`^bytes \\d+-\\d+/${item.bytes.length}$`))
  })

  it('answers 416 to a range behind the end', async () => {
    const { contentUrl } = await scene.grant(id)
    const response = await fetch(contentUrl, { headers: { range: `bytes=${item.bytes.length}-` } })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe(`bytes */${item.bytes.length}`)
  })

  it('obeys HEAD, If-None-Match and If-Range', async () => {
    const { contentUrl } = await scene.grant(id)
    const head = await fetch(contentUrl, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(item.bytes.length))
    expect(await head.text()).toBe('')
    const etag = head.headers.get('etag') ?? ''
    expect((await fetch(contentUrl, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const ranged = { range: 'bytes=0-9' }
    expect((await fetch(contentUrl, { headers: { ...ranged, 'if-range': etag } })).status).toBe(206)
    expect((await fetch(contentUrl, { headers: { ...ranged, 'if-range': '"other"' } })).status).toBe(200)
  })

  it('mints a new address where the upstream one is no longer good', async () => {
    const { contentUrl } = await scene.grant(id)
    const { bytes } = scene.simulator
    const mint = bytes.mint.bind(bytes)
    let minted = 0
    bytes.mint = (wanted) => {
      const url = mint(wanted)
      minted += 1
      if (minted === 1) bytes.expireUrls()
      return url
    }
    const response = await fetch(contentUrl)
    expect(response.status).toBe(200)
    expect(await bytesOf(response)).toEqual(new Uint8Array(item.bytes))
    expect(minted).toBe(2)
  })

  it('comes as an attachment at the address of the service before this one', async () => {
    const response = await scene.relay.call('GET', `/conferences/algebra/recording/${id}/download/`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="Algebra I.mp4"/)
    expect((await scene.relay.call('GET', `/conferences/other/recording/${id}/download/`)).status).toBe(404)
  })

  it('counts a viewing once, however many ranges it takes', async () => {
    const { contentUrl } = await scene.grant(id)
    for (const range of ['bytes=0-99', 'bytes=100-199', 'bytes=200-'])
      await (await fetch(contentUrl, { headers: { range } })).arrayBuffer()
    expect(await scene.recordings()).toMatchObject([{ downloadCount: 1, lastDownloadedAt: expect.any(String) }])
  })

  it('is closed without a grant or a key', async () => {
    expect((await fetch(`${scene.relay.url}/v1/recordings/${id}/content`)).status).toBe(401)
    expect((await fetch(`${scene.relay.url}/watch/${id}`)).status).toBe(403)
  })

  it('is closed to grants that are tampered with, expired, or for another recording', async () => {
    const { contentUrl, watchUrl } = await scene.grant(id, { expiresIn: 60 })
    const [signed] = contentUrl.split('.').slice(-1)
    const tampered = contentUrl.replace(`.${signed}`, `.${signed?.split('').reverse().join('')}`)
    const other = contentUrl.replace(id, 'rec_other')
    for (const url of [tampered, other, contentUrl.replace(/grant=.*/, 'grant=x')]) {
      const response = await fetch(url)
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ code: 'grant_invalid' })
    }
    scene.simulator.clock.advance(61_000)
    const expired = await fetch(contentUrl)
    expect(expired.status).toBe(403)
    expect(await expired.json()).toMatchObject({ code: 'grant_expired' })
    const page = await fetch(watchUrl)
    expect(page.status).toBe(403)
    expect(await page.text()).toContain('The link has expired; open the recording from the course again.')
  })

  it('is closed from the moment it is hidden, and opens again', async () => {
    const { contentUrl } = await scene.grant(id)
    await scene.relay.call('PATCH', `/v1/recordings/${id}`, { visibility: 'hidden' })
    expect((await fetch(contentUrl, { headers: { range: 'bytes=0-9' } })).status).toBe(403)
    expect((await scene.relay.call('POST', `/v1/recordings/${id}/grants`, { viewer: { id: 's' } })).status).toBe(403)
    await scene.relay.call('PATCH', `/v1/recordings/${id}`, { visibility: 'visible' })
    expect((await fetch(contentUrl)).status).toBe(200)
  })

  it('lets neither a grant nor an upstream address into the log', async () => {
    const { contentUrl } = await scene.grant(id)
    await (await fetch(contentUrl)).arrayBuffer()
    scene.simulator.faults.failNext({ path: /content/, status: 500, times: 5 })
    expect((await fetch(contentUrl)).status).toBe(502)
    expect(scene.relay.logged.join('\n')).not.toMatch(/tempauth=[^[]|grant=[^[]|eyJ|Bearer [^[]/)
  })
})
