import type { LifecycleEntry } from '../domain/notification.ts'
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
    const heard = { ...current, lastNotificationAt: entry.notifiedAt, updatedAt: now }
    if (entry.lifecycleEvent === 'reauthorizationRequired') return { ...heard, renewAt: now }
    if (entry.lifecycleEvent === 'subscriptionRemoved')
      return { ...heard, graphId: null, expiresAt: null, renewAt: now }
    return heard
  })
  if (subscription) await catchUp(subscription, options)
}
