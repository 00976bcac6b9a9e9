// What can be said of the service's health from its store, for machines, people and Prometheus alike.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { answer, createApi } from '../http/api.ts'
import type { Metrics } from '../metrics.ts'
import type { QueueStats, Store } from '../store/store.ts'

const Stats = z.object({ active: z.number(), done: z.number(), dead: z.number(), oldestDueMs: z.number() })

const SubscriptionHealth = z.object({
  id: z.string(),
  kind: z.string(),
  resource: z.string(),
  state: z.enum(['subscribed', 'missing', 'failing']),
  expiresAt: z.string().nullable(),
  lastNotificationAt: z.string().nullable(),
  lastVisitAt: z.string().nullable(),
  lastError: z.string().nullable(),
})

const HealthBody = z
  .object({
    status: z.enum(['ok', 'degraded']),
    subscriptions: z.array(SubscriptionHealth),
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
  slowAnswers(): { over: string; share: number; tolerated: number }[]
}

export interface MetricsOptions extends HealthOptions {
  metrics: Metrics
}

const MOST_SUBSCRIPTIONS = 1_000
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

export async function readHealth({ store, clock, slowAnswers }: HealthOptions): Promise<Health> {
  const [subscriptions, inbox, deliveries, recordingsInReview, deletionsHeld] = await Promise.all([
    store.subscriptions.find({ orderBy: 'createdAt', limit: MOST_SUBSCRIPTIONS }),
    store.inbox.stats(),
    store.deliveries.stats(),
    store.recordings.count({ status: 'review' }),
    store.recordings.count({ heldSince: { gt: '' } }),
  ])
  const now = new Date(clock()).toISOString()
  const described = subscriptions.map(
    ({ id, kind, resource, graphId, expiresAt, lastNotificationAt, lastError, drive }) => {
      const subscribed = graphId !== null && expiresAt !== null && expiresAt > now
      const state = lastError ? ('failing' as const) : subscribed ? ('subscribed' as const) : ('missing' as const)
      return {
        id,
        kind,
        resource,
        state,
        expiresAt,
        lastNotificationAt,
        lastVisitAt: drive?.lastVisitAt ?? null,
        lastError,
      }
    },
  )
  const answers = slowAnswers()
  const well =
    described.every(({ state }) => state === 'subscribed') &&
    isFlowing(inbox) &&
    isFlowing(deliveries) &&
    deletionsHeld === 0 &&
    answers.every(({ share, tolerated }) => share <= tolerated)
  const counts = { inbox, deliveries, recordingsInReview, deletionsHeld }
  return { status: well ? 'ok' : 'degraded', subscriptions: described, ...counts, slowAnswers: answers }
}

function isFlowing({ dead, oldestDueMs }: QueueStats): boolean {
  return dead === 0 && oldestDueMs < LATE_MS
}

/** The metrics page, with the gauges as they stand now. */
export async function renderMetrics(options: MetricsOptions): Promise<string> {
  const { metrics } = options
  const health = await readHealth(options)
  for (const queue of ['inbox', 'deliveries'] as const) {
    const { oldestDueMs, ...depths } = health[queue]
    for (const [state, depth] of Object.entries(depths)) metrics.queueDepth.set({ queue, state }, depth)
    metrics.queueOldestSeconds.set({ queue }, oldestDueMs / 1000)
  }
  metrics.deletionsHeld.set(health.deletionsHeld)
  for (const { over, share } of health.slowAnswers) metrics.receiveSlowShare.set({ over }, share)
  const expiries = health.subscriptions.flatMap(({ expiresAt }) =>
    expiresAt ? Date.parse(expiresAt) - options.clock() : [],
  )
  if (expiries.length > 0) metrics.subscriptionExpirySeconds.set(Math.min(...expiries) / 1000)
  return metrics.registry.metrics()
}
