import type { Event } from './event.ts'

export type SubscriptionKind = 'drive' | 'callRecords' | 'recordings' | 'transcripts'

/** One Microsoft Graph subscription that we want to exist, what Graph last said of it, and a drive's delta cursor. */
export interface Subscription {
  id: string
  kind: SubscriptionKind
  /** Graph's path of what is watched, such as `/drives/{id}/root`. */
  resource: string
  changeType: string
  drive: Drive | null
  /** Owner of the watched drive. */
  ownerId: string | null
  /** Graph's id; null while Graph has no subscription. */
  graphId: string | null
  expiresAt: string | null
  /** When the next create or renewal is due. A replica that takes the work moves it ahead first. */
  renewAt: string
  lastNotificationAt: string | null
  lastError: string | null
  /** When the next sweep is due; null where there is nothing to sweep. */
  sweepAt: string | null
  createdAt: string
  updatedAt: string
  outbox: Event[]
  outboxAt: string | null
}

export interface Drive {
  driveId: string
  ownerEmail: string | null
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
