// Does what was planned for one subscription. Every replica may try: whoever takes it first does it, and whoever lost
// it meanwhile leaves nothing behind.

import type { Subscription, Trouble } from '../domain/subscription.ts'
import { troubleOf } from '../domain/subscription.ts'
import { withVerdict } from '../domain/subscription-health.ts'
import { messageOf } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { isRefusal } from '../graph/refusal.ts'
import { deleteSubscription, type GraphSubscription } from '../graph/subscriptions.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { type Log, scrub } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { amend, type Store } from '../store/store.ts'
import { bringAbout } from './bring-about.ts'
import type { Action } from './plan.ts'
import { madeWith, type RequestOptions } from './request.ts'

export interface CarryOutOptions extends RequestOptions {
  store: Store
  graph: GraphClient
  log: Log
  metrics: Metrics
  /** Share of a subscription's life after which it is renewed. */
  renewAt: number
  sweepIntervalMs: number
}

/** A subscription in the hands of this replica. */
export interface Taken {
  subscription: Subscription
  by: string
}

const MINUTE_MS = 60_000
// While one replica creates or renews, the others leave the subscription alone for this long.
const TAKEN_MS = 2 * MINUTE_MS
const RETRY_MS = MINUTE_MS
const LONGEST_RETRY_MS = 15 * MINUTE_MS

/** Carries out an action, unless another replica is at it or was; failures are noted and never thrown. */
export async function carryOut(action: Action, options: CarryOutOptions): Promise<void> {
  if (action.kind === 'drop') return dropExtra(action.graphId, options)
  const taken = await take(action.subscription, options)
  if (!taken) return
  try {
    if (action.kind === 'forget') await forget(taken, options)
    else {
      const answer = await bringAbout(action, options)
      const isThere = action.kind === 'ask' && answer.id === taken.subscription.graphId
      await (isThere ? confirm(taken, answer, options) : keep(taken, answer, options))
    }
  } catch (error) {
    await noteFailure(taken, error, options)
  }
}

/** Takes a subscription that is still as it was when it was planned for; undefined where it is not. */
export async function take(planned: Subscription, { store, clock }: CarryOutOptions): Promise<Taken | undefined> {
  const now = clock()
  const stored = await store.subscriptions.get(planned.id)
  if (!stored) return undefined
  const { document, version } = stored
  if (document.taken && Date.parse(document.taken.until) > now) return undefined
  if (document.graphId !== planned.graphId || document.renewedAt !== planned.renewedAt) return undefined
  const by = crypto.randomUUID()
  const subscription = { ...document, taken: { by, until: new Date(now + TAKEN_MS).toISOString() } }
  return (await store.subscriptions.replace(subscription, version)) ? { subscription, by } : undefined
}

async function dropExtra(graphId: string, { graph, log }: CarryOutOptions): Promise<void> {
  try {
    await deleteSubscription(graph, graphId)
    log.info({ graphId }, 'a subscription that nobody needs was deleted')
  } catch (err) {
    log.warn({ err, graphId }, 'a subscription that nobody needs could not be deleted')
  }
}

async function forget({ subscription }: Taken, { store, graph }: CarryOutOptions): Promise<void> {
  if (subscription.graphId) await deleteSubscription(graph, subscription.graphId)
  const stored = await store.subscriptions.get(subscription.id)
  if (stored) await store.subscriptions.remove(subscription.id, stored.version)
}

/** Keeps what Graph answered: the expiry it grants can differ from the one it was asked for. */
export async function keep({ subscription, by }: Taken, answer: GraphSubscription, options: CarryOutOptions) {
  const { store, log, metrics } = options
  const isNew = answer.id !== subscription.graphId
  const kept = await amend(store.subscriptions, subscription.id, (current) =>
    current?.taken?.by === by ? renewed(current, answer, options) : undefined,
  )
  if (kept?.graphId !== answer.id) {
    if (isNew) await deleteSubscription(options.graph, answer.id)
    return
  }
  metrics.renewals.inc({ outcome: 'success' })
  const { id, kind, expiresAt } = kept
  log.info({ subscription: id, kind, isNew, expiresAt }, 'subscribed')
  if (isNew) await catchUp(kept, options)
}

/** It is there as it was: nothing was granted, so neither its renewal nor its certificate has changed. */
async function confirm(
  { subscription, by }: Taken,
  answer: GraphSubscription,
  { store }: CarryOutOptions,
): Promise<void> {
  const expiresAt = new Date(answer.expirationDateTime).toISOString()
  await amend(store.subscriptions, subscription.id, (current) => {
    if (current?.taken?.by !== by) return undefined
    const renewAt = current.renewAt < expiresAt ? current.renewAt : expiresAt
    return { ...current, taken: null, expiresAt, renewAt }
  })
}

function renewed(current: Subscription, answer: GraphSubscription, options: CarryOutOptions): Subscription {
  const now = options.clock()
  const at = new Date(now).toISOString()
  const expiry = Date.parse(answer.expirationDateTime)
  const isNew = answer.id !== current.graphId
  // Spread over a fifth of the time, so that a fleet that was made at once is not renewed at once.
  const share = options.renewAt * (0.8 + Math.random() / 5)
  const given = madeWith(current.kind, options)
  const subscription: Subscription = {
    ...current,
    graphId: answer.id,
    bornAt: isNew ? at : current.bornAt,
    renewedAt: at,
    expiresAt: new Date(expiry).toISOString(),
    madeWith: isNew ? given : { ...(current.madeWith ?? given), certificateId: certificateOf(current, answer, given) },
    renewAt: new Date(now + (expiry - now) * share).toISOString(),
    taken: null,
    failures: 0,
    renewTrouble: null,
    updatedAt: at,
  }
  return withVerdict(subscription, now, options.sweepIntervalMs)
}

function certificateOf(
  { madeWith }: Subscription,
  { encryptionCertificateId }: GraphSubscription,
  given: { certificateId: string | null },
): string | null {
  return encryptionCertificateId ?? (madeWith?.certificateId === null ? null : given.certificateId)
}

/** Notes why it did not work, and when it is tried again: later each time, and as late as Graph asks. */
export async function noteFailure(taken: Taken, error: unknown, options: CarryOutOptions): Promise<void> {
  const { store, clock, log, metrics } = options
  const { id, kind } = taken.subscription
  metrics.renewals.inc({ outcome: 'failure' })
  log.error({ err: error, subscription: id, kind }, 'subscription not renewed')
  const now = clock()
  const at = new Date(now).toISOString()
  await amend(store.subscriptions, id, (current) => {
    if (current?.taken?.by !== taken.by) return undefined
    const failed: Subscription = {
      ...current,
      taken: null,
      failures: current.failures + 1,
      renewTrouble: renewTroubleOf(current.renewTrouble, error, at),
      renewAt: new Date(now + retryMs(current.failures, error)).toISOString(),
      updatedAt: at,
    }
    return withVerdict(failed, now, options.sweepIntervalMs)
  })
}

function renewTroubleOf(before: Trouble | null, error: unknown, now: string): Trouble {
  const text = scrub(messageOf(error))
  if (!isRefusal(error, 401, 403)) return troubleOf(before, 'failing', text, now)
  return troubleOf(before, /limit|quota|exceed|maximum/i.test(error.message) ? 'quota' : 'forbidden', text, now)
}

/** Consent and policies change by hand and slowly; everything else is tried again sooner, and then less and less. */
function retryMs(failures: number, error: unknown): number {
  const asked = isRefusal(error) ? (error.retryAfterMs ?? 0) : 0
  const backOff = Math.min(RETRY_MS * 2 ** Math.min(failures, 10), LONGEST_RETRY_MS)
  const wait = isRefusal(error, 401, 403) ? LONGEST_RETRY_MS : backOff
  return Math.max(asked, wait * (0.75 + Math.random() / 4))
}

/** What happened while nobody listened is found by looking. */
export async function catchUp({ id, kind }: Subscription, { store }: Pick<CarryOutOptions, 'store'>): Promise<void> {
  await store.inbox.knock([
    kind === 'drive'
      ? inboxEntry({ kind: 'drive', subscriptionId: id, because: 'sweep' })
      : inboxEntry({ kind: 'look', subscriptionId: id }),
  ])
}
