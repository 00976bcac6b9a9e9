// What should be watched stands in the store as a subscription, whether or not Graph has it yet.

import type { Config } from '../config.ts'
import type { WatchEntry } from '../domain/notification.ts'
import type { Subscription, SubscriptionKind } from '../domain/subscription.ts'
import type { GraphClient } from '../graph/client.ts'
import { driveById, driveOfPerson, type FoundDrive } from '../graph/drives.ts'
import { stableId } from '../ids.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'

export interface RegisterOptions {
  store: Store
  graph: GraphClient
  clock: () => number
  watch: SubscriptionKind[]
}

const TENANT_WIDE = {
  callRecords: { resource: '/communications/callRecords', changeType: 'created,updated' },
  recordings: { resource: 'communications/onlineMeetings/getAllRecordings', changeType: 'created' },
  transcripts: { resource: 'communications/onlineMeetings/getAllTranscripts', changeType: 'created' },
} as const

/** Registers what the configuration names. Drives are looked up from the inbox, so that Graph may be down now. */
export async function registerConfigured(
  { recordingAdminEmail, driveId }: Pick<Config, 'recordingAdminEmail' | 'driveId'>,
  options: RegisterOptions,
): Promise<void> {
  for (const kind of options.watch) {
    if (kind === 'drive') continue
    await options.store.subscriptions.insert(newSubscription({ kind, ...TENANT_WIDE[kind] }, options))
  }
  const drives: WatchEntry['drive'][] = [
    ...(recordingAdminEmail ? [{ person: recordingAdminEmail.toLowerCase() }] : []),
    ...(driveId ? [{ driveId }] : []),
  ]
  await options.store.inbox.knock(drives.map((drive) => inboxEntry({ kind: 'watch', drive, isConfigured: true })))
}

/** Watches a drive from now on and gives its subscription's id; undefined where drives are not watched at all. */
export async function watchDrive(
  { drive, isConfigured = false }: Omit<WatchEntry, 'kind'>,
  options: RegisterOptions,
): Promise<string | undefined> {
  if (!options.watch.includes('drive')) return undefined
  const { graph } = options
  const found = 'person' in drive ? await driveOfPerson(graph, drive.person) : await driveById(graph, drive.driveId)
  const subscription = driveSubscription(found, isConfigured, options)
  const isNew = await options.store.subscriptions.insert(subscription)
  if (!isNew) await learnMore(subscription, options)
  if (isNew) {
    await options.store.inbox.knock([inboxEntry({ kind: 'drive', subscriptionId: subscription.id, because: 'sweep' })])
  }
  return subscription.id
}

function driveSubscription(found: FoundDrive, isConfigured: boolean, options: RegisterOptions): Subscription {
  const { driveId, ownerId, ownerEmail } = found
  const drive = { driveId, isConfigured, recordingsFolders: [], rootId: null, cursor: null, lastVisitAt: null }
  const base = newSubscription({ kind: 'drive', resource: `/drives/${driveId}/root`, changeType: 'updated' }, options)
  return { ...base, drive, ownerId, ownerEmail }
}

async function learnMore({ id, ownerId, ownerEmail, drive }: Subscription, { store }: RegisterOptions): Promise<void> {
  await amend(store.subscriptions, id, (current) => {
    if (!current?.drive) return undefined
    const isConfigured = current.drive.isConfigured || drive?.isConfigured === true
    const isSame = current.ownerId === ownerId && current.ownerEmail === ownerEmail
    if (isSame && isConfigured === current.drive.isConfigured) return undefined
    return { ...current, ownerId, ownerEmail, drive: { ...current.drive, isConfigured } }
  })
}

/** The id begins with the kind, which tells what a notification for it is about. */
function newSubscription(
  { kind, resource, changeType }: Pick<Subscription, 'kind' | 'resource' | 'changeType'>,
  { clock }: RegisterOptions,
): Subscription {
  const now = new Date(clock()).toISOString()
  return {
    id: stableId(kind, resource),
    kind,
    resource,
    changeType,
    drive: null,
    ownerId: null,
    ownerEmail: null,
    graphId: null,
    bornAt: null,
    renewedAt: null,
    expiresAt: null,
    madeWith: null,
    renewAt: now,
    taken: null,
    failures: 0,
    lastNotificationAt: null,
    quietAt: null,
    silentSince: null,
    lookedUntil: null,
    renewTrouble: null,
    lookTrouble: null,
    health: { state: 'late', since: now, told: false },
    sweepAt: now,
    sweptAt: null,
    createdAt: now,
    updatedAt: now,
    eventCount: 0,
    outbox: [],
    outboxAt: null,
  }
}
