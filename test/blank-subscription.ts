import type { Subscription } from '../src/domain/subscription.ts'

/** When it was born, as epoch ms. */
export const BORN = Date.parse('2026-11-24T08:00:00Z')

const HOUR_MS = 60 * 60_000

/** So many ms after it was born. */
export function at(ms: number): string {
  return new Date(BORN + ms).toISOString()
}

/** A drive's subscription that was made and looked at when it was born. */
export function subscription(changes: Partial<Subscription> = {}): Subscription {
  return {
    id: 'drive_1',
    kind: 'drive',
    resource: '/drives/d/root',
    changeType: 'updated',
    drive: null,
    ownerId: null,
    ownerEmail: null,
    graphId: 'g',
    bornAt: at(0),
    renewedAt: at(0),
    expiresAt: at(29 * 24 * HOUR_MS),
    madeWith: null,
    renewAt: at(14 * 24 * HOUR_MS),
    taken: null,
    failures: 0,
    lastNotificationAt: null,
    quietAt: at(0),
    silentSince: null,
    lookedUntil: null,
    renewTrouble: null,
    lookTrouble: null,
    health: { state: 'healthy', since: at(0), told: false },
    sweepAt: at(0),
    sweptAt: null,
    createdAt: at(0),
    updatedAt: at(0),
    eventCount: 0,
    outbox: [],
    outboxAt: null,
    ...changes,
  }
}
