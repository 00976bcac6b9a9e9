import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { InboxEntry } from '../../src/domain/notification.ts'
import { RelayError } from '../../src/errors.ts'
import { Holdings } from '../../src/holdings.ts'
import type { Handlers } from '../../src/inbox/dispatch.ts'
import { drainInbox, LONGEST_VISIT_LEASES, MAX_ATTEMPTS } from '../../src/inbox/drain.ts'
import { inboxEntry } from '../../src/inbox/entry.ts'
import { createLog } from '../../src/log.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Entry, Store } from '../../src/store/store.ts'
import { START } from '../store/fixture.ts'

const LEASE_MS = 30_000
const HOUR_MS = 60 * 60_000
const POISON = recording('poison')
const log = createLog('silent')

let store: Store
let now: number
let seen: string[]

beforeEach(async () => {
  // Timers alone: SQLite settles in turns of the event loop, which go on as they are.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  now = START
  seen = []
  store = await openStore('sqlite::memory:', () => now)
  await store.open()
})

afterEach(async () => {
  vi.useRealTimers()
  await store.close()
})

function recording(recordingId: string) {
  return inboxEntry({ kind: 'recording', recordingId })
}

/** Handlers that take note of what they look at, and do with the poison as they are told. */
function handlers(look: () => Promise<void>): Handlers {
  const unexpected = async ({ kind }: InboxEntry) => {
    throw new Error(`nobody asked for ${kind}`)
  }
  return {
    ...{ watch: unexpected, heard: unexpected, drive: unexpected, call: unexpected, callRecording: unexpected },
    ...{ callTranscript: unexpected, transcript: unexpected, look: unexpected, canary: unexpected },
    ...{ lifecycle: unexpected, absence: unexpected, conference: unexpected },
    recording: async ({ recordingId }) => {
      seen.push(recordingId)
      if (recordingId === 'poison') await look()
    },
  }
}

function drain(look: () => Promise<void>): Promise<number> {
  const by = 'worker'
  const holdings = new Holdings()
  const clock = () => now
  return drainInbox({ inbox: store.inbox, handlers: handlers(look), clock, log, holdings, by, leaseMs: LEASE_MS })
}

async function poison(): Promise<Entry<InboxEntry> | undefined> {
  return (await store.inbox.get(POISON.id)) ?? undefined
}

it('gives up an entry that always fails, with its error, and looks at the others meanwhile', async () => {
  await store.inbox.knock([POISON, recording('healthy')])
  const fail = async () => {
    throw new Error('this recording breaks everything')
  }
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    expect((await poison())?.state).toBe('active')
    await store.inbox.knock([recording(`lecture ${attempt}`)])
    await drain(fail)
    now += HOUR_MS
  }
  expect(await poison()).toMatchObject({ state: 'dead', lastError: 'this recording breaks everything' })
  expect(seen.filter((id) => id === 'poison')).toHaveLength(MAX_ATTEMPTS)
  expect(seen.filter((id) => id !== 'poison')).toHaveLength(MAX_ATTEMPTS + 1)
  expect(await drain(fail)).toBe(0)
})

it('gives up at once what no repetition can mend', async () => {
  await store.inbox.knock([POISON])
  await drain(async () => {
    throw new RelayError('forbidden', 'bury', 'Nobody may read this drive.')
  })
  expect(await poison()).toMatchObject({ state: 'dead', attempts: 1, lastError: 'Nobody may read this drive.' })
})

it('waits longer after each failure, and as long as the provider asks', async () => {
  await store.inbox.knock([POISON])
  const waits: number[] = []
  for (let attempt = 1; attempt <= 4; attempt++) {
    await drain(async () => {
      throw new RelayError('throttled', 'retry', 'Too many calls.', attempt === 4 ? { retryAfterMs: 300_000 } : {})
    })
    const { availableAt = 0 } = (await poison()) ?? {}
    waits.push(availableAt - now)
    now = availableAt
  }
  expect(waits.every((wait, index) => index === 0 || wait > (waits[index - 1] ?? 0))).toBe(true)
  expect(waits.at(-1)).toBe(300_000)
})

it('gives up a visit that hangs, keeps its lease until then, and looks at the others meanwhile', async () => {
  await store.inbox.knock([POISON, recording('healthy')])
  const forEver = () => new Promise<void>(() => undefined)
  const first = drain(forEver)
  await vi.waitFor(() => expect(seen).toContain('healthy'))
  for (let lease = 0; lease < LONGEST_VISIT_LEASES - 1; lease++) {
    now += LEASE_MS
    await vi.advanceTimersByTimeAsync(LEASE_MS)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await store.inbox.claim({ by: 'other', limit: 1, leaseMs: LEASE_MS })).toEqual([])
  }
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  await first
  expect(await poison()).toMatchObject({ state: 'active', attempts: 1, leasedBy: null })
  for (let attempt = 2; attempt <= MAX_ATTEMPTS; attempt++) {
    now += HOUR_MS
    const visit = drain(forEver)
    await vi.waitFor(() => expect(seen.filter((id) => id === 'poison')).toHaveLength(attempt))
    await vi.advanceTimersByTimeAsync(LEASE_MS * LONGEST_VISIT_LEASES)
    await visit
  }
  expect(await poison()).toMatchObject({ state: 'dead', lastError: 'The visit was given up after 300 s.' })
})

it('gives up an entry that ends the process at every look, without another look', async () => {
  await store.inbox.knock([POISON])
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    // What a killed process leaves: a claim that nobody settles.
    await store.inbox.claim({ by: 'a process that dies', limit: 1, leaseMs: LEASE_MS })
    now += LEASE_MS
  }
  await drain(async () => undefined)
  expect(await poison()).toMatchObject({ state: 'dead', lastError: 'The process ended during every attempt.' })
  expect(seen).toEqual([])
})

it('looks alone at an entry that failed often, so that it takes no other with it', async () => {
  await store.inbox.knock([POISON])
  for (let attempt = 0; attempt < 3; attempt++) {
    await store.inbox.claim({ by: 'a process that dies', limit: 1, leaseMs: LEASE_MS })
    now += LEASE_MS
  }
  await store.inbox.knock([recording('a'), recording('b')])
  let settledBefore: (string | undefined)[] = []
  await drain(async () => {
    const others = await Promise.all(['a', 'b'].map((id) => store.inbox.get(recording(id).id)))
    settledBefore = others.map((other) => other?.state)
  })
  expect(settledBefore).toEqual(['done', 'done'])
})

it('leaves an entry to whoever took it over', async () => {
  await store.inbox.knock([POISON])
  await drain(async () => {
    now += LEASE_MS
    await store.inbox.claim({ by: 'other', limit: 1, leaseMs: LEASE_MS })
  })
  expect(await poison()).toMatchObject({ state: 'active', leasedBy: 'other', attempts: 2 })
})
