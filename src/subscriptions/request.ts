import { clientStateKeyId, issueClientState } from '../client-state.ts'
import type { EncryptionCertificate } from '../config.ts'
import type { MadeWith, Subscription, SubscriptionKind } from '../domain/subscription.ts'
import type { NewSubscription, Renewal } from '../graph/subscriptions.ts'
import { longestLifeMs } from '../graph/subscriptions.ts'
import type { Standards } from './plan.ts'

export interface RequestOptions {
  clock: () => number
  publicUrl: string
  clientStateKeys: Buffer[]
  /** Newest first. */
  encryption: EncryptionCertificate[]
}

/** What a subscription has to look like today. */
export function standardsOf(options: RequestOptions): Standards {
  return { ...madeWith('recordings', options), certificateIds: options.encryption.map(({ id }) => id) }
}

/** What Graph is given with a new subscription of a kind, as far as it matters later. */
export function madeWith(kind: SubscriptionKind, options: RequestOptions): MadeWith {
  return {
    notificationUrl: `${options.publicUrl}/graph/notifications`,
    clientStateKey: clientStateKeyId(options.clientStateKeys),
    certificateId: isRich(kind) ? (options.encryption[0]?.id ?? null) : null,
  }
}

export function creationOf({ id, kind, resource, changeType }: Subscription, options: RequestOptions): NewSubscription {
  return {
    changeType,
    resource,
    notificationUrl: madeWith(kind, options).notificationUrl,
    lifecycleNotificationUrl: `${options.publicUrl}/graph/lifecycle`,
    clientState: issueClientState(options.clientStateKeys, id),
    ...(isRich(kind) ? { includeResourceData: true } : {}),
    ...renewalOf(kind, options),
  }
}

/** A new life, and the newest certificate: one PATCH does both. */
export function renewalOf(kind: SubscriptionKind, { clock, encryption }: RequestOptions): Renewal {
  const expirationDateTime = new Date(clock() + longestLifeMs(kind)).toISOString()
  const [certificate] = encryption
  if (!isRich(kind) || !certificate) return { expirationDateTime }
  return {
    expirationDateTime,
    encryptionCertificate: certificate.certificate,
    encryptionCertificateId: certificate.id,
  }
}

/** Whether its notifications carry the resource, encrypted. */
export function isRich(kind: SubscriptionKind): boolean {
  return kind === 'recordings' || kind === 'transcripts'
}
