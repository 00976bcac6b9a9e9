import type { Event } from './event.ts'

export type SubscriptionKind = 'drive' | 'callRecords' | 'recordings' | 'transcripts'

/** One Microsoft Graph subscription that we want to exist, what Graph last said of it, and what proves that it lives. */
export interface Subscription {
  id: string
  kind: SubscriptionKind
  /** Graph's path of what is watched, such as `/drives/{id}/root`. */
  resource: string
  changeType: string
  drive: Drive | null
  /** Owner of the watched drive. */
  ownerId: string | null
  ownerEmail: string | null

  /** Graph's id; null while Graph has no subscription. */
  graphId: string | null
  /** When Graph made it. */
  bornAt: string | null
  /** When Graph last granted it an expiry. */
  renewedAt: string | null
  /** As Graph granted it, which can differ from what was asked. */
  expiresAt: string | null
  /** What Graph was given with it; null where it was never made, or before this was kept. */
  madeWith: MadeWith | null
  /** When the next create or renewal is due. */
  renewAt: string
  /** The replica that creates or renews it now, and until when the others leave it alone. */
  taken: { by: string; until: string } | null
  failures: number

  lastNotificationAt: string | null
  /** When a look last found nothing that a notification should have announced. */
  quietAt: string | null
  /** When the oldest change happened that a look found before any notification announced it. */
  silentSince: string | null
  /** Up to when a tenant-wide resource was looked through. */
  lookedUntil: string | null
  /** Why Graph has none, or does not renew it. */
  renewTrouble: Trouble | null
  /** Why what it watches cannot be looked at, or why its notifications cannot be believed. */
  lookTrouble: Trouble | null
  health: Health
  /** When the next sweep is due, and when the last one was. */
  sweepAt: string | null
  sweptAt: string | null

  createdAt: string
  updatedAt: string
  eventCount: number
  outbox: Event[]
  outboxAt: string | null
}

export interface MadeWith {
  notificationUrl: string
  /** Names the key that its clientState was signed with. */
  clientStateKey: string
  certificateId: string | null
}

/** `quota`: Graph takes no more of them. `gone`: what it watches is not there any more. */
export type TroubleKind = 'forbidden' | 'quota' | 'gone' | 'unproven' | 'failing'

export interface Trouble {
  kind: TroubleKind
  text: string
  since: string
}

export type HealthState = 'healthy' | 'late' | 'deaf' | 'dying' | 'dead' | 'forbidden'

/** The state that was last judged, and whether endpoints were told that it is unhealthy. */
export interface Health {
  state: HealthState
  since: string
  told: boolean
}

export interface Drive {
  driveId: string
  /** The configuration names it, so that we may write a file of our own there. */
  isConfigured: boolean
  /** Folders whose files are recordings, told apart by id: names are localised and can be changed. */
  recordingsFolders: RecordingsFolder[]
  rootId: string | null
  /** Graph's deltaLink, verbatim; null means a full enumeration. */
  cursor: string | null
  lastVisitAt: string | null
}

export interface RecordingsFolder {
  id: string
  name: string
  /** Whether Graph itself named it, not its name. */
  isSpecial: boolean
}

/** When something last showed that the subscription works: a notification, or a look that found nothing unannounced. */
export function provenAt({ lastNotificationAt, quietAt }: Subscription): string | null {
  return [lastNotificationAt, quietAt].reduce((newest, at) => ((at ?? '') > (newest ?? '') ? at : newest), null)
}

/** Changes carry Graph's time, notifications and visits ours. */
export const CLOCKS_DIFFER_MS = 60_000

/** Whether a notification that came at `heardAt` can have announced a change of that time. */
export function isAnnouncedBy(heardAt: string | null, changedAt: string): boolean {
  return heardAt !== null && Date.parse(changedAt) <= Date.parse(heardAt) + CLOCKS_DIFFER_MS
}

/** Takes in that a notification arrived: it lives, whatever was silent before. */
export function foldHeard(subscription: Subscription, at: string): Subscription {
  const { lastNotificationAt, silentSince } = subscription
  if ((lastNotificationAt ?? '') >= at) return subscription
  const isOver = silentSince !== null && isAnnouncedBy(at, silentSince)
  return { ...subscription, lastNotificationAt: at, silentSince: isOver ? null : silentSince }
}

/**
 * Takes in a look at what is watched.
 *
 * @param silentSince when the oldest change happened that the look found and no notification announced, or null
 */
export function foldLook(subscription: Subscription, silentSince: string | null, at: string): Subscription {
  // A notification can have come while we looked.
  const isAnswered = silentSince !== null && isAnnouncedBy(subscription.lastNotificationAt, silentSince)
  const silences = [subscription.silentSince, isAnswered ? null : silentSince].filter((since) => since !== null)
  const oldest = silences.sort()[0] ?? null
  const lookTrouble = isLasting(subscription) ? subscription.lookTrouble : null
  return { ...subscription, silentSince: oldest, quietAt: oldest ? subscription.quietAt : at, lookTrouble }
}

/** That we can look proves nothing of notifications that cannot be believed, nor of words that cannot be read. */
function isLasting({ kind, lookTrouble }: Subscription): boolean {
  return lookTrouble?.kind === 'unproven' || (kind === 'transcripts' && lookTrouble?.kind === 'forbidden')
}

/** The same trouble keeps the time at which it began. */
export function troubleOf(before: Trouble | null, kind: TroubleKind, text: string, now: string): Trouble {
  return { kind, text, since: before?.kind === kind ? before.since : now }
}
