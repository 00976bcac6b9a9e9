// What the subscriptions tell of the service's health: how each of them is, and what all of them together have missed.

import { z } from '@hono/zod-openapi'
import type { EncryptionCertificate } from '../config.ts'
import { type HealthState, provenAt, type Subscription } from '../domain/subscription.ts'
import { judge } from '../domain/subscription-health.ts'
import { findAll, type Store } from '../store/store.ts'

export const HEALTH_STATES = ['healthy', 'late', 'deaf', 'dying', 'dead', 'forbidden'] as const satisfies HealthState[]

export const SubscriptionHealth = z.object({
  id: z.string(),
  kind: z.string(),
  resource: z.string(),
  state: z.enum(HEALTH_STATES),
  since: z.string(),
  reason: z.string(),
  whatToDo: z.string(),
  provenAt: z.string().nullable(),
  proofAgeSeconds: z
    .number()
    .nullable()
    .openapi({ description: 'since a notification came, or a look found nothing that one should have announced' }),
  expiresAt: z.string().nullable(),
  lastNotificationAt: z.string().nullable(),
  lastVisitAt: z.string().nullable(),
})

export type SubscriptionHealth = z.output<typeof SubscriptionHealth>

export const SweepShare = z
  .object({ recordings: z.number(), foundBySweep: z.number(), share: z.number() })
  .openapi({ description: 'of the last seven days: what the sweep found before any notification announced it' })

export interface SubscriptionHealthOptions {
  store: Store
  clock: () => number
  sweepIntervalMs: number
}

/** One of each kind for a tenant. */
const MOST_RICH = 10
const WEEK_MS = 7 * 24 * 60 * 60_000

/** Every subscription as it is now; those that need somebody come first. */
export async function readSubscriptions(options: SubscriptionHealthOptions): Promise<SubscriptionHealth[]> {
  const subscriptions = await findAll(options.store.subscriptions, 'createdAt')
  const described = subscriptions.map((subscription) => describe(subscription, options))
  return described.sort((a, b) => severity(b) - severity(a))
}

function describe(
  subscription: Subscription,
  { clock, sweepIntervalMs }: SubscriptionHealthOptions,
): SubscriptionHealth {
  const now = clock()
  const { id, kind, resource, expiresAt, lastNotificationAt, drive, lookedUntil, health } = subscription
  const { state, reason, whatToDo } = judge(subscription, now, sweepIntervalMs)
  const proven = provenAt(subscription)
  return {
    ...{ id, kind, resource, state, reason, whatToDo, expiresAt, lastNotificationAt },
    since: state === health.state ? health.since : new Date(now).toISOString(),
    provenAt: proven,
    proofAgeSeconds: proven ? Math.round((now - Date.parse(proven)) / 1000) : null,
    lastVisitAt: drive?.lastVisitAt ?? lookedUntil,
  }
}

function severity({ state }: SubscriptionHealth): number {
  return ['healthy', 'late', 'dying', 'deaf', 'forbidden', 'dead'].indexOf(state)
}

export async function readSweepShare({
  store,
  clock,
}: SubscriptionHealthOptions): Promise<z.output<typeof SweepShare>> {
  const createdAt = { gte: new Date(clock() - WEEK_MS).toISOString() }
  const [foundBySweep, announced] = await Promise.all([
    store.recordings.count({ foundBy: 'sweep', createdAt }),
    store.recordings.count({ foundBy: 'notification', createdAt }),
  ])
  const recordings = foundBySweep + announced
  return { recordings, foundBySweep, share: recordings === 0 ? 0 : foundBySweep / recordings }
}

export const CertificateHealth = z.object({
  id: z.string(),
  expiresAt: z.string(),
  daysLeft: z.number(),
  usedBy: z.number().openapi({ description: 'subscriptions that Graph encrypts for with it' }),
  warning: z.string().nullable(),
})

const DAY_MS = 24 * 60 * 60_000
const LAST_WARNING_DAYS = 3
const SECOND_WARNING_DAYS = 14
const FIRST_WARNING_DAYS = 30

/** Certificates of encrypted notifications: when they end, and whether anything still refers to them. */
export async function readCertificates(
  encryption: EncryptionCertificate[],
  { store, clock }: SubscriptionHealthOptions,
): Promise<z.output<typeof CertificateHealth>[]> {
  if (encryption.length === 0) return []
  const rich = await store.subscriptions.find({
    where: { kind: { in: ['recordings', 'transcripts'] } },
    orderBy: 'createdAt',
    limit: MOST_RICH,
  })
  return encryption.map(({ id, expiresAt }, index) => {
    const daysLeft = Math.floor((Date.parse(expiresAt) - clock()) / DAY_MS)
    const usedBy = rich.filter(({ madeWith }) => madeWith?.certificateId === id).length
    return { id, expiresAt, daysLeft, usedBy, warning: warningOf(daysLeft, usedBy > 0 || index === 0) }
  })
}

function warningOf(daysLeft: number, isNeeded: boolean): string | null {
  if (!isNeeded) return null
  const rotate = 'make another with npm run certificate and put it first.'
  if (daysLeft < 0) return `The certificate has expired: ${rotate}`
  const due = [LAST_WARNING_DAYS, SECOND_WARNING_DAYS, FIRST_WARNING_DAYS].find((days) => daysLeft < days)
  return due ? `The certificate expires in less than ${due} days: ${rotate}` : null
}
