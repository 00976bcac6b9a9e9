import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issueClientState, verifyClientState } from '../../src/client-state.ts'
import type { Subscription } from '../../src/domain/subscription.ts'
import { deriveKeys } from '../../src/keys.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import type { BookedSubscription } from '../../src/simulator/subscription-book.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store } from '../../src/store/store.ts'
import { type Relay, startRelay } from '../relay.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')
const RUNS = Number(process.env.CONVERGENCE_RUNS ?? 1_000)
const HOUR_MS = 60 * 60_000
const OLD_ADDRESS = 'https://relay.example.test'

/** How one wanted subscription begins. */
const BEGINNINGS = [
  'never made',
  'alive',
  'alive, and due',
  'expired',
  'lost by Graph',
  'at a wrong address',
  'with the secret before this one',
  'unknown to us',
  'unknown to us, at a wrong address',
  'doubled',
  'alive, and not listed',
  'alive, and expires earlier than we know',
] as const

type Beginning = (typeof BEGINNINGS)[number]

/** Those of which Graph has none that would serve. */
const NEEDS_CREATION: readonly Beginning[] = [
  'never made',
  'expired',
  'lost by Graph',
  'at a wrong address',
  'with the secret before this one',
  'unknown to us',
  'unknown to us, at a wrong address',
]

let simulator: Simulator
let store: Store
let replicas: Relay[]
let blank: Subscription[]

beforeAll(async () => {
  simulator = await startSimulator()
  store = await openStore('sqlite::memory:', () => simulator.clock.now())
  const environment = {
    WATCH: 'drives,callRecords,recordings,transcripts',
    GRAPH_CERTIFICATE_PATH: 'current-certificate.pem',
    GRAPH_PRIVATE_KEY_PATH: 'current-key.pem',
  }
  const options = { makeStore: () => store, readFile: (path: string) => readFileSync(join(FIXTURES, path), 'utf8') }
  const first = await startRelay(simulator, { ...options, environment })
  const second = await startRelay(simulator, { ...options, environment: { ...environment, PUBLIC_URL: first.url } })
  replicas = [first, second]
  for (const name of ['ada', 'grace', 'emmy', 'sofya']) {
    const { driveId } = simulator.world.addPerson({ displayName: name, email: `${name}@example.edu` })
    await first.call('POST', '/v1/drives', { driveId })
  }
  await first.service.steps.drainInbox()
  await first.service.steps.drainInbox()
  blank = await store.subscriptions.find({ orderBy: 'createdAt', limit: 20 })
}, 30_000)

afterAll(async () => {
  for (const { stop } of replicas) await stop()
  await simulator.stop()
})

const keys = (secret: string) => deriveKeys(secret, null).clientState

function bookedFor({ id, kind, resource, changeType }: Subscription, changes: Partial<BookedSubscription> = {}) {
  const { config } = first().service
  const [certificate] = config.encryption
  const rich = kind === 'recordings' || kind === 'transcripts'
  const booked: BookedSubscription = {
    id: crypto.randomUUID(),
    kind,
    resource,
    changeType,
    notificationUrl: `${config.publicUrl}/graph/notifications`,
    lifecycleNotificationUrl: `${config.publicUrl}/graph/lifecycle`,
    expirationDateTime: inHours(60),
    clientState: issueClientState(keys(config.appSecret), id),
    includeResourceData: rich,
    encryptionCertificate: rich ? (certificate?.certificate ?? null) : null,
    encryptionCertificateId: rich ? (certificate?.id ?? null) : null,
    ...changes,
  }
  simulator.subscriptions.book(booked)
  return booked
}

function first(): Relay {
  const [relay] = replicas
  if (!relay) throw new Error('no replica runs')
  return relay
}

function inHours(hours: number): string {
  return new Date(simulator.clock.now() + hours * HOUR_MS).toISOString()
}

/** The document of a subscription that was made as Graph has it. */
function known(
  subscription: Subscription,
  booked: BookedSubscription,
  changes: Partial<Subscription> = {},
): Subscription {
  const { notificationUrl, encryptionCertificateId: certificateId, expirationDateTime: expiresAt } = booked
  const clientStateKey = keyName(first().service.keys.clientState)
  const madeWith = { notificationUrl, clientStateKey, certificateId }
  const made = {
    graphId: booked.id,
    bornAt: inHours(-1),
    renewedAt: inHours(-1),
    renewAt: inHours(30),
    expiresAt,
    madeWith,
  }
  return { ...subscription, ...made, ...changes }
}

function keyName(signingKeys: Buffer[]): string {
  return issueClientState(signingKeys, 'the name of this key').split('.').at(-1)?.slice(0, 8) ?? ''
}

function begin(subscription: Subscription, beginning: Beginning): Subscription {
  const notificationUrl = `${OLD_ADDRESS}/graph/notifications`
  switch (beginning) {
    case 'never made':
      return subscription
    case 'alive':
      return known(subscription, bookedFor(subscription))
    case 'alive, and due':
      return known(subscription, bookedFor(subscription), { renewAt: inHours(-1) })
    case 'expired': {
      const booked = bookedFor(subscription, { expirationDateTime: inHours(-2) })
      return known(subscription, booked, { renewAt: inHours(-20) })
    }
    case 'lost by Graph': {
      const booked = bookedFor(subscription)
      simulator.subscriptions.remove(booked.id)
      return known(subscription, booked)
    }
    case 'at a wrong address':
      return known(subscription, bookedFor(subscription, { notificationUrl }))
    case 'with the secret before this one': {
      const before = keys('a secret from before, long enough to be one')
      const booked = bookedFor(subscription, { clientState: issueClientState(before, subscription.id) })
      const made = known(subscription, booked)
      return { ...made, madeWith: made.madeWith && { ...made.madeWith, clientStateKey: keyName(before) } }
    }
    case 'unknown to us':
      bookedFor(subscription)
      return subscription
    case 'unknown to us, at a wrong address':
      bookedFor(subscription, { notificationUrl })
      return subscription
    case 'doubled':
      bookedFor(subscription)
      return known(subscription, bookedFor(subscription))
    case 'alive, and not listed': {
      const booked = bookedFor(subscription)
      simulator.subscriptions.unlisted.add(booked.id)
      return known(subscription, booked)
    }
    case 'alive, and expires earlier than we know':
      return known(subscription, bookedFor(subscription, { expirationDateTime: inHours(5) }), {
        expiresAt: inHours(60),
      })
  }
}

async function put(subscription: Subscription): Promise<void> {
  const stored = await store.subscriptions.get(subscription.id)
  if (stored) await store.subscriptions.replace(subscription, stored.version)
}

/** Both replicas do what they do in an hour, at the same time. */
async function cycle(): Promise<void> {
  await Promise.all(
    replicas.map(async ({ service: { steps } }) => {
      await Promise.all([steps.reconcileDue(), steps.renewDue()])
    }),
  )
  simulator.clock.advance(HOUR_MS)
}

const Situation = fc.record({
  beginnings: fc.array(fc.constantFrom(...BEGINNINGS), { minLength: 7, maxLength: 7 }),
  extras: fc.nat(2),
  listFails: fc.boolean(),
  listsExpired: fc.boolean(),
})

describe('subscriptions of two replicas', () => {
  it(`come from ${RUNS} random states to the wanted set within two cycles, and make no more than are missing`, async () => {
    expect(blank).toHaveLength(7)
    await fc.assert(
      fc.asyncProperty(Situation, async ({ beginnings, extras, listFails, listsExpired }) => {
        const { subscriptions: book, faults, requests } = simulator
        book.clear()
        faults.clear()
        requests.length = 0
        simulator.clock.advance(HOUR_MS)
        for (const [index, subscription] of blank.entries()) {
          await put(begin({ ...subscription, renewAt: inHours(0) }, beginnings[index] ?? 'alive'))
        }
        for (let extra = 0; extra < extras; extra++) {
          bookedFor({ ...(blank[0] as Subscription), resource: `/drives/nobody-${extra}/root` })
        }
        book.listsExpired = listsExpired
        book.booked = 0
        if (listFails) faults.failNext({ path: /GET .*\/subscriptions$/, status: 503, retryAfter: '60', times: 2 })

        await cycle()
        if ((await problems()).length > 0) await cycle()

        expect(await problems()).toEqual([])
        expect(book.booked).toBe(beginnings.filter((beginning) => NEEDS_CREATION.includes(beginning)).length)
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  }, 240_000)
})

/** What is wrong with what Graph has now, and with what we know of it. */
async function problems(): Promise<string[]> {
  const { appSecret, publicUrl } = first().service.config
  const living = simulator.subscriptions.list()
  const ours = living.filter(({ notificationUrl }) => notificationUrl.startsWith(publicUrl))
  const documents = await store.subscriptions.find({ orderBy: 'createdAt', limit: 20 })
  const missing = documents.flatMap(({ id, kind, resource, graphId, renewTrouble }) => {
    const found = ours.filter((booked) => booked.resource === resource)
    if (found.length !== 1) return [`${found.length} of ${kind}`]
    if (found[0]?.id !== graphId || renewTrouble) return [`${kind} is not known as it is: ${renewTrouble?.text}`]
    return verifyClientState(keys(appSecret), found[0]?.clientState ?? '') === id ? [] : [`${kind} cannot be believed`]
  })
  const strangers = living.filter(({ resource }) => resource.includes('nobody'))
  return [...missing, ...strangers.map(({ resource }) => `${resource} is left over`)]
}
