import type { HeardEntry, LifecycleEntry } from '../domain/notification.ts'
import { amend, type Store } from '../store/store.ts'
import { catchUp } from './renew.ts'

export interface LifecycleOptions {
  store: Store
  clock: () => number
}

/** Does what Graph asks for, and looks for what may have been missed meanwhile. */
export async function obeyLifecycle(entry: LifecycleEntry, options: LifecycleOptions): Promise<void> {
  const { store, clock } = options
  const now = new Date(clock()).toISOString()
  const subscription = await amend(store.subscriptions, entry.subscriptionId, (current) => {
    if (!current) return undefined
    if (entry.lifecycleEvent === 'reauthorizationRequired') return { ...current, renewAt: now }
    if (entry.lifecycleEvent === 'subscriptionRemoved')
      return { ...current, graphId: null, expiresAt: null, renewAt: now }
    return current
  })
  if (subscription) await catchUp(subscription, options)
}

/** Remembers when a subscription was last heard. */
export async function noteHeard({ subscriptionId, at }: HeardEntry, { store }: LifecycleOptions): Promise<void> {
  await amend(store.subscriptions, subscriptionId, (current) =>
    current && (current.lastNotificationAt ?? '') < at ? { ...current, lastNotificationAt: at } : undefined,
  )
}
