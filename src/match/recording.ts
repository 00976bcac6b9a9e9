// Joins one recording to its conference. Runs again whenever anything that could matter has changed, and comes to the
// same result for the same facts.

import type { Conference } from '../domain/conference.ts'
import { foldTeams, type Recording } from '../domain/recording.ts'
import { RelayError } from '../errors.ts'
import { inboxEntry } from '../inbox/entry.ts'
import type { Log } from '../log.ts'
import type { Store, Stored } from '../store/store.ts'
import { conclude } from './conclude.ts'
import { type Decision, decide } from './decide.ts'
import { gatherEvidence } from './evidence.ts'
import { findFile, findWaiting } from './pair.ts'
import { placeOf, renumber } from './parts.ts'

export interface MatchOptions {
  store: Store
  clock: () => number
  log: Log
}

const TRIES = 10

/** @throws RelayError `store_contention` (retry) */
export async function matchRecording(recordingId: string, options: MatchOptions): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const stored = await options.store.recordings.get(recordingId)
    if (!stored || (await matchStored(stored, options))) return
  }
  throw new RelayError('store_contention', 'retry', `Recording ${recordingId} is being changed by others.`)
}

/** False where the recording changed in the meantime. */
async function matchStored({ document, version }: Stored<Recording>, options: MatchOptions): Promise<boolean> {
  const { store, clock, log } = options
  const now = new Date(clock()).toISOString()
  const file = await findFile(document, store)
  if (file) {
    await store.inbox.knock([inboxEntry({ kind: 'recording', recordingId: file.id })])
    return true
  }
  const waiting = await findWaiting(document, store)
  const paired = waiting?.teams ? foldTeams(document, waiting.teams, now) : document
  const recording = { ...paired, transcript: await transcriptOf(paired, store) }
  const decision = keepPublished(recording, await decisionFor(recording, store))
  const place = await placeOf(recording, decision.conference, store)
  const next = conclude(recording, decision, place, now)
  if (!isSame(next, document) && !(await store.recordings.replace(next, version))) return false
  log.debug({ recordingId: next.id, status: next.status, conferenceId: next.conferenceId }, 'recording matched')
  if (next.teamsRecordingId) await removeWaiting(next, store)
  await renumberAround(document, next, decision.conference, store, now)
  return true
}

/** Its transcript, once there is one: nothing but what Graph gives both of them joins them. */
async function transcriptOf({ transcript, contentCorrelationId }: Recording, { transcripts }: Store) {
  if (transcript || !contentCorrelationId) return transcript
  const where = { contentCorrelationId }
  const [found] = await transcripts.find({ where, orderBy: 'createdAt', limit: 1 })
  return found ? { id: found.id, createdAt: found.createdAt, namesSpeakers: found.namesSpeakers } : null
}

/** What a person decided stays decided. */
async function decisionFor(recording: Recording, store: Store): Promise<Decision> {
  if (recording.match.state !== 'assigned') return decide(await gatherEvidence(recording, store))
  const conference = recording.conferenceId ? await store.conferences.get(recording.conferenceId) : undefined
  return { conference: conference?.document ?? null, match: recording.match, rated: [] }
}

/** A doubt that comes later does not take back what was published; only a better key does. */
function keepPublished(recording: Recording, decision: Decision): Decision {
  if (decision.match.state !== 'review' || recording.told?.status !== 'available') return decision
  const published = decision.rated.find(({ id }) => id === recording.told?.conferenceId)
  if (!published) return decision
  return { ...decision, conference: published, match: { ...recording.match, candidates: decision.match.candidates } }
}

/** The callRecording has found its file: its own document, never published, is not needed any more. */
async function removeWaiting({ id, teamsRecordingId, file }: Recording, store: Store): Promise<void> {
  if (!file) return
  const same = await store.recordings.find({ where: { teamsRecordingId }, orderBy: 'createdAt', limit: 10 })
  for (const other of same.filter((recording) => recording.id !== id && recording.file === null)) {
    const stored = await store.recordings.get(other.id)
    if (stored?.document.file === null) await store.recordings.remove(other.id, stored.version)
  }
}

async function renumberAround(
  before: Recording,
  after: Recording,
  conference: Conference | null,
  store: Store,
  now: string,
): Promise<void> {
  if (conference) await renumber(conference, store, now)
  const left = before.conferenceId !== after.conferenceId ? before.conferenceId : null
  const old = left ? await store.conferences.get(left) : undefined
  if (old) await renumber(old.document, store, now)
}

function isSame(next: Recording, before: Recording): boolean {
  return JSON.stringify({ ...next, updatedAt: '' }) === JSON.stringify({ ...before, updatedAt: '' })
}
