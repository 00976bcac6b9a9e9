// What has to be done so that Graph has what we want. Pure: what Graph has, what the store knows and what is wanted go
// in, actions come out.

import type { MadeWith, Subscription, SubscriptionKind } from '../domain/subscription.ts'
import type { GraphSubscription } from '../graph/subscriptions.ts'

export type Action =
  | { kind: 'create'; subscription: Subscription }
  /** Grants it a new life, and the newest certificate. */
  | { kind: 'renew'; subscription: Subscription }
  /** What Graph has cannot be changed into what is wanted, or leads elsewhere: delete, then create. */
  | { kind: 'recreate'; subscription: Subscription; remove: string[] }
  /** The list does not have it, and the list can lie: ask for this one alone. */
  | { kind: 'ask'; subscription: Subscription }
  /** Not wanted any more: delete, and forget. */
  | { kind: 'forget'; subscription: Subscription }
  /** Nobody of ours: delete. */
  | { kind: 'drop'; graphId: string }

/** What every subscription is made with today. */
export interface Standards extends MadeWith {
  /** Of every certificate whose private key is at hand. */
  certificateIds: string[]
}

export interface Situation {
  known: Subscription[]
  /** What Graph says that it has; null where it could not be asked. Expired ones can be among them, and living ones be missing. */
  listed: GraphSubscription[] | null
  watch: SubscriptionKind[]
  standards: Standards
  /** Epoch ms. */
  now: number
}

// https://learn.microsoft.com/graph/change-notifications-overview#latency
const LATEST_MS = 6 * 60 * 60_000

/** Those of the known subscriptions that should exist. */
export function wantedOf(known: Subscription[], watch: SubscriptionKind[]): Subscription[] {
  return known.filter(({ kind }) => watch.includes(kind))
}

export function planSubscriptions(situation: Situation): Action[] {
  const { known, listed, watch, now } = situation
  const wanted = wantedOf(known, watch)
  const living = listed?.filter(({ expirationDateTime }) => Date.parse(expirationDateTime) > now)
  const free = wanted.filter((subscription) => !isTaken(subscription, now))
  return [
    ...known.filter((subscription) => !wanted.includes(subscription)).map(forget),
    ...free.flatMap((subscription) => planOne(subscription, living, situation)),
    ...(living ? dropExtras(living, situation) : []),
  ]
}

function forget(subscription: Subscription): Action {
  return { kind: 'forget', subscription }
}

function isTaken({ taken }: Subscription, now: number): boolean {
  return taken !== null && Date.parse(taken.until) > now
}

function planOne(
  subscription: Subscription,
  living: GraphSubscription[] | undefined,
  { standards, now }: Situation,
): Action[] {
  const { graphId, expiresAt, renewAt } = subscription
  const twins = living?.filter((other) => isTwin(other, subscription)) ?? []
  const own = twins.find(({ id }) => id === graphId)
  const others = twins.filter((other) => other !== own).map(({ id }) => id)
  const isDue = Date.parse(renewAt) <= now
  if (!graphId || !expiresAt || (Date.parse(expiresAt) <= now && !own)) {
    if (others.length > 0) return [{ kind: 'recreate', subscription, remove: others }]
    return isDue || living ? [{ kind: 'create', subscription }] : []
  }
  if (living && !own) return [{ kind: 'ask', subscription }]
  if (leadsElsewhere(subscription, own, standards) || isHopeless(subscription, now))
    return [{ kind: 'recreate', subscription, remove: [graphId] }]
  const endsEarlier = own !== undefined && Date.parse(own.expirationDateTime) <= Date.parse(renewAt)
  return isDue || endsEarlier || isUnreadable(subscription, standards) ? [{ kind: 'renew', subscription }] : []
}

/** Neither the lifecycle address nor the clientState of a subscription can be changed. */
function leadsElsewhere(
  { madeWith }: Subscription,
  own: GraphSubscription | undefined,
  { notificationUrl, clientStateKey }: Standards,
): boolean {
  const address = own?.notificationUrl ?? madeWith?.notificationUrl
  if (address && address !== notificationUrl) return true
  return madeWith !== null && madeWith.clientStateKey !== clientStateKey
}

/** Deaf for longer than Graph's latest notification is under way: a new one may hear, and one try is enough. */
function isHopeless({ health, silentSince, bornAt }: Subscription, now: number): boolean {
  if (health.state !== 'deaf' || !silentSince) return false
  return now - Date.parse(silentSince) > LATEST_MS && (bornAt ?? '') < silentSince
}

/** Graph encrypts for a certificate whose key we do not have. */
function isUnreadable({ madeWith }: Subscription, { certificateIds }: Standards): boolean {
  const id = madeWith?.certificateId ?? null
  return id !== null && !certificateIds.includes(id)
}

/** Whether two watch the same: Graph has room for one of them for each app. */
export function isTwin(other: GraphSubscription, { resource, changeType }: Subscription): boolean {
  return normal(other.resource) === normal(resource) && sorted(other.changeType) === sorted(changeType)
}

/**
 * What leads to us and is none of ours. Those that lead elsewhere may belong to somebody else who uses the same app;
 * those whose resource somebody is busy with may be his, made a moment ago.
 */
function dropExtras(living: GraphSubscription[], { known, standards, now }: Situation): Action[] {
  const removed = new Set(known.flatMap(({ graphId }) => graphId ?? []))
  return living
    .filter(({ id, notificationUrl }) => notificationUrl === standards.notificationUrl && !removed.has(id))
    .filter((extra) => {
      const twin = known.find((subscription) => isTwin(extra, subscription))
      return !twin || (twin.graphId !== null && !isTaken(twin, now) && isAlive(twin, living, now))
    })
    .map(({ id }) => ({ kind: 'drop', graphId: id }))
}

/** Where it is not, its twins go with the making of it. */
function isAlive({ graphId, expiresAt }: Subscription, living: GraphSubscription[], now: number): boolean {
  return living.some(({ id }) => id === graphId) || (expiresAt !== null && Date.parse(expiresAt) > now)
}

function normal(resource: string): string {
  return resource.replace(/^\/+/, '').toLowerCase()
}

function sorted(changeType: string): string {
  return changeType.toLowerCase().split(',').sort().join()
}
