// A callRecording comes within seconds and knows the meeting; its file is found by delta. The two are paired by match.

import type { EncryptionCertificate } from '../config.ts'
import type { CallRecordingEntry } from '../domain/notification.ts'
import { foldTeams, newRecording, type TeamsFacts } from '../domain/recording.ts'
import { messageOf, RelayError } from '../errors.ts'
import { readCallRecording } from '../graph/call-recordings.ts'
import { stableId } from '../ids.ts'
import { inboxEntry } from '../inbox/entry.ts'
import { amend, type Store } from '../store/store.ts'
import { decryptContent } from './decrypt.ts'
import type { ResolveOptions } from './options.ts'
import { knockDrivesOf } from './owner.ts'
import type { TokenVerifier } from './validation-tokens.ts'

export interface CallRecordingOptions extends ResolveOptions {
  certificates: EncryptionCertificate[]
  verifyTokens: TokenVerifier
}

export async function resolveCallRecording(entry: CallRecordingEntry, options: CallRecordingOptions): Promise<void> {
  const { store, clock } = options
  await options.verifyTokens(entry.validationTokens, entry.tenantId, new Date(entry.notifiedAt))
  if (!entry.encryptedContent) {
    throw new RelayError('notification_empty', 'bury', 'A callRecording notification came without its content.')
  }
  const teams = parseContent(decryptContent(entry.encryptedContent, options.certificates))
  const now = new Date(clock()).toISOString()
  const id = await recordingIdOf(teams, store)
  await amend(store.recordings, id, (current) => foldTeams(current ?? newRecording(id, now), teams, now))
  await store.inbox.knock([inboxEntry({ kind: 'recording', recordingId: id })])
  if (teams.organizerId) await knockDrivesOf(teams.organizerId, options)
}

function parseContent(content: unknown): TeamsFacts {
  try {
    return readCallRecording(content)
  } catch (error) {
    throw new RelayError('notification_foreign', 'bury', `The content is no callRecording: ${messageOf(error)}`)
  }
}

/** The recording that already has this callRecording, or a new one that waits for its file. */
async function recordingIdOf({ recordingId }: TeamsFacts, store: Store): Promise<string> {
  const [known] = await store.recordings.find({
    where: { teamsRecordingId: recordingId },
    orderBy: 'createdAt',
    limit: 1,
  })
  return known?.id ?? stableId('rec', 'callRecording', recordingId)
}
