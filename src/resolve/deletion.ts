// What is gone upstream is withdrawn, but never many at once on the word of a provider that may be talking nonsense:
// https://github.com/jrchamp/moodle-mod_zoom/issues/684 tells of 3,523 recordings deleted in one night.

import { foldDeletion, foldFile, holdDeletion, type Recording } from '../domain/recording.ts'
import { type DriveItem, getItem } from '../graph/drives.ts'
import { notFound } from '../http/problem.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import { recordingId } from './file.ts'
import type { ResolveOptions } from './options.ts'

const DAY_MS = 24 * 60 * 60_000
/** A visit that would withdraw more than this asks a person, and so does a day that would withdraw more of ... */
const MOST_AT_ONCE = 5
/** ... this share of all recordings. */
const MOST_A_DAY = 0.01
const MOST_ABSENT = 5_000

/** Folds the tombstones of a delta and gives the ids of the recordings that they concern. */
export async function foldTombstones(
  driveId: string,
  items: Map<string, DriveItem>,
  options: ResolveOptions,
): Promise<string[]> {
  const gone: string[] = []
  for (const item of items.values()) {
    if (!item.deleted) continue
    const stored = await options.store.recordings.get(recordingId(driveId, item.id))
    if (stored?.document.file && !stored.document.deletedAt) gone.push(stored.document.id)
  }
  await withdraw(gone, options)
  return gone
}

/** A full enumeration left these out. That alone proves nothing: each is looked for by itself, twice, a day apart. */
export async function suspectAbsent(
  driveId: string,
  items: Map<string, DriveItem>,
  { store }: ResolveOptions,
): Promise<void> {
  const known = await store.recordings.find({
    where: { driveId, deletedAt: null },
    orderBy: 'createdAt',
    limit: MOST_ABSENT,
  })
  const absent = known.filter(({ file }) => file && !items.has(file.itemId))
  await store.inbox.knock(absent.map(({ id }) => inboxEntry({ kind: 'absence', recordingId: id })))
}

/** Looks for one file by itself: there it is again, or it is missing, or it has been missing for a day. */
export async function checkAbsence(id: string, options: ResolveOptions): Promise<void> {
  const { store, clock } = options
  const recording = (await store.recordings.get(id))?.document
  if (!recording?.file || recording.deletedAt || (await refind(recording, options))) return
  const now = clock()
  const { missingSince } = recording
  if (missingSince && now - Date.parse(missingSince) >= DAY_MS) {
    await withdraw([id], options)
    await store.inbox.knock([inboxEntry({ kind: 'recording', recordingId: id })])
    return
  }
  const since = missingSince ?? new Date(now).toISOString()
  await amend(store.recordings, id, (current) => current && { ...current, missingSince: since })
}

/**
 * Asks Graph whether the file of a recording is there again, and takes it back if it is.
 *
 * @throws RelayError `not_found` (reject)
 */
export async function lookAgain(id: string, options: ResolveOptions): Promise<boolean> {
  const recording = (await options.store.recordings.get(id))?.document
  if (!recording?.file) throw notFound('recording', id)
  return refind(recording, options)
}

/** A person says that the file is gone. */
export async function confirmDeletion(id: string, { store, clock }: ResolveOptions): Promise<void> {
  const now = new Date(clock()).toISOString()
  const changed = await amend(store.recordings, id, (current) => current && foldDeletion(current, now))
  if (!changed) throw notFound('recording', id)
  await store.inbox.knock([inboxEntry({ kind: 'recording', recordingId: id })])
}

async function refind({ id, file }: Recording, { store, graph, clock }: ResolveOptions): Promise<boolean> {
  if (!file) return false
  const seenAt = new Date(clock()).toISOString()
  const item = await getItem(graph, file.driveId, file.itemId)
  if (!item) return false
  await amend(
    store.recordings,
    id,
    (current) => current && foldFile(current, { ...file, size: item.size ?? file.size }, seenAt),
  )
  await store.inbox.knock([inboxEntry({ kind: 'recording', recordingId: id })])
  return true
}

/** Believes that the files are gone, unless there are too many: then a person is asked. */
async function withdraw(ids: string[], { store, clock, log }: ResolveOptions): Promise<void> {
  if (ids.length === 0) return
  const now = new Date(clock()).toISOString()
  const fold = (await isTooMany(ids.length, store, clock())) ? holdDeletion : foldDeletion
  if (fold === holdDeletion)
    log.error({ recordings: ids.length }, 'too many recordings are gone at once: a person is asked')
  for (const id of ids) await amend(store.recordings, id, (current) => current && fold(current, now))
}

async function isTooMany(count: number, store: Store, now: number): Promise<boolean> {
  if (count > MOST_AT_ONCE) return true
  const since = new Date(now - DAY_MS).toISOString()
  const [all, lately] = await Promise.all([
    store.recordings.count({}),
    store.recordings.count({ deletedAt: { gte: since } }),
  ])
  return lately + count > Math.max(MOST_AT_ONCE, all * MOST_A_DAY)
}
