import { z } from 'zod'
import type { SubscriptionKind } from '../domain/subscription.ts'
import { patchMany } from './batch.ts'
import type { GraphClient } from './client.ts'
import { readAll } from './pages.ts'
import { type GraphRefusal, isRefusal } from './refusal.ts'

const SubscriptionBody = z.object({
  id: z.string(),
  resource: z.string(),
  changeType: z.string(),
  notificationUrl: z.string().nullish(),
  lifecycleNotificationUrl: z.string().nullish(),
  encryptionCertificateId: z.string().nullish(),
  expirationDateTime: z.string(),
})

export type GraphSubscription = z.output<typeof SubscriptionBody>

const MINUTE_MS = 60_000
// Live ceilings can be a little lower than the documented ones.
const MARGIN_MINUTES = 15

/**
 * The longest life in ms that Graph grants.
 * https://learn.microsoft.com/graph/api/resources/subscription#subscription-lifetime
 */
export function longestLifeMs(kind: SubscriptionKind): number {
  const minutes = { drive: 42_300, callRecords: 4_230, recordings: 4_320, transcripts: 4_320 }[kind]
  return (minutes - MARGIN_MINUTES) * MINUTE_MS
}

export interface NewSubscription {
  changeType: string
  resource: string
  notificationUrl: string
  /** Cannot be added later: https://learn.microsoft.com/graph/change-notifications-lifecycle-events */
  lifecycleNotificationUrl: string
  clientState: string
  expirationDateTime: string
  includeResourceData?: boolean
  encryptionCertificate?: string
  encryptionCertificateId?: string
}

export function createSubscription(graph: GraphClient, subscription: NewSubscription): Promise<GraphSubscription> {
  return graph.post('/subscriptions', { latestSupportedTlsVersion: 'v1_2', ...subscription }, SubscriptionBody)
}

export type Renewal = Pick<NewSubscription, 'expirationDateTime' | 'encryptionCertificate' | 'encryptionCertificateId'>

export function renewSubscription(graph: GraphClient, id: string, renewal: Renewal): Promise<GraphSubscription> {
  return graph.patch(pathOf(id), renewal, SubscriptionBody)
}

/** Renews up to twenty in one request; undefined stands for one that Graph did not answer. */
export function renewSubscriptions(
  graph: GraphClient,
  renewals: { id: string; renewal: Renewal }[],
  now: number,
): Promise<(GraphSubscription | GraphRefusal | undefined)[]> {
  const changes = renewals.map(({ id, renewal }) => ({ path: pathOf(id), body: renewal }))
  return patchMany(graph, changes, SubscriptionBody, now)
}

/** A subscription as Graph has it; undefined where Graph has none. */
export async function findSubscription(graph: GraphClient, id: string): Promise<GraphSubscription | undefined> {
  try {
    return await graph.get(pathOf(id), SubscriptionBody)
  } catch (error) {
    if (isRefusal(error, 404)) return undefined
    throw error
  }
}

/** Deletes a subscription, or finds that it is gone already. */
export async function deleteSubscription(graph: GraphClient, id: string): Promise<void> {
  try {
    await graph.delete(pathOf(id))
  } catch (error) {
    if (!isRefusal(error, 404)) throw error
  }
}

function pathOf(id: string): string {
  return `/subscriptions/${encodeURIComponent(id)}`
}

export function listSubscriptions(graph: GraphClient): Promise<GraphSubscription[]> {
  return readAll(graph, '/subscriptions', SubscriptionBody)
}
