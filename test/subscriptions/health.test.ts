import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Clock } from '../../src/simulator/clock.ts'
import { LECTURE, type Scene, startScene } from '../scene.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** A sweep is due after this, however it was spread. */
const CYCLE_MS = 19 * MINUTE_MS

const Health = z.object({
  status: z.string(),
  subscriptionStates: z.record(z.string(), z.number()),
  subscriptions: z.array(
    z.looseObject({ id: z.string(), kind: z.string(), state: z.string(), reason: z.string(), whatToDo: z.string() }),
  ),
  sweep: z.object({ recordings: z.number(), foundBySweep: z.number(), share: z.number() }),
})

let scene: Scene

beforeEach(async () => {
  scene = await startScene({ environment: { WATCH: 'drives' } })
})

afterEach(() => scene.stop())

async function health() {
  return Health.parse(await (await scene.relay.call('GET', '/v1/health')).json())
}

async function stateOfDrive() {
  return (await health()).subscriptions.find(({ kind }) => kind === 'drive')
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= CYCLE_MS) {
    scene.simulator.clock.advance(Math.min(left, CYCLE_MS))
    await scene.rest()
  }
}

async function news(): Promise<string[]> {
  return (await scene.events()).map(({ type }) => type).filter((type) => type.startsWith('subscription.'))
}

describe('a drive that accepts renewals and never notifies', () => {
  it('is deaf within one cycle of the sweep, whatever Graph says of its renewal, until it notifies again', async () => {
    const { simulator, relay, ada } = scene
    const meeting = await scene.prepare('algebra')
    await pass(CYCLE_MS)
    expect(await stateOfDrive()).toMatchObject({ state: 'healthy' })
    simulator.notifications.mute.add(`/drives/${ada.driveId}/root`)
    simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect(await scene.recordings()).toEqual([])
    await pass(CYCLE_MS)
    expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'algebra' }])
    expect(await stateOfDrive()).toMatchObject({ state: 'deaf', whatToDo: expect.stringContaining('firewall') })
    expect((await health()).sweep).toEqual({ recordings: 1, foundBySweep: 1, share: 1 })
    expect(await news()).toEqual(['subscription.unhealthy'])

    const drive = await stateOfDrive()
    await relay.call('POST', `/v1/subscriptions/${drive?.id}/renew`)
    await scene.rest()
    expect(simulator.requests.filter(({ method, status }) => method === 'PATCH' && status === 200)).not.toEqual([])
    expect(await stateOfDrive()).toMatchObject({ state: 'deaf' })

    simulator.notifications.mute.clear()
    simulator.world.upload(ada, { name: 'notes.txt', bytes: new Uint8Array(8) })
    await scene.rest()
    expect(await stateOfDrive()).toMatchObject({ state: 'healthy' })
    expect(await news()).toEqual(['subscription.unhealthy', 'subscription.recovered'])
    expect((await health()).status).toBe('ok')
  })

  it('is deaf as well where the change fell into the moment of a visit', async () => {
    const { simulator, relay, ada } = scene
    await scene.prepare('algebra')
    await pass(CYCLE_MS)
    const [watched] = await relay.service.store.subscriptions.find({ orderBy: 'createdAt', limit: 1 })
    const visitedAt = watched?.drive?.lastVisitAt ?? ''
    simulator.notifications.mute.add(`/drives/${ada.driveId}/root`)
    const item = simulator.world.upload(ada, { name: 'notes.txt', bytes: new Uint8Array(8) })
    Object.assign(item, { createdAt: visitedAt, modifiedAt: visitedAt })
    await pass(CYCLE_MS)
    expect(await stateOfDrive()).toMatchObject({ state: 'deaf' })
  })

  it('is made anew once when nothing has come for longer than Graph ever takes', async () => {
    const { simulator, ada } = scene
    await scene.prepare('algebra')
    await pass(CYCLE_MS)
    const before = simulator.subscriptions.list().map(({ id }) => id)
    for (const id of before) simulator.notifications.mute.add(id)
    simulator.world.upload(ada, { name: 'notes.txt', bytes: new Uint8Array(8) })
    await pass(9 * HOUR_MS)
    const after = simulator.subscriptions.list().map(({ id }) => id)
    expect(after).toHaveLength(1)
    expect(before).not.toContain(after[0])
    await pass(9 * HOUR_MS)
    expect(simulator.subscriptions.list().map(({ id }) => id)).toEqual(after)
    simulator.world.upload(ada, { name: 'more.txt', bytes: new Uint8Array(8) })
    await scene.rest()
    expect(await stateOfDrive()).toMatchObject({ state: 'healthy' })
  }, 60_000)
})

describe('five hundred quiet drives', () => {
  it('raise no alarm', async () => {
    await scene.stop()
    // Graph takes only so much a second, and here a second is a sixtieth.
    scene = await startScene({ environment: { WATCH: 'drives' }, simulator: { clock: new Clock(60) } })
    const { simulator, relay } = scene
    for (let number = 0; number < 500; number++) {
      const email = `teacher-${number}@example.edu`
      const { driveId } = simulator.world.addPerson({ displayName: `Teacher ${number}`, email })
      await relay.call('POST', '/v1/drives', { driveId })
    }
    await pass(2 * CYCLE_MS)
    expect((await health()).subscriptionStates).toMatchObject({ healthy: 500, deaf: 0, dead: 0 })
    await pass(HOUR_MS)
    expect(await health()).toMatchObject({ status: 'ok', subscriptionStates: { healthy: 500 } })
    expect(await news()).toEqual([])
  }, 120_000)
})

describe('the canary', () => {
  const DAY_MS = 24 * HOUR_MS

  async function watchQuietDrive(mayWrite: boolean) {
    await scene.stop()
    const account = { displayName: 'Recordings', email: 'recordings@example.edu' }
    scene = await startScene({ environment: { WATCH: 'drives', TEAMS_RECORDING_ADMIN_EMAIL: account.email } })
    const { simulator } = scene
    simulator.world.addPerson(account)
    if (mayWrite) simulator.world.roles.add('Files.ReadWrite.All')
    await scene.rest()
    await pass(DAY_MS + HOUR_MS)
    return simulator.requests.filter(({ method, status }) => method === 'PUT' && status === 200).length
  }

  it('sings once a day in a configured drive that is quiet, where the app may write', async () => {
    expect(await watchQuietDrive(true)).toBe(1)
    expect(await stateOfDrive()).toMatchObject({ state: 'healthy', lastNotificationAt: expect.any(String) })
    const { requests, notifications, subscriptions } = scene.simulator
    requests.length = 0
    await pass(DAY_MS / 2)
    expect(requests.filter(({ method }) => method === 'PUT')).toEqual([])
    for (const { id } of subscriptions.list()) notifications.mute.add(id)
    await pass(DAY_MS)
    expect(await stateOfDrive()).toMatchObject({ state: 'deaf' })
    expect(await scene.recordings()).toEqual([])
  }, 60_000)

  it('is silent where the app may only read, and in drives that nobody configured', async () => {
    expect(await watchQuietDrive(false)).toBe(0)
    scene.simulator.world.roles.add('Files.ReadWrite.All')
    await scene.register('algebra')
    await pass(2 * HOUR_MS)
    scene.simulator.requests.length = 0
    await pass(DAY_MS + HOUR_MS)
    const written = scene.simulator.requests.filter(({ method }) => method === 'PUT')
    expect(written.filter(({ path }) => path.includes(encodeURIComponent(scene.ada.driveId)))).toEqual([])
    expect(await news()).toEqual([])
  }, 60_000)
})

describe('a subscription', () => {
  it('is not healthy before anything has proven that it works', async () => {
    scene.simulator.faults.failNext({ path: /root\/delta/, status: 503, times: 1_000 })
    await scene.register('algebra')
    await scene.rest()
    expect(await stateOfDrive()).toMatchObject({ state: 'late' })
    expect((await health()).status).toBe('degraded')
  })

  it('is dead when its drive is gone, though Graph renews it', async () => {
    await scene.prepare('algebra')
    scene.simulator.world.drives.delete(scene.ada.driveId)
    await pass(CYCLE_MS)
    expect(await stateOfDrive()).toMatchObject({ state: 'dead', whatToDo: expect.stringContaining('drive is gone') })
    expect(await news()).toEqual(['subscription.unhealthy'])
  })

  it('is forbidden where a permission is missing, and says which', async () => {
    const reason = 'Operation: Create; Exception: [Status Code: Forbidden; Reason: Insufficient privileges.]'
    const body = JSON.stringify({ error: { code: 'ExtensionError', message: reason } })
    scene.simulator.faults.failNext({ path: /POST .*\/subscriptions$/, status: 403, body, times: 100 })
    await scene.register('algebra')
    await scene.rest()
    expect(await stateOfDrive()).toMatchObject({
      state: 'forbidden',
      whatToDo: expect.stringContaining('Files.Read.All'),
    })
  })

  it('names the quota that keeps Graph from making it', async () => {
    const message = 'The number of subscriptions for this tenant exceeds the limit of 10000.'
    const body = JSON.stringify({ error: { code: 'Forbidden', message } })
    scene.simulator.faults.failNext({ path: /POST .*\/subscriptions$/, status: 403, body, times: 100 })
    await scene.register('algebra')
    await scene.rest()
    expect(await stateOfDrive()).toMatchObject({ state: 'forbidden', reason: expect.stringContaining('10000') })
    expect((await stateOfDrive())?.whatToDo).toContain('delete those')
  })

  it('is dying while it cannot be renewed, and dead when it has ended', async () => {
    await scene.prepare('algebra')
    scene.simulator.faults.failNext({ path: /(PATCH|POST) .*\/(subscriptions|\$batch)/, status: 500, times: 10_000 })
    scene.simulator.clock.advance(16 * 24 * HOUR_MS)
    await scene.rest()
    expect(await stateOfDrive()).toMatchObject({ state: 'dying' })
    scene.simulator.clock.advance(16 * 24 * HOUR_MS)
    await scene.rest()
    expect(await stateOfDrive()).toMatchObject({ state: 'dead' })
    expect(await news()).toEqual(['subscription.unhealthy'])
    scene.simulator.faults.clear()
    scene.simulator.clock.advance(HOUR_MS)
    await scene.rest()
    await pass(CYCLE_MS)
    expect(await stateOfDrive()).toMatchObject({ state: 'healthy' })
    expect(await news()).toEqual(['subscription.unhealthy', 'subscription.recovered'])
  })

  it('shows on the page of the admin and in the metrics what is wrong with it', async () => {
    await scene.prepare('algebra')
    scene.simulator.world.drives.delete(scene.ada.driveId)
    await pass(CYCLE_MS)
    const metrics = await (await fetch(`${scene.relay.url}/metrics`)).text()
    expect(metrics).toContain('relay_subscriptions{state="dead"} 1')
    expect(metrics).toMatch(/relay_subscription_oldest_proof_seconds \d+/)
  })
})
