// What every look at something that is watched leaves in its subscription: proof that it works, or why it may not.

import { type Subscription, type TroubleKind, troubleOf } from '../domain/subscription.ts'
import { withVerdict } from '../domain/subscription-health.ts'
import { messageOf } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { driveById } from '../graph/drives.ts'
import { isRefusal } from '../graph/refusal.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { scrub } from '../log.ts'
import { amend, type Store } from '../store/store.ts'
import type { ResolveOptions } from './options.ts'

/** When it was last heard, though the inbox may not have come to note it yet. */
export async function heardAt({ id, lastNotificationAt }: Subscription, { inbox }: Store): Promise<string | null> {
  const entry = await inbox.get(inboxEntry({ kind: 'heard', subscriptionId: id, at: '' }).id)
  const heard = entry?.body.kind === 'heard' ? entry.body.at : null
  return (
    [lastNotificationAt, heard]
      .filter((at) => at !== null)
      .sort()
      .at(-1) ?? null
  )
}

/** Notes that a look failed, so that health shows it while it is tried again. */
export async function noteLookTrouble(
  subscription: Subscription,
  error: unknown,
  options: ResolveOptions,
): Promise<void> {
  const kind = await troubleKindOf(subscription, error, options.graph)
  await noteTrouble(subscription.id, kind, scrub(messageOf(error)), options)
}

/** Why the notifications of a subscription, or what it watches, cannot be relied on. */
export async function noteTrouble(
  subscriptionId: string,
  kind: TroubleKind,
  text: string,
  { store, clock, sweepIntervalMs }: ResolveOptions,
): Promise<void> {
  const now = clock()
  await amend(store.subscriptions, subscriptionId, (current) => {
    if (!current) return undefined
    const lookTrouble = troubleOf(current.lookTrouble, kind, text, new Date(now).toISOString())
    return withVerdict({ ...current, lookTrouble }, now, sweepIntervalMs)
  })
}

/** What was in the way is not any more. */
export async function clearTrouble(
  subscriptionId: string,
  kind: TroubleKind,
  { store, clock, sweepIntervalMs }: ResolveOptions,
): Promise<void> {
  await amend(store.subscriptions, subscriptionId, (current) => {
    if (current?.lookTrouble?.kind !== kind) return undefined
    return withVerdict({ ...current, lookTrouble: null }, clock(), sweepIntervalMs)
  })
}

async function troubleKindOf({ drive }: Subscription, error: unknown, graph: GraphClient): Promise<TroubleKind> {
  if (isRefusal(error, 401, 403)) return 'forbidden'
  if (!isRefusal(error, 404) || !drive) return 'failing'
  // A page can be missing while the drive is there.
  const isGone = await driveById(graph, drive.driveId).then(
    () => false,
    (cause: unknown) => isRefusal(cause, 404),
  )
  return isGone ? 'gone' : 'failing'
}
