// What can be said of the service's health from its store, for machines, people and Prometheus alike.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { EncryptionCertificate } from '../config.ts'
import { answer, createApi } from '../http/api.ts'
import type { Metrics } from '../metrics.ts'
import type { QueueStats, Store } from '../store/store.ts'
import {
  CertificateHealth,
  HEALTH_STATES,
  readCertificates,
  readSubscriptions,
  readSweepShare,
  SubscriptionHealth,
  SweepShare,
} from './subscription-health.ts'

const Stats = z.object({ active: z.number(), done: z.number(), dead: z.number(), oldestDueMs: z.number() })

const HealthBody = z
  .object({
    status: z.enum(['ok', 'degraded']),
    subscriptionStates: z.record(z.enum(HEALTH_STATES), z.number()),
    subscriptions: z
      .array(SubscriptionHealth)
      .openapi({ description: 'at most 1,000; those that need somebody come first' }),
    sweep: SweepShare,
    certificates: z.array(CertificateHealth),
    inbox: Stats,
    deliveries: Stats,
    recordingsInReview: z.number(),
    deletionsHeld: z.number().openapi({ description: 'recordings whose end a person has to confirm' }),
    slowAnswers: z
      .array(z.object({ over: z.string(), share: z.number(), tolerated: z.number() }))
      .openapi({ description: 'share of answers to Graph in ten minutes that this process gave too late' }),
  })
  .openapi('Health')

export type Health = z.output<typeof HealthBody>

export interface HealthOptions {
  store: Store
  clock: () => number
  sweepIntervalMs: number
  encryption: EncryptionCertificate[]
  slowAnswers(): { over: string; share: number; tolerated: number }[]
}

export interface MetricsOptions extends HealthOptions {
  metrics: Metrics
}

const MOST_LISTED = 1_000
const LATE_MS = 5 * 60_000

export function healthRoutes(options: HealthOptions): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'get',
      path: '/',
      summary: 'Subscriptions, inbox and deliveries at a glance',
      responses: { 200: answer('The health of the service', HealthBody) },
    }),
    async (c) => c.json(await readHealth(options), 200),
  )
  return api
}

export async function readHealth(options: HealthOptions): Promise<Health> {
  const { store, slowAnswers } = options
  const [subscriptions, sweep, certificates, inbox, deliveries, recordingsInReview, deletionsHeld] = await Promise.all([
    readSubscriptions(options),
    readSweepShare(options),
    readCertificates(options.encryption, options),
    store.inbox.stats(),
    store.deliveries.stats(),
    store.recordings.count({ status: 'review' }),
    store.recordings.count({ heldSince: { gt: '' } }),
  ])
  const answers = slowAnswers()
  const well =
    subscriptions.every(({ state }) => state === 'healthy') &&
    certificates.every(({ warning }) => warning === null) &&
    isFlowing(inbox) &&
    isFlowing(deliveries) &&
    deletionsHeld === 0 &&
    answers.every(({ share, tolerated }) => share <= tolerated)
  return {
    status: well ? 'ok' : 'degraded',
    subscriptionStates: countStates(subscriptions),
    subscriptions: subscriptions.slice(0, MOST_LISTED),
    ...{ sweep, certificates, inbox, deliveries, recordingsInReview, deletionsHeld },
    slowAnswers: answers,
  }
}

function countStates(subscriptions: SubscriptionHealth[]): Health['subscriptionStates'] {
  const counts = { healthy: 0, late: 0, deaf: 0, dying: 0, dead: 0, forbidden: 0 }
  for (const { state } of subscriptions) counts[state] += 1
  return counts
}

function isFlowing({ dead, oldestDueMs }: QueueStats): boolean {
  return dead === 0 && oldestDueMs < LATE_MS
}

/** The metrics page, with the gauges as they stand now. */
export async function renderMetrics(options: MetricsOptions): Promise<string> {
  const { metrics, clock } = options
  const health = await readHealth(options)
  for (const queue of ['inbox', 'deliveries'] as const) {
    const { oldestDueMs, ...depths } = health[queue]
    for (const [state, depth] of Object.entries(depths)) metrics.queueDepth.set({ queue, state }, depth)
    metrics.queueOldestSeconds.set({ queue }, oldestDueMs / 1000)
  }
  metrics.deletionsHeld.set(health.deletionsHeld)
  for (const { over, share } of health.slowAnswers) metrics.receiveSlowShare.set({ over }, share)
  for (const state of HEALTH_STATES) metrics.subscriptions.set({ state }, health.subscriptionStates[state] ?? 0)
  metrics.sweepShare.set(health.sweep.share)
  setOldest(health, metrics, clock())
  return metrics.registry.metrics()
}

function setOldest({ subscriptions, certificates }: Health, metrics: Metrics, now: number): void {
  const expiries = subscriptions.flatMap(({ expiresAt }) => (expiresAt ? Date.parse(expiresAt) - now : []))
  if (expiries.length > 0) metrics.subscriptionExpirySeconds.set(Math.min(...expiries) / 1000)
  const proofs = subscriptions.flatMap(({ proofAgeSeconds }) => proofAgeSeconds ?? [])
  if (proofs.length > 0) metrics.subscriptionProofSeconds.set(Math.max(...proofs))
  for (const { id, daysLeft } of certificates) metrics.certificateDays.set({ certificate: id.slice(0, 8) }, daysLeft)
}
