import { afterEach, beforeEach } from 'vitest'
import type { Conference } from '../../src/domain/conference.ts'
import type { Event } from '../../src/domain/event.ts'
import type { InboxEntry } from '../../src/domain/notification.ts'
import type { Claim, NewEntry, Store } from '../../src/store/store.ts'

/** A place for data that is empty at first, and as many stores on it as a test wants. */
export interface Place {
  store(clock: () => number): Store
  remove(): Promise<void>
}

export type MakePlace = () => Promise<Place>

export const START = Date.parse('2026-03-02T08:00:00.000Z')

/** A fresh place and an open store for every test; the clock stands still until the test moves it. */
export class Fixture {
  now = START
  readonly #place: Place
  readonly #stores: Store[] = []

  constructor(place: Place) {
    this.#place = place
  }

  /** One more store on the same data, as another replica has it; its clock may be wrong by some ms. */
  async open({ skewMs = 0 } = {}): Promise<Store> {
    const store = this.#place.store(() => this.now + skewMs)
    this.#stores.push(store)
    await store.open()
    return store
  }

  async end(): Promise<void> {
    for (const store of this.#stores) await store.close()
    await this.#place.remove()
  }
}

export function useFixture(makePlace: MakePlace): { fixture: () => Fixture; store: () => Store } {
  let current: { fixture: Fixture; store: Store } | undefined
  const running = () => {
    if (!current) throw new Error('The fixture is there only while a test runs')
    return current
  }
  beforeEach(async () => {
    const fixture = new Fixture(await makePlace())
    current = { fixture, store: await fixture.open() }
  })
  afterEach(() => current?.fixture.end())
  return { fixture: () => running().fixture, store: () => running().store }
}

export function conference(id: string, fields: Partial<Conference> = {}): Conference {
  return {
    id,
    title: 'Algebra',
    startsAt: '2026-03-02T09:00:00.000Z',
    endsAt: '2026-03-02T10:00:00.000Z',
    organizerId: null,
    organizerEmail: null,
    joinUrl: null,
    joinUrlKey: null,
    onlineMeetingId: null,
    courseId: null,
    metadata: {},
    meeting: null,
    createdAt: '2026-03-01T00:00:00.000Z',
    updatedAt: '2026-03-01T00:00:00.000Z',
    ...fields,
  }
}

export function entry(id: string, fields: Partial<NewEntry<InboxEntry>> = {}): NewEntry<InboxEntry> {
  return { id, lane: 'recording', body: body(id), ...fields }
}

export function body(recordingId: string): InboxEntry {
  return { kind: 'recording', recordingId }
}

export function event(id: string): Event {
  return { id, type: 'recording.available', timestamp: '2026-03-02T08:00:00.000Z', data: { recordingId: id } }
}

/** The one claim that there is to have. */
export async function claimOne(store: Store, { by = 'worker', leaseMs = 60_000 } = {}): Promise<Claim<InboxEntry>> {
  const [claim, ...others] = await store.inbox.claim({ by, leaseMs, limit: 2 })
  if (!claim || others.length > 0) throw new Error('There was not exactly one entry to claim')
  return claim
}

export function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n))
}
