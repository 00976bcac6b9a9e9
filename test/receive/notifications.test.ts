import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { issueClientState } from '../../src/client-state.ts'
import { type Scene, startScene } from '../scene.ts'

let scene: Scene

beforeEach(async () => {
  scene = await startScene()
  await scene.register('algebra')
  await scene.relay.settle()
})

afterEach(() => scene.stop())

function post(body: string, path = '/graph/notifications') {
  return fetch(scene.relay.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
}

function notification(changes: Record<string, unknown> = {}) {
  const subscription = scene.simulator.subscriptions.list().find(({ kind }) => kind === 'drive')
  const { id: subscriptionId, clientState, resource } = subscription ?? {}
  const { tenantId } = scene.simulator
  return { subscriptionId, clientState, resource, tenantId, changeType: 'updated', resourceData: null, ...changes }
}

/** How much there is to look at. */
async function waiting(): Promise<number> {
  const entries = await scene.relay.service.store.inbox.list({ state: 'active', limit: 50 })
  return entries.filter(({ lane }) => lane !== 'heard').length
}

describe('receive', () => {
  it.each(['/graph/notifications', '/graph/lifecycle'])(
    'answers the handshake at %s with the decoded token, as text',
    async (path) => {
      const token = 'Validation: Testing client application <script>alert(1)</script> reachability Request-Id: 1'
      const url = `${scene.relay.url}${path}?validationToken=${encodeURIComponent(token)}`
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain; charset=utf-8' } })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(await response.text()).toBe(token)
    },
  )

  it('remembers what it is told before it answers 202', async () => {
    const response = await post(JSON.stringify({ value: [notification()] }))
    expect(response.status).toBe(202)
    expect(await response.text()).toBe('')
    expect(await waiting()).toBe(1)
  })

  it('remembers many knocks at one drive as one', async () => {
    await Promise.all(
      Array.from({ length: 30 }, () => post(JSON.stringify({ value: [notification(), notification()] }))),
    )
    expect(await waiting()).toBe(1)
  })

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['no list', '{"value":{}}'],
    ['an empty list', '{"value":[]}'],
    ['a list of something else', '{"value":[1]}'],
  ])('answers 400 to %s', async (_what, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'notification_malformed', status: 400 })
    expect(await waiting()).toBe(0)
  })

  it('answers 413 to more than 4 MiB, and takes a little less', async () => {
    const padded = (bytes: number) => JSON.stringify({ value: [notification({ padding: 'x'.repeat(bytes) })] })
    expect((await post(padded(4 * 1024 * 1024))).status).toBe(413)
    expect(await waiting()).toBe(0)
    expect((await post(padded(4 * 1024 * 1024 - 2_000))).status).toBe(202)
    expect(await waiting()).toBe(1)
  })

  it.each([
    ['no clientState', { clientState: undefined }],
    ['a forged clientState', { clientState: `drive_1.${'A'.repeat(43)}` }],
    ['the clientState of other keys', { clientState: issueClientState([Buffer.alloc(32)], 'drive_1') }],
    ['another tenant', { tenantId: '00000000-0000-0000-0000-000000000000' }],
  ])('answers 202 to %s, and does nothing', async (_what, changes) => {
    const response = await post(JSON.stringify({ value: [notification(changes)] }))
    expect(response.status).toBe(202)
    expect(await waiting()).toBe(0)
  })

  it('believes a true notification beside a forged one', async () => {
    await post(JSON.stringify({ value: [notification({ clientState: 'forged' }), notification()] }))
    expect(await waiting()).toBe(1)
  })

  it('does not take a notification at the lifecycle address, nor a lifecycle event at the other', async () => {
    await post(JSON.stringify({ value: [notification()] }), '/graph/lifecycle')
    expect(await waiting()).toBe(0)
  })

  it('answers 503 where the store cannot take it, so that Graph tries again', async () => {
    await scene.relay.service.store.close()
    const response = await post(JSON.stringify({ value: [notification()] }))
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' })
  })

  it('answers 503 in time where the store hangs', async () => {
    const { inbox } = scene.relay.service.store
    const hanging = vi.spyOn(inbox, 'knock').mockReturnValue(new Promise(() => undefined))
    const begun = performance.now()
    const response = await post(JSON.stringify({ value: [notification()] }))
    hanging.mockRestore()
    expect(performance.now() - begun).toBeLessThan(3_000)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'store_slow' })
  })

  it('writes neither a clientState nor a body into the log', async () => {
    const known = notification()
    await post(JSON.stringify({ value: [known] }))
    await scene.relay.settle()
    expect(scene.relay.logged.join('\n')).not.toContain(String(known.clientState))
  })
})
