// Keeps Graph's subscriptions alive: makes those that are missing, renews the others at a share of their life.

import { issueClientState } from '../client-state.ts'
import type { EncryptionCertificate } from '../config.ts'
import type { Subscription } from '../domain/subscription.ts'
import { messageOf } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { isRefusal } from '../graph/refusal.ts'
import {
  createSubscription,
  deleteSubscription,
  type GraphSubscription,
  listSubscriptions,
  longestLifeMs,
  type NewSubscription,
  renewSubscription,
} from '../graph/subscriptions.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { type Log, scrub } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { amend, type Store } from '../store/store.ts'

export interface RenewOptions {
  store: Store
  graph: GraphClient
  clock: () => number
  log: Log
  metrics: Metrics
  publicUrl: string
  clientStateKeys: Buffer[]
  /** Newest first. */
  encryption: EncryptionCertificate[]
  /** Share of a subscription's life after which it is renewed. */
  renewAt: number
}

const BATCH = 10
// While one replica creates or renews, the others leave the subscription alone for this long.
const TAKEN_MS = 2 * 60_000
const RETRY_MS = 60_000
// Consent and policies change by hand, and slowly.
const FORBIDDEN_RETRY_MS = 15 * 60_000

/** Creates or renews up to 10 subscriptions that are due and gives how many there were. */
export async function renewDue(options: RenewOptions): Promise<number> {
  const { subscriptions } = options.store
  const now = new Date(options.clock()).toISOString()
  const due = await subscriptions.find({ where: { renewAt: { lte: now } }, orderBy: 'renewAt', limit: BATCH })
  await Promise.all(due.map(({ id }) => renewOne(id, options)))
  return due.length
}

/** Creates or renews one subscription, unless it is not due or another replica is at it. */
async function renewOne(id: string, options: RenewOptions): Promise<void> {
  const subscription = await take(id, options)
  if (!subscription) return
  try {
    const answer = await createOrRenew(subscription, options)
    await keep(subscription, answer, options)
    options.metrics.renewals.inc({ outcome: 'success' })
  } catch (error) {
    options.metrics.renewals.inc({ outcome: 'failure' })
    await noteFailure(subscription, error, options)
  }
}

async function take(id: string, { store, clock }: RenewOptions): Promise<Subscription | undefined> {
  const now = clock()
  const stored = await store.subscriptions.get(id)
  if (!stored || Date.parse(stored.document.renewAt) > now) return undefined
  const taken = { ...stored.document, renewAt: new Date(now + TAKEN_MS).toISOString() }
  return (await store.subscriptions.replace(taken, stored.version)) ? taken : undefined
}

async function createOrRenew(subscription: Subscription, options: RenewOptions): Promise<GraphSubscription> {
  const { graph } = options
  const { graphId, expiresAt } = subscription
  if (!graphId || !expiresAt || Date.parse(expiresAt) <= options.clock()) return create(subscription, options)
  const { encryptionCertificate, encryptionCertificateId, expirationDateTime } = wanted(subscription, options)
  const certificate =
    encryptionCertificate && encryptionCertificateId ? { encryptionCertificate, encryptionCertificateId } : {}
  try {
    return await renewSubscription(graph, graphId, { expirationDateTime, ...certificate })
  } catch (error) {
    if (isRefusal(error, 404)) return create(subscription, options)
    throw error
  }
}

async function create(subscription: Subscription, options: RenewOptions): Promise<GraphSubscription> {
  const { graph } = options
  const request = wanted(subscription, options)
  try {
    return await createSubscription(graph, request)
  } catch (error) {
    if (!isRefusal(error, 409)) throw error
    // Graph has one that we do not know, left over from a lost store: it may lead elsewhere, so it is made anew.
    await removeTwins(subscription, graph)
    return createSubscription(graph, request)
  }
}

async function removeTwins({ resource, changeType }: Subscription, graph: GraphClient): Promise<void> {
  const path = (text: string) => text.replace(/^\/+/, '').toLowerCase()
  for (const found of await listSubscriptions(graph)) {
    if (path(found.resource) === path(resource) && found.changeType === changeType)
      await deleteSubscription(graph, found.id)
  }
}

function wanted(subscription: Subscription, options: RenewOptions): NewSubscription {
  const { id, kind, resource, changeType } = subscription
  const [certificate] = options.encryption
  const rich = kind === 'recordings' || kind === 'transcripts'
  return {
    changeType,
    resource,
    notificationUrl: `${options.publicUrl}/graph/notifications`,
    lifecycleNotificationUrl: `${options.publicUrl}/graph/lifecycle`,
    clientState: issueClientState(options.clientStateKeys, id),
    expirationDateTime: new Date(options.clock() + longestLifeMs(kind)).toISOString(),
    ...(rich && certificate
      ? {
          includeResourceData: true,
          encryptionCertificate: certificate.certificate,
          encryptionCertificateId: certificate.id,
        }
      : {}),
  }
}

/** Keeps what Graph answered: the expiry it grants can differ from the one it was asked for. */
async function keep(subscription: Subscription, answer: GraphSubscription, options: RenewOptions): Promise<void> {
  const { store, clock, log } = options
  const now = clock()
  const expiresAt = Date.parse(answer.expirationDateTime)
  const share = options.renewAt * (0.95 + Math.random() / 10)
  const isNew = answer.id !== subscription.graphId
  await amend(
    store.subscriptions,
    subscription.id,
    (current) =>
      current && {
        ...current,
        graphId: answer.id,
        expiresAt: new Date(expiresAt).toISOString(),
        renewAt: new Date(now + (expiresAt - now) * share).toISOString(),
        lastError: null,
        updatedAt: new Date(now).toISOString(),
      },
  )
  log.info(
    { subscription: subscription.id, kind: subscription.kind, isNew, expiresAt: answer.expirationDateTime },
    'subscribed',
  )
  if (isNew) await catchUp(subscription, options)
}

async function noteFailure(
  subscription: Subscription,
  error: unknown,
  { store, clock, log }: RenewOptions,
): Promise<void> {
  log.error({ err: error, subscription: subscription.id, kind: subscription.kind }, 'subscription not renewed')
  const now = clock()
  const asked = isRefusal(error) ? (error.retryAfterMs ?? 0) : 0
  const wait = Math.max(asked, isRefusal(error, 401, 403) ? FORBIDDEN_RETRY_MS : RETRY_MS)
  const failed = {
    lastError: scrub(messageOf(error)),
    renewAt: new Date(now + wait).toISOString(),
    updatedAt: new Date(now).toISOString(),
  }
  await amend(store.subscriptions, subscription.id, (current) => current && { ...current, ...failed })
}

/** What happened while nobody listened is found by looking. */
export async function catchUp({ id, kind }: Subscription, { store }: Pick<RenewOptions, 'store'>): Promise<void> {
  if (kind !== 'drive') return
  await store.inbox.knock([inboxEntry({ kind: 'drive', subscriptionId: id })])
}
