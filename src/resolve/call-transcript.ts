// The words of a recording: fetched as captions, kept, and paired by what a transcript shares with its recording.

import { readCaptions, writeCaptions } from '../domain/captions.ts'
import type { CallTranscriptEntry } from '../domain/notification.ts'
import type { Recording } from '../domain/recording.ts'
import type { TranscriptFacts } from '../domain/transcript.ts'
import { messageOf, RelayError } from '../errors.ts'
import { isRefusal } from '../graph/refusal.ts'
import { getTranscriptText, listTranscripts, readCallTranscript } from '../graph/transcripts.ts'
import { stableId } from '../ids.ts'
import { inboxEntry } from '../inbox/entry.ts'
import type { Store } from '../store/store.ts'
import { clearTrouble, noteLookTrouble } from './look.ts'
import type { ResolveOptions } from './options.ts'
import { openRich, type RichOptions } from './rich.ts'

export async function resolveCallTranscript(entry: CallTranscriptEntry, options: RichOptions): Promise<void> {
  const read = (content: unknown) => {
    const facts = readCallTranscript(content)
    return { facts, resourceId: facts.transcriptId }
  }
  const { facts } = await openRich(entry, read, options)
  await fetchTranscript(facts, options)
}

/** Looks for the transcript of a recording that no notification has brought; gives whether there is one. */
export async function findTranscript(recordingId: string, options: ResolveOptions): Promise<boolean> {
  const { store, graph } = options
  const recording = (await store.recordings.get(recordingId))?.document
  const { meetingId, organizerId, contentCorrelationId } = recording?.teams ?? {}
  if (!meetingId || !organizerId || !contentCorrelationId) return false
  const all = await listTranscripts(graph, organizerId, meetingId)
  const facts = all.find((transcript) => transcript.contentCorrelationId === contentCorrelationId)
  if (facts) await fetchTranscript(facts, options)
  return facts !== undefined
}

/** Whether a recording could still get a transcript. */
export function lacksTranscript({ teams, transcript }: Recording): boolean {
  return transcript === null && teams?.contentCorrelationId != null
}

async function fetchTranscript(facts: TranscriptFacts, options: ResolveOptions): Promise<void> {
  const { store, clock } = options
  const id = transcriptId(facts)
  if (!(await store.transcripts.get(id))) {
    const { captions, namesSpeakers } = captionsOf(await fetchText(facts, options))
    const { contentCorrelationId, startedAt } = facts
    const createdAt = new Date(clock()).toISOString()
    const known = { transcriptId: facts.transcriptId, contentCorrelationId, startedAt }
    await store.transcripts.insert({ id, ...known, captions, namesSpeakers, createdAt })
  }
  await knockRecordingsOf(facts, store)
}

export function transcriptId(facts: Pick<TranscriptFacts, 'transcriptId'>): string {
  return stableId('trs', facts.transcriptId)
}

/** A tenant that forbids transcripts forbids all of them: that is said in health, and not asked for again and again. */
async function fetchText(facts: TranscriptFacts, options: ResolveOptions): Promise<string> {
  const where = { kind: 'transcripts' as const }
  const [watched] = await options.store.subscriptions.find({ where, orderBy: 'createdAt', limit: 1 })
  try {
    const text = await getTranscriptText(options.graph, facts)
    if (watched) await clearTrouble(watched.id, 'forbidden', options)
    return text
  } catch (error) {
    if (isRefusal(error, 403) && watched) await noteLookTrouble(watched, error, options)
    if (!isRefusal(error, 403) || error.graphCode !== 'GraphAccessToTranscriptsDisabled') throw error
    throw new RelayError('transcripts_forbidden', 'bury', error.message, { cause: error })
  }
}

function captionsOf(text: string): { captions: string; namesSpeakers: boolean } {
  try {
    const cues = readCaptions(text)
    return { captions: writeCaptions(cues), namesSpeakers: cues.some(({ speaker }) => speaker !== null) }
  } catch (error) {
    throw new RelayError('transcript_nonsense', 'retry', `Graph gave a transcript that is none: ${messageOf(error)}`)
  }
}

async function knockRecordingsOf({ contentCorrelationId }: TranscriptFacts, store: Store): Promise<void> {
  const recordings = await store.recordings.find({ where: { contentCorrelationId }, orderBy: 'createdAt', limit: 10 })
  await store.inbox.knock(recordings.map(({ id }) => inboxEntry({ kind: 'recording', recordingId: id })))
}
