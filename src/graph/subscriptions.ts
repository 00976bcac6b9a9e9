import { z } from 'zod'
import type { SubscriptionKind } from '../domain/subscription.ts'
import type { GraphClient } from './client.ts'

const SubscriptionBody = z.object({
  id: z.string(),
  resource: z.string(),
  changeType: z.string(),
  notificationUrl: z.string().nullish(),
  expirationDateTime: z.string(),
})

export type GraphSubscription = z.output<typeof SubscriptionBody>

const SubscriptionList = z.object({ value: z.array(SubscriptionBody), '@odata.nextLink': z.string().optional() })

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

export function renewSubscription(
  graph: GraphClient,
  id: string,
  change: Pick<NewSubscription, 'expirationDateTime' | 'encryptionCertificate' | 'encryptionCertificateId'>,
): Promise<GraphSubscription> {
  return graph.patch(`/subscriptions/${encodeURIComponent(id)}`, change, SubscriptionBody)
}

export function deleteSubscription(graph: GraphClient, id: string): Promise<void> {
  return graph.delete(`/subscriptions/${encodeURIComponent(id)}`)
}

export async function listSubscriptions(graph: GraphClient): Promise<GraphSubscription[]> {
  const all: GraphSubscription[] = []
  let link: string | undefined = '/subscriptions'
  while (link) {
    const page: z.output<typeof SubscriptionList> = await graph.get(link, SubscriptionList)
    all.push(...page.value)
    link = page['@odata.nextLink']
  }
  return all
}
