// Reads what Graph POSTs. Only what carries a clientState of ours is believed, and even that only as a hint.

import { z } from 'zod'
import { verifyClientState } from '../client-state.ts'
import type { InboxEntry } from '../domain/notification.ts'

// Graph's own page on recordings writes `EncryptedContent`, the others `encryptedContent`:
// https://learn.microsoft.com/graph/teams-changenotifications-callrecording-and-calltranscript
const Item = z.preprocess(
  (value) =>
    value !== null && typeof value === 'object' && 'EncryptedContent' in value
      ? { ...value, encryptedContent: value.EncryptedContent }
      : value,
  z.object({
    subscriptionId: z.string().nullish(),
    subscriptionExpirationDateTime: z.string().nullish(),
    clientState: z.string().nullish(),
    tenantId: z.string().nullish(),
    resource: z.string().nullish(),
    lifecycleEvent: z.string().nullish(),
    resourceData: z.object({ id: z.string().nullish() }).nullish(),
    encryptedContent: z
      .object({
        data: z.string(),
        dataSignature: z.string().default(''),
        dataKey: z.string(),
        encryptionCertificateId: z.string().default(''),
      })
      .nullish(),
  }),
)

type Item = z.output<typeof Item>

export const NotificationBody = z.object({
  value: z.array(Item).min(1),
  validationTokens: z.array(z.string()).nullish(),
})

export type NotificationBody = z.output<typeof NotificationBody>

export interface Trust {
  clientStateKeys: Buffer[]
  tenantId: string
}

/** What there is to look at; items that nobody of ours subscribed to are left out. */
export function readNotifications(body: NotificationBody, trust: Trust, at: string): InboxEntry[] {
  return body.value.flatMap((item) => {
    const subscriptionId = authenticate(item, trust)
    const entry = subscriptionId && entryOf(item, subscriptionId, body.validationTokens ?? [], at)
    return entry ? [{ kind: 'heard', subscriptionId, at }, entry] : []
  })
}

/** Lifecycle notifications share the shape, and only this address may bring them. They prove nothing of the others. */
export function readLifecycle(body: NotificationBody, trust: Trust): InboxEntry[] {
  return body.value.flatMap((item) => {
    const subscriptionId = authenticate(item, trust)
    const { lifecycleEvent, subscriptionId: graphId, subscriptionExpirationDateTime: expiresAt } = item
    if (!subscriptionId || !lifecycleEvent) return []
    return [
      { kind: 'lifecycle', subscriptionId, lifecycleEvent, graphId: graphId ?? null, expiresAt: expiresAt ?? null },
    ]
  })
}

function authenticate(item: Item, { clientStateKeys, tenantId }: Trust): string | undefined {
  if (!item.clientState) return undefined
  if (item.tenantId && item.tenantId.toLowerCase() !== tenantId.toLowerCase()) return undefined
  return verifyClientState(clientStateKeys, item.clientState)
}

function entryOf(
  item: Item,
  subscriptionId: string,
  validationTokens: string[],
  notifiedAt: string,
): InboxEntry | undefined {
  const kind = subscriptionId.slice(0, subscriptionId.indexOf('_'))
  if (kind === 'drive') return { kind, subscriptionId }
  if (kind === 'callRecords' && item.resourceData?.id) {
    return { kind: 'call', callId: item.resourceData.id }
  }
  if ((kind === 'recordings' || kind === 'transcripts') && item.resource) {
    return {
      kind: kind === 'recordings' ? 'callRecording' : 'callTranscript',
      subscriptionId,
      tenantId: item.tenantId ?? '',
      resource: item.resource,
      encryptedContent: item.encryptedContent ?? null,
      validationTokens,
      notifiedAt,
    }
  }
  return undefined
}
