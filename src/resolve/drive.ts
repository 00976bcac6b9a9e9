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
import { learnFolders } from './recordings-folder.ts'

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
  const special = await askForFolder(drive, options.graph)
  const isNew = special && !drive.recordingsFolders.some(({ id }) => id === special.id)
  // What lay in the folder before we knew of it is behind the cursor: read the drive from its beginning.
  const delta = await readDelta(drive, isNew ? null : drive.cursor, options)
  const learnt = learnFolders(drive, special, delta.items)
  const ids = await foldItems(delta.items.values(), { ...watched, drive: { ...drive, ...learnt } }, options)
  await store.inbox.knock(ids.map((recordingId) => inboxEntry({ kind: 'recording', recordingId })))
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
