// A callRecording comes within seconds and knows the meeting; its file is found by delta. The two are paired by match.

import type { CallRecordingEntry } from '../domain/notification.ts'
import { type FoundBy, foldTeams, newRecording, type TeamsFacts } from '../domain/recording.ts'
import { readCallRecording } from '../graph/call-recordings.ts'
import { stableId } from '../ids.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import type { ResolveOptions } from './options.ts'
import { knockDrivesOf } from './owner.ts'
import { openRich, type RichOptions } from './rich.ts'

export async function resolveCallRecording(entry: CallRecordingEntry, options: RichOptions): Promise<void> {
  const read = (content: unknown) => {
    const teams = readCallRecording(content)
    return { teams, resourceId: teams.recordingId }
  }
  const { teams } = await openRich(entry, read, options)
  await foldCallRecording(teams, 'notification', options)
}

/** Folds a callRecording into its recording, and has everybody look who has to. */
export async function foldCallRecording(teams: TeamsFacts, foundBy: FoundBy, options: ResolveOptions): Promise<void> {
  const { store, clock } = options
  const now = new Date(clock()).toISOString()
  const id = (await callRecordingKnown(teams, store))?.id ?? stableId('rec', 'callRecording', teams.recordingId)
  await amend(store.recordings, id, (current) => foldTeams(current ?? newRecording(id, now, foundBy), teams, now))
  await store.inbox.knock([inboxEntry({ kind: 'recording', recordingId: id })])
  if (teams.organizerId) await knockDrivesOf(teams.organizerId, options)
}

/** The recording that already has this callRecording. */
export async function callRecordingKnown({ recordingId }: TeamsFacts, store: Store) {
  const where = { teamsRecordingId: recordingId }
  const [known] = await store.recordings.find({ where, orderBy: 'createdAt', limit: 1 })
  return known
}
