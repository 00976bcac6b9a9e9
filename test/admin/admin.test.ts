import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ADMIN_KEY } from '../../scripts/service-process.ts'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const DAY_MS = 24 * 60 * 60_000

let scene: Scene

beforeEach(async () => {
  scene = await startScene()
})

afterEach(() => scene.stop())

function signIn(key: string, headers: Record<string, string> = {}) {
  const body = new URLSearchParams({ key })
  const origin = { origin: scene.relay.url, ...headers }
  return fetch(`${scene.relay.url}/admin/sign-in`, { method: 'POST', body, headers: origin, redirect: 'manual' })
}

async function signedIn(): Promise<string> {
  return (await signIn(ADMIN_KEY)).headers.get('set-cookie')?.split(';')[0] ?? ''
}

/** Presses a button of the page, and gives where it leads. */
async function press(action: string, headers: Record<string, string> = {}) {
  const all = { cookie: await signedIn(), origin: scene.relay.url, ...headers }
  return fetch(scene.relay.url + action, { method: 'POST', headers: all, redirect: 'manual' })
}

/** The action of the first button whose address matches. */
function button(page: string, address: RegExp): string {
  return [...page.matchAll(/action="([^"]+)"/g)].map(([, action = '']) => action).find((a) => address.test(a)) ?? ''
}

async function overview(): Promise<string> {
  const cookie = await signedIn()
  return (await fetch(`${scene.relay.url}/admin`, { headers: { cookie } })).text()
}

describe('the admin page', () => {
  it('is behind a sign-in', async () => {
    const closed = await fetch(`${scene.relay.url}/admin`, { redirect: 'manual' })
    expect(closed.headers.get('location')).toBe('/admin/sign-in')
    expect((await signIn('wrong')).status).toBe(401)
    const forged = { cookie: 'relay_admin=eyJhbGciOiJub25lIn0.e30.' }
    expect((await fetch(`${scene.relay.url}/admin`, { headers: forged, redirect: 'manual' })).status).toBe(303)
    const opened = await signIn(ADMIN_KEY)
    expect(opened.status).toBe(303)
    expect(opened.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/i)
  })

  it('takes no form from another site', async () => {
    expect((await signIn(ADMIN_KEY, { origin: 'https://evil.example.test' })).status).toBe(403)
  })

  it('shows what is watched, what waits, and what needs a person', async () => {
    await scene.prepare('algebra')
    const meeting = scene.simulator.world.scheduleMeeting({
      organizer: scene.ada,
      subject: 'Salary <b>talk</b>',
      startsAt: LECTURE.startedAt,
      endsAt: LECTURE.endedAt,
    })
    scene.simulator.world.record(meeting, {
      ...LECTURE,
      fileName: 'A <b>talk-20261124_090012UTC-Meeting Recording.mp4',
    })
    await scene.simulator.settled()
    await scene.relay.settle()
    const page = await overview()
    expect(page).toContain('/communications/callRecords')
    expect(page).toContain(`/drives/${scene.ada.driveId}/root`)
    expect(page).toContain('Dead letters')
    expect(page).toContain('A &lt;b&gt;talk')
    expect(page).toContain('the organizer is the same')
    expect(page).not.toContain('<b>talk')
  })

  it('lets a person send a dead letter again, not another site', async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.lms.failNext(1, 410)
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    const action = button(await overview(), /\/admin\/deliveries\/.+\/retry/)
    expect((await press(action, { origin: 'https://evil.example.test' })).status).toBe(403)
    const [dead] = await scene.relay.service.store.deliveries.list({ state: 'dead', limit: 2 })
    expect(action).toContain(dead?.id)
    expect((await press(action)).headers.get('location')).toBe('/admin')
    expect((await scene.relay.service.store.deliveries.get(dead?.id ?? ''))?.state).toBe('active')
  })

  it('lets a person decide about deletions that were held', async () => {
    const items = []
    for (let day = 0; day < 7; day++) {
      const startsAt = new Date(LECTURE.startedAt.getTime() + day * DAY_MS)
      const endsAt = new Date(LECTURE.endedAt.getTime() + day * DAY_MS)
      const times = { startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() }
      const meeting = await scene.prepare(`day-${day}`, times)
      items.push(scene.simulator.world.record(meeting, { startedAt: startsAt, endedAt: endsAt }).item)
    }
    await scene.rest()
    for (const item of items) scene.simulator.world.deleteItem(item)
    await scene.rest()
    expect((await scene.recordings()).every(({ status }) => status === 'available')).toBe(true)

    const confirm = button(await overview(), /confirm-deletion/)
    expect((await press(confirm)).status).toBe(303)
    await scene.rest()
    expect(scene.told().filter((type) => type === 'recording.deleted')).toHaveLength(1)

    const again = button(await overview(), /restore/)
    const id = again.split('/').at(-2)
    const file = (await scene.relay.service.store.recordings.get(id ?? ''))?.document.file
    const item = items.find((one) => one.id === file?.itemId)
    if (!item) throw new Error('the page offers a recording that nobody made')
    scene.simulator.world.restore(item)
    expect((await press(again)).status).toBe(303)
    await scene.rest()
    expect(await overview()).not.toContain(again)
    expect(scene.told().filter((type) => type === 'recording.deleted')).toHaveLength(1)
  }, 20_000)

  it('ends with the session', async () => {
    const cookie = await signedIn()
    scene.simulator.clock.advance(9 * 60 * 60_000)
    expect((await fetch(`${scene.relay.url}/admin`, { headers: { cookie }, redirect: 'manual' })).status).toBe(303)
  })
})

describe('probes', () => {
  it('say that the process runs and that the store answers', async () => {
    expect((await fetch(`${scene.relay.url}/livez`)).status).toBe(200)
    expect((await fetch(`${scene.relay.url}/readyz`)).status).toBe(200)
    vi.spyOn(scene.relay.service.store, 'ping').mockRejectedValue(new Error('the disk is gone'))
    expect((await fetch(`${scene.relay.url}/livez`)).status).toBe(200)
    expect((await fetch(`${scene.relay.url}/readyz`)).status).toBe(503)
  })

  it('count what flows through', async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.world.record(meeting, LECTURE)
    await scene.simulator.settled()
    await scene.relay.settle()
    const metrics = await (await fetch(`${scene.relay.url}/metrics`)).text()
    expect(metrics).toContain('relay_notifications_total{outcome="stored"} 1')
    expect(metrics).toContain('relay_delivery_attempts_total{outcome="success"} 1')
    expect(metrics).toMatch(/relay_queue_depth\{queue="inbox",state="dead"\} 0/)
    expect(metrics).not.toContain(scene.ada.driveId)
  })

  it('describe the API, its events included', async () => {
    const document = (await (await fetch(`${scene.relay.url}/openapi.json`)).json()) as Record<string, object>
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths ?? {})).toEqual(
      expect.arrayContaining([
        '/v1/conferences/{id}',
        '/v1/conferences/{id}/meeting',
        '/v1/conferences/{id}/sync',
        '/v1/recordings/{id}/grants',
        '/v1/recordings/{id}/content',
        '/v1/events',
        '/v1/health',
      ]),
    )
    expect(Object.keys(document.webhooks ?? {})).toContain('recording.available')
    expect(await (await fetch(`${scene.relay.url}/docs`)).text()).toContain('PUT /v1/conferences/{id}')
  })
})
