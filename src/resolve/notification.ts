import { amend } from '../store/store.ts'
import type { ResolveOptions } from './drive.ts'

/** Remembers that a subscription was heard: what arrives is the only proof that it lives. */
export async function noteNotification(
  { subscriptionId, notifiedAt }: { subscriptionId: string; notifiedAt: string | null },
  { store }: Pick<ResolveOptions, 'store'>,
): Promise<void> {
  if (!notifiedAt) return
  await amend(store.subscriptions, subscriptionId, (current) =>
    current && (current.lastNotificationAt ?? '') < notifiedAt
      ? { ...current, lastNotificationAt: notifiedAt }
      : undefined,
  )
}
