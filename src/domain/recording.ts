import type { Event } from './event.ts'
import { type Match, UNDECIDED } from './match.ts'
import { parseFileName } from './recording-file-name.ts'

export const RECORDING_STATUSES = [
  'found',
  'waiting',
  'review',
  'available',
  'withdrawn',
  'deleted',
  'unrelated',
] as const

export type RecordingStatus = (typeof RECORDING_STATUSES)[number]

/**
 * One recorded file. `file` and `teams` hold what each source said, in its newest form; everything else that
 * describes the recording is derived from them, so that the order in which they arrive does not matter.
 */
export interface Recording {
  id: string
  status: RecordingStatus
  visibility: 'visible' | 'hidden'
  file: FileFacts | null
  teams: TeamsFacts | null
  /** Given by the LMS; wins over every other title. */
  givenTitle: string | null

  ownerId: string | null
  ownerEmail: string | null
  teamsRecordingId: string | null
  /** Joins a transcript to its recording. */
  contentCorrelationId: string | null
  transcript: TranscriptOf | null
  /** What found it; the share that the sweep found says how well Graph notifies. */
  foundBy: FoundBy
  startedAt: string | null
  endedAt: string | null
  durationMs: number | null
  /** Where each derived field came from. */
  origins: Record<string, Origin>
  driveId: string | null
  /** Since when the file was not found where it should be; absence alone is not believed. */
  missingSince: string | null
  /** Since when a person is asked whether the file is gone: too many went at once. */
  heldSince: string | null
  /** When it was believed that the file is gone. */
  deletedAt: string | null

  conferenceId: string | null
  courseId: string | null
  title: string
  match: Match
  part: number
  parts: number

  downloadCount: number
  lastDownloadedAt: string | null
  /** What endpoints were last told; null while nothing was published. */
  told: Told | null
  eventCount: number
  outbox: Event[]
  /** Since when an event waits to be fanned out; null when none does. */
  outboxAt: string | null
  createdAt: string
  updatedAt: string
}

export type FoundBy = 'notification' | 'sweep'

/** The transcript that belongs to a recording; its captions are a document of their own. */
export interface TranscriptOf {
  id: string
  createdAt: string
  /** Whether the captions name who speaks. */
  namesSpeakers: boolean
}

export type Origin = 'driveItem' | 'callRecording' | 'fileName' | 'conference' | 'lms'

/** What the driveItem says. Upstream download URLs are minted when needed and never kept. */
export interface FileFacts {
  driveId: string
  itemId: string
  name: string
  path: string | null
  webUrl: string | null
  size: number
  contentType: string
  hash: string | null
  eTag: string | null
  driveOwnerId: string | null
  driveOwnerEmail: string | null
  createdByName: string | null
  createdByEmail: string | null
  durationMs: number | null
  createdAt: string
  modifiedAt: string
}

/** What the callRecording says. */
export interface TeamsFacts {
  recordingId: string
  meetingId: string
  callId: string | null
  contentCorrelationId: string | null
  recordingContentUrl: string | null
  organizerId: string | null
  startedAt: string
  endedAt: string | null
}

export interface Told {
  status: RecordingStatus
  conferenceId: string | null
  courseId: string | null
  /** The published data as JSON, to see whether there is anything new to tell. */
  data: string
  transcriptId: string | null
}

export function newRecording(id: string, now: string, foundBy: FoundBy = 'notification'): Recording {
  return {
    id,
    status: 'found',
    visibility: 'visible',
    file: null,
    teams: null,
    givenTitle: null,
    ownerId: null,
    ownerEmail: null,
    teamsRecordingId: null,
    contentCorrelationId: null,
    transcript: null,
    foundBy,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    origins: {},
    driveId: null,
    missingSince: null,
    heldSince: null,
    deletedAt: null,
    conferenceId: null,
    courseId: null,
    title: '',
    match: UNDECIDED,
    part: 1,
    parts: 1,
    downloadCount: 0,
    lastDownloadedAt: null,
    told: null,
    eventCount: 0,
    outbox: [],
    outboxAt: null,
    createdAt: now,
    updatedAt: now,
  }
}

/**
 * Takes in what Graph said of the file; an older state than the one known changes nothing.
 *
 * @param seenAt when Graph was asked: a file that was seen before it was deleted is not there again
 */
export function foldFile(recording: Recording, file: FileFacts, seenAt: string): Recording {
  if (recording.file && file.modifiedAt < recording.file.modifiedAt) return recording
  if (recording.deletedAt && seenAt < recording.deletedAt) return recording
  return describe({ ...recording, file, missingSince: null, heldSince: null, deletedAt: null }, seenAt)
}

/** Believes that the file is gone. */
export function foldDeletion(recording: Recording, now: string): Recording {
  if (!recording.file || recording.deletedAt) return recording
  return { ...recording, missingSince: null, heldSince: null, deletedAt: now, updatedAt: now }
}

/** Asks a person whether the file is gone; until then everything stays as it is. */
export function holdDeletion(recording: Recording, now: string): Recording {
  if (!recording.file || recording.deletedAt || recording.heldSince) return recording
  return { ...recording, missingSince: null, heldSince: now, updatedAt: now }
}

/** Takes in a callRecording. */
export function foldTeams(recording: Recording, teams: TeamsFacts, now: string): Recording {
  return describe({ ...recording, teams }, now)
}

/** Derives the describing fields from the facts; gives the same object where nothing would change. */
function describe(recording: Recording, now: string): Recording {
  const { file, teams } = recording
  const named = file ? parseFileName(file.name) : null
  const isNamed = recording.origins.title === 'lms' || recording.origins.title === 'conference'
  const start = startOf(recording, named?.startedAt ?? null)
  const durationMs =
    file?.durationMs ?? (teams?.endedAt ? Date.parse(teams.endedAt) - Date.parse(teams.startedAt) : null)
  const endedAt =
    teams?.endedAt ?? (start && durationMs !== null ? new Date(Date.parse(start.at) + durationMs).toISOString() : null)
  const origins: Record<string, Origin> = {}
  if (file) Object.assign(origins, { storage: 'driveItem', size: 'driveItem', createdBy: 'driveItem' })
  if (start) origins.startedAt = start.origin
  if (endedAt) origins.endedAt = teams?.endedAt ? 'callRecording' : 'driveItem'
  if (durationMs !== null) origins.durationMs = file?.durationMs != null ? 'driveItem' : 'callRecording'
  if (teams) origins.teams = 'callRecording'
  return {
    ...recording,
    ownerId: file?.driveOwnerId ?? teams?.organizerId ?? null,
    ownerEmail: file?.driveOwnerEmail ?? null,
    driveId: file?.driveId ?? null,
    teamsRecordingId: teams?.recordingId ?? null,
    contentCorrelationId: teams?.contentCorrelationId ?? null,
    startedAt: start?.at ?? null,
    endedAt,
    durationMs,
    origins: { ...origins, title: isNamed ? (recording.origins.title ?? 'lms') : 'fileName' },
    title: isNamed ? recording.title : (named?.title ?? ''),
    updatedAt: now,
  }
}

function startOf({ file, teams }: Recording, named: string | null): { at: string; origin: Origin } | null {
  if (teams) return { at: teams.startedAt, origin: 'callRecording' }
  if (named) return { at: named, origin: 'fileName' }
  if (file) return { at: file.createdAt, origin: 'driveItem' }
  return null
}
