// Asks a drive what changed and folds every recording into its document. The cursor is saved last: whatever fails
// before leaves it where it was, and the next visit sees the same items again.

import { foldDeletion, foldFile, newRecording } from '../domain/recording.ts'
import type { Drive } from '../domain/subscription.ts'
import { RelayError } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { type DriveItem, deltaPages, recordingsFolder } from '../graph/drives.ts'
import { isRefusal } from '../graph/refusal.ts'
import { stableId } from '../ids.ts'
import { inboxEntry } from '../inbox/entry.ts'
import type { Log } from '../log.ts'
import { amend, type Store } from '../store/store.ts'
import { fileFacts, isVideo, type Watched } from './file.ts'
import { recordingsFoldersAmong, rememberFolder } from './recordings-folder.ts'

export interface ResolveOptions {
  store: Store
  graph: GraphClient
  clock: () => number
  log: Log
}

/** Visits a drive once and gives the ids of the recordings that it saw there. */
export async function visitDrive(subscriptionId: string, options: ResolveOptions): Promise<string[]> {
  const { store, clock } = options
  const watched = await loadWatched(subscriptionId, store)
  const { drive } = watched
  const special =
    drive.recordingsFolders.length === 0 ? await recordingsFolder(options.graph, drive.driveId) : undefined
  // What lay in the folder before we knew of it is behind the cursor: read the drive from its beginning.
  const delta = await readDelta(drive, special ? null : drive.cursor, options)
  const folders = knownFolders(drive, special, delta.items)
  const ids = await foldItems(
    delta.items.values(),
    { ...watched, drive: { ...drive, recordingsFolders: folders } },
    options,
  )
  await store.inbox.knock(ids.map((recordingId) => inboxEntry({ kind: 'recording', recordingId })))
  const now = new Date(clock()).toISOString()
  await amend(store.subscriptions, subscriptionId, (current) =>
    current?.drive
      ? {
          ...current,
          drive: { ...current.drive, recordingsFolders: folders, cursor: delta.cursor, lastVisitAt: now },
          updatedAt: now,
        }
      : undefined,
  )
  return ids
}

async function loadWatched(subscriptionId: string, store: Store): Promise<Watched> {
  const subscription = (await store.subscriptions.get(subscriptionId))?.document
  if (subscription?.drive) return { ...subscription, drive: subscription.drive }
  throw new RelayError('drive_unknown', 'bury', `No drive is watched as ${subscriptionId}.`)
}

interface Delta {
  /** The last state of each item: the feed may tell of one more than once. */
  items: Map<string, DriveItem>
  cursor: string
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
  if (cursor) return { items, cursor }
  throw new RelayError('delta_truncated', 'retry', 'The delta of a drive ended without a new cursor.')
}

function knownFolders(
  drive: Drive,
  special: DriveItem | undefined,
  items: Map<string, DriveItem>,
): Drive['recordingsFolders'] {
  const rootId = [...items.values()].find((item) => item.root)?.id
  const folders = [...(special ? [special] : []), ...recordingsFoldersAmong(items.values(), rootId)].map(rememberFolder)
  return [...new Map([...drive.recordingsFolders, ...folders].map((folder) => [folder.id, folder])).values()]
}

async function foldItems(items: Iterable<DriveItem>, watched: Watched, options: ResolveOptions): Promise<string[]> {
  const ids: string[] = []
  for (const item of items) {
    const id = await foldItem(item, watched, options)
    if (id) ids.push(id)
  }
  return ids
}

/** Gives the id of the recording that the item is, if it is one. A known recording stays one wherever it is moved. */
async function foldItem(
  item: DriveItem,
  watched: Watched,
  { store, clock }: ResolveOptions,
): Promise<string | undefined> {
  const folder = watched.drive.recordingsFolders.find(({ id }) => id === item.parentReference?.id)
  const video = isVideo(item)
  if (!video && !item.deleted) return undefined
  const id = stableId('rec', watched.drive.driveId, item.id)
  const now = new Date(clock()).toISOString()
  const recording = await amend(store.recordings, id, (current) => {
    if (item.deleted) return current && foldDeletion(current, now)
    if (!current && !folder) return undefined
    return foldFile(current ?? newRecording(id, now), fileFacts(item, watched, folder?.name), now)
  })
  return recording && id
}
