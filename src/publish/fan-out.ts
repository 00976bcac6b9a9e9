// Carries events from the documents that caused them into the feed and onto their way to each endpoint. Every step can
// be done twice; the event leaves its document last.

import type { Delivery, Endpoint } from '../domain/delivery.ts'
import type { Event } from '../domain/event.ts'
import { stableId } from '../ids.ts'
import { amend, type Documents, type NewEntry, type Store } from '../store/store.ts'

export interface FanOutOptions {
  store: Store
  clock: () => number
  /** Delay of the first attempt in ms. */
  firstDelayMs: number
}

interface WithOutbox {
  id: string
  outbox: Event[]
  outboxAt: string | null
}

const WAITING = { where: { outboxAt: { gt: '' } }, orderBy: 'outboxAt', limit: 50 } as const
const MOST_ENDPOINTS = 200

/** Fans out what waits in up to 50 documents of each collection and gives how many there were. */
export async function fanOutDue(options: FanOutOptions): Promise<number> {
  const { recordings, subscriptions, endpoints } = options.store
  const done = await Promise.all([
    fanOutFrom(recordings, await recordings.find(WAITING), options),
    fanOutFrom(subscriptions, await subscriptions.find(WAITING), options),
    fanOutFrom(endpoints, await endpoints.find(WAITING), options),
  ])
  return done.reduce((sum, count) => sum + count, 0)
}

async function fanOutFrom<T extends WithOutbox>(
  documents: Documents<T>,
  waiting: T[],
  options: FanOutOptions,
): Promise<number> {
  for (const document of waiting) {
    for (const event of document.outbox) await fanOut(event, options)
    const gone = new Set(document.outbox.map(({ id }) => id))
    await amend(documents, document.id, (current) => current && withoutEvents(current, gone))
  }
  return waiting.length
}

function withoutEvents<T extends WithOutbox>(document: T, gone: Set<string>): T {
  const outbox = document.outbox.filter(({ id }) => !gone.has(id))
  return { ...document, outbox, outboxAt: outbox.length > 0 ? document.outboxAt : null }
}

async function fanOut(event: Event, { store, clock, firstDelayMs }: FanOutOptions): Promise<void> {
  await store.events.append(event)
  const endpoints = await store.endpoints.find({
    where: { state: 'active' },
    orderBy: 'createdAt',
    limit: MOST_ENDPOINTS,
  })
  const availableAt = clock() + firstDelayMs
  await store.deliveries.add(
    endpoints.filter((endpoint) => wants(endpoint, event)).map((endpoint) => newDelivery(event, endpoint, availableAt)),
  )
}

function wants({ types }: Endpoint, { type }: Event): boolean {
  return types === null || types.includes(type)
}

/** One delivery for each event and endpoint, however often it is made. */
export function newDelivery(
  event: Pick<Event, 'id' | 'type'>,
  endpoint: Endpoint,
  availableAt: number,
): NewEntry<Delivery> {
  return {
    id: stableId('dlv', event.id, endpoint.id),
    lane: endpoint.id,
    body: { eventId: event.id, eventType: event.type, endpointId: endpoint.id, log: [] },
    availableAt,
  }
}
