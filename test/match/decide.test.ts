import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/domain/call.ts'
import { type Conference, joinUrlKey } from '../../src/domain/conference.ts'
import { foldFile, foldTeams, newRecording, type Recording } from '../../src/domain/recording.ts'
import { decide } from '../../src/match/decide.ts'

const NOW = '2026-11-24T12:00:00.000Z'
const JOIN_URL = 'https://teams.microsoft.com/l/meetup-join/19%3ameeting_a%40thread.v2/0'

function conference(changes: Partial<Conference> = {}): Conference {
  return {
    id: 'algebra',
    title: 'Algebra I',
    startsAt: '2026-11-24T09:00:00.000Z',
    endsAt: '2026-11-24T10:00:00.000Z',
    organizerId: 'ada',
    organizerEmail: null,
    joinUrl: JOIN_URL,
    joinUrlKey: joinUrlKey(JOIN_URL),
    onlineMeetingId: 'meeting-a',
    courseId: null,
    metadata: {},
    meeting: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  }
}

function call(joinUrl: string, changes: Partial<Call> = {}): Call {
  return {
    id: joinUrl,
    version: 1,
    organizerId: 'ada',
    joinUrl,
    joinUrlKey: joinUrlKey(joinUrl),
    startedAt: '2026-11-24T08:58:00.000Z',
    endedAt: '2026-11-24T09:52:00.000Z',
    spans: [],
    participants: 1,
    updatedAt: NOW,
    ...changes,
  }
}

function recorded({ title = 'Algebra I', stamp = '20261124_090100UTC' } = {}): Recording {
  return foldFile(
    newRecording('rec_1', NOW),
    {
      driveId: 'drive',
      itemId: 'item',
      name: `${title}-${stamp}-Meeting Recording.mp4`,
      path: null,
      webUrl: null,
      size: 1,
      contentType: 'video/mp4',
      hash: null,
      eTag: null,
      driveOwnerId: 'ada',
      driveOwnerEmail: 'ada@example.edu',
      createdByName: null,
      createdByEmail: null,
      durationMs: 50 * 60_000,
      createdAt: '2026-11-24T09:55:00.000Z',
      modifiedAt: '2026-11-24T09:55:00.000Z',
    },
    NOW,
  )
}

function fromTeams(recording: Recording, meetingId: string): Recording {
  return foldTeams(
    recording,
    {
      recordingId: 'r',
      meetingId,
      callId: null,
      contentCorrelationId: null,
      recordingContentUrl: null,
      organizerId: 'ada',
      startedAt: recording.startedAt ?? NOW,
      endedAt: null,
    },
    NOW,
  )
}

describe('match', () => {
  it('is sure where the online meeting is the same', () => {
    const decision = decide({
      recording: fromTeams(recorded({ title: 'x' }), 'meeting-a'),
      calls: [],
      conferences: [conference()],
    })
    expect(decision.match).toMatchObject({ state: 'matched', confidence: 1 })
    expect(decision.match.evidence).toContain('the online meeting is the same')
  })

  it('is sure where a call with the join URL was going on, however the URL is written', () => {
    const other = call(JOIN_URL.replace('%3a', ':').replace('%40', '@'))
    const decision = decide({ recording: recorded({ title: 'x' }), calls: [other], conferences: [conference()] })
    expect(decision).toMatchObject({ conference: { id: 'algebra' }, match: { state: 'matched', confidence: 1 } })
  })

  it('is sure where organizer, time and title agree and nothing speaks against it', () => {
    expect(decide({ recording: recorded(), calls: [], conferences: [conference()] }).match.state).toBe('matched')
  })

  it('asks a person where only organizer and time agree', () => {
    const decision = decide({ recording: recorded({ title: 'Coffee' }), calls: [], conferences: [conference()] })
    expect(decision.conference).toBeNull()
    expect(decision.match).toMatchObject({
      state: 'review',
      candidates: [{ conferenceId: 'algebra', confidence: 0.6 }],
    })
  })

  it('asks a person where the file does not say when it began', () => {
    const decision = decide({
      recording: recorded({ stamp: '20261124_100100' }),
      calls: [],
      conferences: [conference()],
    })
    expect(decision.match.state).toBe('review')
  })

  it('never takes a private call during the lecture for the lecture', () => {
    const privateCall = call('https://teams.microsoft.com/l/meetup-join/private')
    const decision = decide({ recording: recorded(), calls: [privateCall], conferences: [conference()] })
    expect(decision.match).toMatchObject({ state: 'unrelated', candidates: [] })
  })

  it('never takes another online meeting for the lecture', () => {
    const decision = decide({ recording: fromTeams(recorded(), 'meeting-b'), calls: [], conferences: [conference()] })
    expect(decision.match.state).toBe('unrelated')
  })

  it('asks a person where the same meeting is held outside the conference', () => {
    const evening = recorded({ stamp: '20261124_190100UTC' })
    for (const recording of [fromTeams(evening, 'meeting-a'), evening]) {
      const decision = decide({ recording, calls: [call(JOIN_URL)], conferences: [conference()] })
      expect(decision.match.state).toBe('review')
    }
  })

  it('finds the occurrence of a series that the recording lies in', () => {
    const first = conference()
    const second = conference({ id: 'second', startsAt: first.endsAt, endsAt: '2026-11-24T11:00:00.000Z' })
    const early = recorded({ stamp: '20261124_095800UTC' })
    const decision = decide({ recording: fromTeams(early, 'meeting-a'), calls: [], conferences: [first, second] })
    expect(decision.conference?.id).toBe('second')
  })

  it('asks a person where two conferences are equally likely', () => {
    const decision = decide({
      recording: recorded(),
      calls: [],
      conferences: [conference(), conference({ id: 'twin' })],
    })
    expect(decision.match.state).toBe('review')
    expect(decision.match.candidates.map(({ conferenceId }) => conferenceId)).toEqual(['algebra', 'twin'])
  })

  it('needs the title where one account holds several calls at once', () => {
    const calls = [call(JOIN_URL), call('https://teams.microsoft.com/l/meetup-join/other')]
    expect(decide({ recording: recorded(), calls, conferences: [conference()] }).match.state).toBe('matched')
    expect(decide({ recording: recorded({ title: 'x' }), calls, conferences: [conference()] }).match.state).toBe(
      'review',
    )
  })

  it('leaves a recording alone that nothing points to', () => {
    expect(decide({ recording: recorded(), calls: [], conferences: [] }).match.state).toBe('unrelated')
    const elsewhere = conference({ organizerId: 'grace' })
    expect(decide({ recording: recorded(), calls: [], conferences: [elsewhere] }).match.state).toBe('unrelated')
  })

  it('compares titles by their letters, as OneDrive drops some characters', () => {
    const titled = conference({ title: 'Álgebra I: "Räume" & Körper?' })
    expect(
      decide({ recording: recorded({ title: 'Álgebra I Räume & Körper' }), calls: [], conferences: [titled] }).match
        .state,
    ).toBe('matched')
  })
})
