// Where a recording belongs: exact keys first, then organizer, time and title. Whatever is not certain is a question
// for a person; a wrong answer would show a private meeting to a class.

import type { Conference } from '../domain/conference.ts'
import type { Candidate, Match } from '../domain/match.ts'
import type { Recording } from '../domain/recording.ts'
import { EARLY_MS, type Evidence, LATE_MS } from './evidence.ts'
import { sameTitle } from './title.ts'

export interface Decision {
  conference: Conference | null
  match: Match
  /** Every conference that came into question, the likeliest first. */
  rated: Conference[]
}

/** From this confidence on nobody is asked. */
export const SURE = 0.9

export function decide(evidence: Evidence): Decision {
  const rated = evidence.conferences
    .map((conference) => ({ conference, candidate: rate(conference, evidence) }))
    .filter(({ candidate }) => candidate.confidence > 0)
    .sort((a, b) => b.candidate.confidence - a.candidate.confidence)
  const candidates = rated.map(({ candidate }) => candidate)
  const conferences = rated.map(({ conference }) => conference)
  const sure = theOne(
    rated.filter(({ candidate }) => candidate.confidence >= SURE),
    evidence.recording,
  )
  if (sure) {
    const { confidence, evidence: reasons } = sure.candidate
    const match: Match = { state: 'matched', confidence, evidence: reasons, candidates }
    return { conference: sure.conference, match, rated: conferences }
  }
  const state = candidates.length > 0 ? 'review' : 'unrelated'
  return { conference: null, match: { state, confidence: null, evidence: [], candidates }, rated: conferences }
}

function rate(conference: Conference, evidence: Evidence): Candidate {
  const { recording } = evidence
  const keys = exactKeys(conference, evidence)
  if (keys.contradicted) return { conferenceId: conference.id, confidence: 0, evidence: [] }
  const inTime = isInTime(conference, recording)
  const titled = sameTitle(conference.title, recording)
  const reasons = [
    ...keys.reasons,
    inTime ? 'it began during the conference' : 'it began outside the conference',
    ...(isOrganizer(conference, recording) ? ['the organizer is the same'] : []),
    ...(titled ? ['the title is the same'] : []),
  ]
  const confidence =
    keys.reasons.length > 0 ? rateKeys(keys, inTime, titled) : rateTime(conference, recording, inTime, titled)
  return { conferenceId: conference.id, confidence, evidence: reasons }
}

interface ExactKeys {
  reasons: string[]
  /** Several calls of one organizer at once: the join URL alone does not tell which was recorded. */
  ambiguous: boolean
  contradicted: boolean
}

/** The meeting's own keys; where both sides have one and they differ, no coincidence of times counts. */
function exactKeys(conference: Conference, { recording, calls }: Evidence): ExactKeys {
  const meetingId = recording.teams?.meetingId
  if (meetingId && conference.onlineMeetingId) {
    const same = meetingId === conference.onlineMeetingId
    return { reasons: same ? ['the online meeting is the same'] : [], ambiguous: false, contradicted: !same }
  }
  const keys = calls.flatMap((call) => call.joinUrlKey ?? [])
  if (keys.length === 0 || !conference.joinUrlKey) return { reasons: [], ambiguous: false, contradicted: false }
  const same = keys.includes(conference.joinUrlKey)
  const ambiguous = new Set(keys).size > 1
  return { reasons: same ? ['a call with its join URL was going on'] : [], ambiguous, contradicted: !same }
}

function rateKeys({ ambiguous }: ExactKeys, inTime: boolean, titled: boolean): number {
  // The same meeting at another time may be a private one: https://github.com/kaltura/server/pull/11026
  if (!inTime) return 0.5
  if (!ambiguous) return 1
  return titled ? 0.95 : 0.7
}

function rateTime(conference: Conference, recording: Recording, inTime: boolean, titled: boolean): number {
  if (!inTime || !isOrganizer(conference, recording)) return 0
  return titled && isExactStart(recording) ? 0.9 : 0.6
}

function isOrganizer(conference: Conference, { ownerId, ownerEmail }: Recording): boolean {
  if (conference.organizerId && ownerId) return conference.organizerId === ownerId
  return conference.organizerEmail !== null && conference.organizerEmail === ownerEmail
}

/** A file's date of creation lies somewhere between the start of the recording and the end of its upload. */
function isExactStart(recording: Recording): boolean {
  return recording.origins.startedAt !== 'driveItem'
}

function isInTime(conference: Conference, { startedAt }: Recording): boolean {
  if (!startedAt) return false
  const start = Date.parse(startedAt)
  return start >= Date.parse(conference.startsAt) - EARLY_MS && start <= Date.parse(conference.endsAt) + LATE_MS
}

interface Rated {
  conference: Conference
  candidate: Candidate
}

/** The only one that is sure or, among occurrences of one meeting, the one that the recording mostly lies in. */
function theOne(sure: Rated[], recording: Recording): Rated | undefined {
  const [first, second] = sure
  if (!first || !second) return first
  if (first.candidate.confidence - second.candidate.confidence >= 0.05) return first
  const byOverlap = sure
    .map((rated) => ({ rated, overlap: overlapMs(rated.conference, recording) }))
    .sort((a, b) => b.overlap - a.overlap)
  const [most, next] = byOverlap
  return most && next && most.overlap > 2 * next.overlap ? most.rated : undefined
}

function overlapMs({ startsAt, endsAt }: Conference, recording: Recording): number {
  if (!recording.startedAt) return 0
  const start = Date.parse(recording.startedAt)
  const end = start + Math.max(recording.durationMs ?? 0, 1)
  return Math.max(0, Math.min(end, Date.parse(endsAt)) - Math.max(start, Date.parse(startsAt)))
}
