// Asks a drive what changed and folds every recording into its document. The cursor is saved last: whatever fails
// before leaves it where it was, and the next visit sees the same items again.

import type { DriveEntry } from '../domain/notification.ts'
import { type FoundBy, foldFile, newRecording } from '../domain/recording.ts'
import {
  CLOCKS_DIFFER_MS,
  type Drive,
  foldHeard,
  foldLook,
  isAnnouncedBy,
  type Subscription,
} from '../domain/subscription.ts'
import { withVerdict } from '../domain/subscription-health.ts'
import { RelayError } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { type DriveItem, recordingsFolder } from '../graph/drives.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import { foldTombstones, suspectAbsent } from './deletion.ts'
import { readDelta } from './delta.ts'
import { fileFacts, instant, isVideo, recordingId, type Watched } from './file.ts'
import { heardAt, noteLookTrouble } from './look.ts'
import type { ResolveOptions } from './options.ts'
import { learnFolders } from './recordings-folder.ts'

/** Visits a drive once and gives the ids of the recordings that it saw there. */
export async function visitDrive(entry: Omit<DriveEntry, 'kind'>, options: ResolveOptions): Promise<string[]> {
  const watched = await loadWatched(entry.subscriptionId, options.store)
  try {
    return await visit(watched, entry.because ?? 'notification', options)
  } catch (error) {
    await noteLookTrouble(watched, error, options)
    throw error
  }
}

async function visit(watched: Watched, because: FoundBy, options: ResolveOptions): Promise<string[]> {
  const { store, clock } = options
  const { drive } = watched
  const special = await askForFolder(drive, options.graph)
  const isNew = special && !drive.recordingsFolders.some(({ id }) => id === special.id)
  // What lay in the folder before we knew of it is behind the cursor: read the drive from its beginning.
  const seenAt = new Date(clock()).toISOString()
  const delta = await readDelta(watched, isNew ? null : drive.cursor, options)
  const heard = await heardAt(watched, store)
  const isAnnounced = because === 'notification' || (heard ?? '') > (drive.lastVisitAt ?? '')
  const learnt = learnFolders(drive, special, delta.items)
  const folded = { ...watched, drive: { ...drive, ...learnt } }
  const ids = [
    ...(await foldFiles(delta.items, folded, seenAt, isAnnounced ? 'notification' : 'sweep', options)),
    ...(await foldTombstones(drive.driveId, delta.items, options)),
  ]
  await store.inbox.knock(ids.map((recordingId) => inboxEntry({ kind: 'recording', recordingId })))
  if (delta.isComplete && drive.lastVisitAt) await suspectAbsent(drive.driveId, delta.items, options)
  options.log.debug({ driveId: drive.driveId, items: delta.items.size, recordings: ids.length }, 'drive read')
  const silentSince = oldestUnannounced(delta.items, watched, heard)
  const now = clock()
  const visited = { ...learnt, cursor: delta.cursor, lastVisitAt: seenAt }
  await amend(store.subscriptions, watched.id, (current) => {
    if (!current?.drive) return undefined
    const drive = { ...current.drive, ...visited }
    const looked = foldLook(foldHeard(current, heard ?? ''), silentSince, seenAt)
    return withVerdict({ ...looked, drive, updatedAt: visited.lastVisitAt }, now, options.sweepIntervalMs)
  })
  return ids
}

async function loadWatched(subscriptionId: string, store: Store): Promise<Watched> {
  const subscription = (await store.subscriptions.get(subscriptionId))?.document
  if (subscription?.drive) return { ...subscription, drive: subscription.drive }
  throw new RelayError('drive_unknown', 'bury', `No drive is watched as ${subscriptionId}.`)
}

/** Asks Graph for the folder, until it has named one. */
async function askForFolder({ driveId, recordingsFolders }: Drive, graph: GraphClient): Promise<DriveItem | undefined> {
  return recordingsFolders.some(({ isSpecial }) => isSpecial) ? undefined : recordingsFolder(graph, driveId)
}

/**
 * When the oldest change of a file happened that no notification came after: while the subscription lived, and since
 * the last visit, for Graph tells of some changes more than once.
 */
function oldestUnannounced(
  items: Map<string, DriveItem>,
  { drive, bornAt, graphId }: Subscription & { drive: Drive },
  heard: string | null,
): string | null {
  const { lastVisitAt } = drive
  if (!lastVisitAt || !graphId || !bornAt) return null
  const changes = [...items.values()]
    .filter(({ file, deleted }) => file && !deleted)
    .map(({ lastModifiedDateTime, createdDateTime }) => instant(lastModifiedDateTime ?? createdDateTime))
  const since = Date.parse(lastVisitAt) - CLOCKS_DIFFER_MS
  const silent = changes.filter((at) => Date.parse(at) >= since && at > bornAt && !isAnnouncedBy(heard, at))
  return silent.sort()[0] ?? null
}

/** Folds the files that are recordings and gives their ids. A known recording stays one wherever it is moved. */
async function foldFiles(
  items: Map<string, DriveItem>,
  watched: Watched,
  seenAt: string,
  foundBy: FoundBy,
  { store }: ResolveOptions,
): Promise<string[]> {
  const { driveId, recordingsFolders } = watched.drive
  const ids: string[] = []
  for (const item of items.values()) {
    if (!isVideo(item)) continue
    const folder = recordingsFolders.find(({ id }) => id === item.parentReference?.id)
    const id = recordingId(driveId, item.id)
    const recording = await amend(store.recordings, id, (current) => {
      if (!current && !folder) return undefined
      const facts = fileFacts(item, watched, folder?.name)
      return foldFile(current ?? newRecording(id, seenAt, foundBy), facts, seenAt)
    })
    if (recording) ids.push(id)
  }
  return ids
}
