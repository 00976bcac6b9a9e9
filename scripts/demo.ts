// One lecture, from Teams into the LMS, on this machine alone: `npm run demo`, with `-- --once` to end after the story.

import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'
import { ADMIN_KEY, API_KEY, type ServiceProcess, startServiceProcess } from './service-process.ts'
import { type Story, tellStory, waitFor } from './story.ts'

const MINUTE_MS = 60_000
const WAIT_MS = 20_000

const Meeting = z.object({ joinUrl: z.string(), onlineMeetingId: z.string(), recordAutomatically: z.literal(true) })
const Grant = z.object({ contentUrl: z.string(), watchUrl: z.string(), expiresAt: z.string() })

async function main(): Promise<void> {
  const once = process.argv.includes('--once')
  const folder = await mkdtemp(join(tmpdir(), 'recording-relay-'))
  const databaseUrl = process.env.DATABASE_URL ?? `sqlite:${join(folder, 'relay.db')}`
  console.log('\nRecording Relay: one lecture, from Teams into the LMS\n')
  const story = tellStory()
  const simulator = await story.step('Microsoft Graph, its sign-in and a small LMS, simulated on this machine', () =>
    startSimulator(),
  )
  let service: ServiceProcess | undefined
  try {
    service = await story.step(
      'the service runs',
      () => startServiceProcess(simulator, { DATABASE_URL: databaseUrl }),
      ({ url }) => `${url}, data in ${describe(databaseUrl)}`,
    )
    const watchUrl = await tell(story, simulator, service)
    if (once) return
    printAddresses(service, watchUrl)
    await untilInterrupted()
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`)
    console.error(service?.log.slice(-20).join('\n') ?? '')
    process.exitCode = 1
  } finally {
    await service?.kill('SIGTERM')
    await simulator.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The story; every step throws where it does not hold. Gives the watch link. */
async function tell(story: Story, simulator: Simulator, service: ServiceProcess): Promise<string> {
  const { world, lms } = simulator
  const now = Date.now()
  const startedAt = new Date(now - 50 * MINUTE_MS)
  const endedAt = new Date(now)
  const id = `algebra-${now}`
  const organizer = world.addPerson({ displayName: 'Ada Lovelace', email: `ada.${now}@example.edu` })

  await story.step('the LMS registers a conference', () =>
    call(service, 'PUT', `/v1/conferences/${id}`, {
      title: 'Algebra I: groups and rings',
      startsAt: startedAt.toISOString(),
      endsAt: new Date(now + 10 * MINUTE_MS).toISOString(),
      organizer: { email: organizer.email },
      courseId: 'math-101',
    }),
  )
  await story.step(
    "Graph confirmed our address, and watches the organizer's OneDrive for us",
    () => waitFor('the subscriptions', WAIT_MS, () => subscriptionsOf(simulator, organizer.driveId)),
    (subscriptions) => `${subscriptions} subscriptions`,
  )
  const { joinUrl } = await story.step('a Teams meeting was made that records itself', async () =>
    Meeting.parse(await call(service, 'POST', `/v1/conferences/${id}/meeting`)),
  )
  const meeting = world.findMeeting(joinUrl)
  if (!meeting) throw new Error('Graph does not know the meeting')
  await story.step('the meeting was held, and its callRecord announced', async () =>
    world.hold(meeting, { startedAt, endedAt }),
  )
  const landed = performance.now()
  const { item } = await story.step(
    "the recording landed in the organizer's OneDrive, and Graph notified",
    async () => world.record(meeting, { startedAt, endedAt }),
    (recorded) => recorded.item.name,
  )
  const event = await story.step(
    'the LMS received recording.available and verified its signature',
    () => lms.waitFor(({ type, data }) => type === 'recording.available' && data.conferenceId === id, WAIT_MS),
    ({ id: webhookId }) => `${webhookId}, ${Math.round(performance.now() - landed)} ms after the file landed`,
  )
  const recordingId = String(event.data.recordingId)
  const { contentUrl, watchUrl } = await story.step('a learner without a Microsoft account got a grant', async () =>
    Grant.parse(
      await call(service, 'POST', `/v1/recordings/${recordingId}/grants`, {
        viewer: { id: 'learner-7', name: 'Sofia' },
      }),
    ),
  )
  await story.step(
    'the bytes were downloaded and are those that were recorded',
    () => compareBytes(contentUrl, world.bytesOf(item)),
    (hash) => `SHA-256 ${hash.slice(0, 16)}…`,
  )
  return watchUrl
}

function subscriptionsOf({ subscriptions }: Simulator, driveId: string): number | undefined {
  const resources = subscriptions.list().map(({ resource }) => resource)
  const complete =
    resources.some((resource) => resource.includes(driveId)) &&
    resources.some((resource) => /callRecords/.test(resource))
  return complete ? resources.length : undefined
}

async function call({ url }: ServiceProcess, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
  return JSON.parse(text)
}

async function compareBytes(contentUrl: string, recorded: Uint8Array): Promise<string> {
  const response = await fetch(contentUrl)
  const downloaded = sha256(new Uint8Array(await response.arrayBuffer()))
  if (downloaded === sha256(recorded)) return downloaded
  throw new Error(`the download answered ${response.status} with other bytes than were recorded`)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function describe(databaseUrl: string): string {
  return databaseUrl.replace(/\/\/[^@/]*@/, '//')
}

function printAddresses({ url }: ServiceProcess, watchUrl: string): void {
  console.log(`
  watch     ${watchUrl}
  admin     ${url}/admin    (key: ${ADMIN_KEY})
  API docs  ${url}/docs     (key: ${API_KEY})
`)
}

function untilInterrupted(): Promise<void> {
  console.log('The service stays up; Ctrl+C ends it.')
  const held = setInterval(() => undefined, MINUTE_MS)
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(held)
        resolve()
      })
    }
  })
}

await main()
