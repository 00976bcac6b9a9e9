import type { HeardEntry, LifecycleEntry } from '../domain/notification.ts'
import { foldHeard, type Subscription } from '../domain/subscription.ts'
import { withVerdict } from '../domain/subscription-health.ts'
import { amend, type Store } from '../store/store.ts'
import { catchUp } from './carry-out.ts'

export interface LifecycleOptions {
  store: Store
  clock: () => number
  sweepIntervalMs: number
}

/**
 * Does what Graph asks for, and looks for what may have been missed meanwhile. One PATCH renews and reauthorizes; where
 * Graph does not know the subscription any more, it is made anew by that.
 * https://learn.microsoft.com/graph/change-notifications-lifecycle-events
 */
export async function obeyLifecycle(entry: LifecycleEntry, options: LifecycleOptions): Promise<void> {
  const { store, clock } = options
  const subscription = (await store.subscriptions.get(entry.subscriptionId))?.document
  if (!subscription || isOver(entry, subscription)) return
  if (entry.lifecycleEvent !== 'missed') {
    const renewAt = new Date(clock()).toISOString()
    await amend(store.subscriptions, subscription.id, (current) => current && { ...current, renewAt })
  }
  await catchUp(subscription, options)
}

/** Whether it speaks of a life that has ended, or from before the last renewal: it was obeyed, or is a replay. */
function isOver({ graphId, expiresAt }: LifecycleEntry, subscription: Subscription): boolean {
  if (graphId && graphId !== subscription.graphId) return true
  if (!expiresAt || !subscription.expiresAt) return false
  return Date.parse(expiresAt) < Date.parse(subscription.expiresAt)
}

/** Remembers when a subscription was last heard. */
export async function noteHeard({ subscriptionId, at }: HeardEntry, options: LifecycleOptions): Promise<void> {
  const { store, clock, sweepIntervalMs } = options
  await amend(
    store.subscriptions,
    subscriptionId,
    (current) => current && withVerdict(foldHeard(current, at), clock(), sweepIntervalMs),
  )
}
