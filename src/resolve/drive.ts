// Asks a drive what changed and folds every recording into its document. The cursor is saved last: whatever fails
// before leaves it where it was, and the next visit sees the same items again.

import { foldFile, newRecording } from '../domain/recording.ts'
import type { Drive } from '../domain/subscription.ts'
import { RelayError } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { type DriveItem, deltaPages, recordingsFolder } from '../graph/drives.ts'
import { isRefusal } from '../graph/refusal.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import { foldTombstones, suspectAbsent } from './deletion.ts'
import { fileFacts, isVideo, recordingId, type Watched } from './file.ts'
import type { ResolveOptions } from './options.ts'
import { learnFolders } from './recordings-folder.ts'

/** Visits a drive once and gives the ids of the recordings that it saw there. */
export async function visitDrive(subscriptionId: string, options: ResolveOptions): Promise<string[]> {
  const { store, clock } = options
  const watched = await loadWatched(subscriptionId, store)
  const { drive } = watched
  const special = await askForFolder(drive, options.graph)
  const isNew = special && !drive.recordingsFolders.some(({ id }) => id === special.id)
  // What lay in the folder before we knew of it is behind the cursor: read the drive from its beginning.
  const seenAt = new Date(clock()).toISOString()
  const delta = await readDelta(drive, isNew ? null : drive.cursor, options)
  const learnt = learnFolders(drive, special, delta.items)
  const ids = [
    ...(await foldFiles(delta.items, { ...watched, drive: { ...drive, ...learnt } }, seenAt, options)),
    ...(await foldTombstones(drive.driveId, delta.items, options)),
  ]
  await store.inbox.knock(ids.map((recordingId) => inboxEntry({ kind: 'recording', recordingId })))
  if (delta.isComplete && drive.lastVisitAt) await suspectAbsent(drive.driveId, delta.items, options)
  const now = new Date(clock()).toISOString()
  options.log.debug({ driveId: drive.driveId, items: delta.items.size, recordings: ids.length }, 'drive read')
  const visited = { ...learnt, cursor: delta.cursor, lastVisitAt: now }
  await amend(store.subscriptions, subscriptionId, (current) =>
    current?.drive ? { ...current, drive: { ...current.drive, ...visited }, updatedAt: now } : undefined,
  )
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

interface Delta {
  /** The last state of each item: the feed may tell of one more than once. */
  items: Map<string, DriveItem>
  cursor: string
  /** Whether it enumerates everything that is there. */
  isComplete: boolean
}

async function readDelta(drive: Drive, from: string | null, options: ResolveOptions): Promise<Delta> {
  try {
    return await readPages(drive.driveId, from, options)
  } catch (error) {
    // The cursor has expired: everything that is still there comes again, and what is absent stays as it is.
    if (from === null || !isRefusal(error, 410)) throw error
    options.log.warn({ driveId: drive.driveId }, 'delta cursor expired, reading the whole drive')
    return readPages(drive.driveId, null, options)
  }
}

async function readPages(driveId: string, from: string | null, { graph }: ResolveOptions): Promise<Delta> {
  const items = new Map<string, DriveItem>()
  let cursor: string | null = null
  for await (const page of deltaPages(graph, driveId, from)) {
    for (const item of page.items) items.set(item.id, item)
    cursor = page.cursor
  }
  if (cursor) return { items, cursor, isComplete: from === null }
  throw new RelayError('delta_truncated', 'retry', 'The delta of a drive ended without a new cursor.')
}

/** Folds the files that are recordings and gives their ids. A known recording stays one wherever it is moved. */
async function foldFiles(
  items: Map<string, DriveItem>,
  watched: Watched,
  seenAt: string,
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
      return foldFile(current ?? newRecording(id, seenAt), fileFacts(item, watched, folder?.name), seenAt)
    })
    if (recording) ids.push(id)
  }
  return ids
}
