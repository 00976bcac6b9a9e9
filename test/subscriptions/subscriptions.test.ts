import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Clock } from '../../src/simulator/clock.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { type RelayOptions, startRelay } from '../relay.ts'
import { LECTURE, type Scene, startScene } from '../scene.ts'

let scene: Scene

beforeEach(async () => {
  scene = await startScene()
})

afterEach(() => scene.stop())

function booked() {
  return scene.simulator.subscriptions.list()
}

async function listed(): Promise<Record<string, unknown>[]> {
  const answer = await scene.relay.call('GET', '/v1/subscriptions')
  const { items } = (await answer.json()) as { items: Record<string, unknown>[] }
  return items
}

const DAY_MS = 24 * 60 * 60_000

describe('subscriptions', () => {
  it('are made at the start, and for the organizer of each conference', async () => {
    await scene.rest()
    expect(booked()).toMatchObject([{ resource: '/communications/callRecords', changeType: 'created,updated' }])
    await scene.register('algebra')
    await scene.register('geometry')
    await scene.rest()
    expect(booked()).toHaveLength(2)
    expect(booked()).toContainEqual(
      expect.objectContaining({
        resource: `/drives/${scene.ada.driveId}/root`,
        changeType: 'updated',
        notificationUrl: `${scene.relay.url}/graph/notifications`,
        lifecycleNotificationUrl: `${scene.relay.url}/graph/lifecycle`,
      }),
    )
    expect(booked().every(({ clientState }) => clientState && clientState.length <= 128)).toBe(true)
  })

  it('keep the expiry that Graph grants', async () => {
    await scene.rest()
    expect(await listed()).toMatchObject([
      { kind: 'callRecords', expiresAt: booked()[0]?.expirationDateTime, lastError: null },
    ])
  })

  it('are renewed at half their life, and live on for a month', async () => {
    await scene.register('algebra')
    await scene.rest()
    const ids = booked().map(({ id }) => id)
    for (let day = 0; day < 30; day += 0.5) {
      scene.simulator.clock.advance(DAY_MS / 2)
      await scene.relay.settle()
      expect(booked().map(({ id }) => id)).toEqual(ids)
    }
    const renewals = scene.simulator.requests.filter(({ method, status }) => method === 'PATCH' && status === 200)
    expect(renewals.length).toBeLessThan(40)
  }, 20_000)

  it('are renewed in time though the list never shows them', async () => {
    await scene.rest()
    const [{ id, expirationDateTime } = { id: '', expirationDateTime: '' }] = booked()
    scene.simulator.subscriptions.unlisted.add(id)
    for (let hour = 0; hour < 37; hour++) {
      scene.simulator.clock.advance(DAY_MS / 24)
      await scene.relay.settle()
    }
    expect(booked()).toMatchObject([{ id }])
    expect(Date.parse(booked()[0]?.expirationDateTime ?? '')).toBeGreaterThan(Date.parse(expirationDateTime))
  }, 20_000)

  it('are made anew where Graph has lost them, with a look at what was missed', async () => {
    const meeting = await scene.prepare('algebra')
    for (const { id } of booked()) scene.simulator.subscriptions.remove(id)
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    expect(await scene.recordings()).toEqual([])
    for (const { id } of await listed())
      expect((await scene.relay.call('POST', `/v1/subscriptions/${id}/renew`)).status).toBe(202)
    await scene.rest()
    expect(booked()).toHaveLength(2)
    expect(await scene.recordings()).toHaveLength(1)
  })

  it('replace those that a lost store left behind in Graph', async () => {
    await scene.rest()
    const [left] = booked()
    const [known] = await scene.relay.service.store.subscriptions.find({ orderBy: 'createdAt', limit: 1 })
    const stored = await scene.relay.service.store.subscriptions.get(known?.id ?? '')
    if (stored) await scene.relay.service.store.subscriptions.remove(stored.document.id, stored.version)
    await scene.relay.service.register()
    await scene.rest()
    expect(booked()).toHaveLength(1)
    expect(booked()[0]?.id).not.toBe(left?.id)
    expect(await listed()).toMatchObject([{ graphId: booked()[0]?.id, lastError: null }])
  })

  it('say what Graph refuses, and come by themselves once it is granted', async () => {
    const { world, clock } = scene.simulator
    world.roles.delete('CallRecords.Read.All')
    await scene.rest()
    expect(await listed()).toMatchObject([{ graphId: null, lastError: expect.stringContaining('403') }])
    const health = await (await scene.relay.call('GET', '/v1/health')).json()
    expect(health).toMatchObject({ status: 'degraded', subscriptions: [{ state: 'forbidden' }] })
    world.roles.add('CallRecords.Read.All')
    clock.advance(2 * 60 * 60_000)
    await scene.rest()
    expect(await listed()).toMatchObject([{ graphId: expect.any(String), lastError: null }])
    expect(await (await scene.relay.call('GET', '/v1/health')).json()).toMatchObject({ status: 'ok' })
  })

  it('watch a drive that the LMS names', async () => {
    const grace = scene.simulator.world.addPerson({ displayName: 'Grace', email: 'grace@example.edu' })
    expect((await scene.relay.call('POST', '/v1/drives', { driveId: grace.driveId })).status).toBe(202)
    expect((await scene.relay.call('POST', '/v1/drives', { email: scene.ada.email })).status).toBe(202)
    expect((await scene.relay.call('POST', '/v1/drives', {})).status).toBe(422)
    await scene.rest()
    const resources = booked().map(({ resource }) => resource)
    expect(resources).toContain(`/drives/${grace.driveId}/root`)
    expect(resources).toContain(`/drives/${scene.ada.driveId}/root`)
  })
})

describe('the drive of a service account', () => {
  it.each(['TEAMS_RECORDING_ADMIN_EMAIL', 'TEAMS_ONEDRIVE_DRIVE_ID'])(
    'is watched from %s, and its recordings find their courses',
    async (name) => {
      await scene.stop()
      const clock = new Clock()
      const simulator = await startSimulator({ clock })
      clock.set(new Date('2026-11-24T08:30:00Z'))
      const account = simulator.world.addPerson({ displayName: 'Recordings', email: 'recordings@example.edu' })
      simulator.world.addPerson({ displayName: 'Ada', email: 'ada@example.edu' })
      const value = name === 'TEAMS_ONEDRIVE_DRIVE_ID' ? account.driveId : account.email
      const relay = await startRelay(simulator, { environment: { [name]: value } })
      await relay.settle()
      expect(simulator.subscriptions.list().map(({ resource }) => resource)).toContain(
        `/drives/${account.driveId}/root`,
      )

      const times = { startsAt: LECTURE.startedAt, endsAt: LECTURE.endedAt }
      const meeting = simulator.world.scheduleMeeting({ organizer: account, subject: 'Room 101', ...times })
      const conference = {
        title: 'Algebra I',
        organizer: { email: 'ada@example.edu' },
        joinUrl: meeting.joinUrl,
        ...times,
      }
      expect((await relay.call('PUT', '/v1/conferences/algebra', conference)).status).toBe(201)
      clock.set(new Date('2026-11-24T10:30:00Z'))
      simulator.world.record(meeting, LECTURE)
      simulator.world.hold(meeting, LECTURE)
      await simulator.settled()
      await relay.settle()
      const answer = await relay.call('GET', '/v1/conferences/algebra/recordings')
      expect(await answer.json()).toMatchObject({ items: [{ status: 'available', match: { confidence: 1 } }] })
      await relay.stop()
      await simulator.stop()
      scene = await startScene()
    },
  )
})

describe('a lifecycle notification', () => {
  function drive() {
    const found = booked().find(({ kind }) => kind === 'drive')
    if (!found) throw new Error('no drive is watched')
    return found
  }

  it('is obeyed with a renewal and a look at what was missed', async () => {
    const meeting = await scene.prepare('algebra')
    const before = drive().expirationDateTime
    scene.simulator.faults.dropNotifications(10)
    scene.simulator.world.record(meeting, LECTURE)
    scene.simulator.clock.advance(60_000)
    scene.simulator.notifications.sendLifecycle(drive().id, 'reauthorizationRequired')
    await scene.rest()
    expect(Date.parse(drive().expirationDateTime)).toBeGreaterThan(Date.parse(before))
    expect(await scene.recordings()).toHaveLength(1)
  })

  it('that says it was removed brings it back', async () => {
    await scene.prepare('algebra')
    const { id } = drive()
    scene.simulator.notifications.sendLifecycle(id, 'subscriptionRemoved')
    scene.simulator.subscriptions.remove(id)
    await scene.rest()
    expect(drive().id).not.toBe(id)
  })

  it('does nothing without our clientState', async () => {
    await scene.prepare('algebra')
    const { id, expirationDateTime } = drive()
    scene.simulator.clock.advance(60_000)
    const item = { subscriptionId: id, clientState: 'forged', lifecycleEvent: 'reauthorizationRequired' }
    scene.simulator.notifications.resend({
      url: `${scene.relay.url}/graph/lifecycle`,
      body: JSON.stringify({ value: [item] }),
    })
    await scene.rest()
    expect(drive().expirationDateTime).toBe(expirationDateTime)
  })

  it('that is replayed does nothing: it was obeyed, or speaks of a life that is over', async () => {
    await scene.prepare('algebra')
    const { simulator } = scene
    for (const event of ['reauthorizationRequired', 'subscriptionRemoved'] as const) {
      simulator.clock.advance(60_000)
      simulator.notifications.sendLifecycle(drive().id, event)
    }
    await scene.rest()
    const { id, expirationDateTime } = drive()
    const sent = simulator.notifications.sent.filter(({ url }) => url.endsWith('/graph/lifecycle'))
    expect(sent).toHaveLength(2)
    simulator.clock.advance(60_000)
    simulator.requests.length = 0
    for (const replay of sent) simulator.notifications.resend(replay)
    await scene.rest()
    expect(drive()).toMatchObject({ id, expirationDateTime })
    expect(simulator.requests).toEqual([])
  })

  it('proves nothing of the notifications that should come', async () => {
    await scene.prepare('algebra')
    const before = await listed()
    scene.simulator.clock.advance(60_000)
    for (const { id } of booked()) scene.simulator.notifications.sendLifecycle(id, 'missed')
    await scene.rest()
    expect((await listed()).map(({ lastNotificationAt }) => lastNotificationAt)).toEqual(
      before.map(({ lastNotificationAt }) => lastNotificationAt),
    )
  })
})

describe('a certificate', () => {
  const FIXTURES = join(import.meta.dirname, '../fixtures')
  const rich = (certificates: string, privateKeys: string): RelayOptions => ({
    environment: {
      WATCH: 'recordings',
      GRAPH_CERTIFICATE_PATH: certificates,
      GRAPH_PRIVATE_KEY_PATH: privateKeys,
    },
    readFile: (path) => readFileSync(join(FIXTURES, path), 'utf8'),
  })

  it('is rotated without a gap: at the renewal, with the old key kept until nothing refers to it', async () => {
    const { simulator } = scene
    const folder = mkdtempSync(join(tmpdir(), 'rotation-'))
    const databaseUrl = `sqlite:${join(folder, 'relay.db')}`
    const old = await startRelay(simulator, { databaseUrl, ...rich('previous-certificate.pem', 'previous-key.pem') })
    await old.settle()
    const [made] = booked().filter(({ kind }) => kind === 'recordings')
    await old.stop()
    const port = Number(new URL(old.url).port)
    const both = rich('current-certificate.pem,previous-certificate.pem', 'current-key.pem,previous-key.pem')
    const relay = await startRelay(simulator, { databaseUrl, port, ...both })
    const certificates = async () => {
      const health = (await (await relay.call('GET', '/v1/health')).json()) as { certificates: { usedBy: number }[] }
      return health.certificates.map(({ usedBy }) => usedBy)
    }
    await relay.settle()
    expect(await certificates()).toEqual([0, 1])
    simulator.clock.advance(2 * DAY_MS)
    await relay.settle()
    const [renewed] = booked().filter(({ kind }) => kind === 'recordings')
    expect(renewed?.id).toBe(made?.id)
    expect(renewed?.encryptionCertificateId).not.toBe(made?.encryptionCertificateId)
    expect(await certificates()).toEqual([1, 0])
    await relay.stop()
    rmSync(folder, { recursive: true })
  })

  it('that expires soon is said in health and in the metrics', async () => {
    const { simulator } = scene
    const relay = await startRelay(simulator, rich('current-certificate.pem', 'current-key.pem'))
    await relay.settle()
    const read = async () => {
      const health = (await (await relay.call('GET', '/v1/health')).json()) as {
        certificates: { expiresAt: string; warning: string | null }[]
      }
      return health.certificates[0]
    }
    const expiresAt = Date.parse((await read())?.expiresAt ?? '')
    const warnings: (string | null | undefined)[] = []
    for (const days of [31, 29, 13, 2, -1]) {
      simulator.clock.set(new Date(expiresAt - days * DAY_MS))
      warnings.push((await read())?.warning)
    }
    expect(warnings).toEqual([
      null,
      expect.stringContaining('30 days'),
      expect.stringContaining('14 days'),
      expect.stringContaining('3 days'),
      expect.stringContaining('has expired'),
    ])
    expect(await (await fetch(`${relay.url}/metrics`)).text()).toMatch(/relay_certificate_days_left\{.*\} -\d/)
    await relay.stop()
  })
})
