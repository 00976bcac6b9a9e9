import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type FileFacts,
  foldDeletion,
  foldFile,
  foldTeams,
  newRecording,
  type Recording,
  type TeamsFacts,
} from '../../src/domain/recording.ts'
import { parseFileName } from '../../src/domain/recording-file-name.ts'

const NOW = '2026-11-24T12:00:00.000Z'

const FILE: FileFacts = {
  driveId: 'drive',
  itemId: 'item',
  name: 'Algebra I-20261124_090012UTC-Meeting Recording.mp4',
  path: '/Recordings/Algebra I-20261124_090012UTC-Meeting Recording.mp4',
  webUrl: null,
  size: 1_000,
  contentType: 'video/mp4',
  hash: 'hash',
  eTag: null,
  driveOwnerId: 'ada',
  driveOwnerEmail: 'ada@example.edu',
  createdByName: 'Ada',
  createdByEmail: 'ada@example.edu',
  durationMs: 3_000_000,
  createdAt: '2026-11-24T10:03:00.000Z',
  modifiedAt: '2026-11-24T10:03:00.000Z',
}

const TEAMS: TeamsFacts = {
  recordingId: 'teams-recording',
  meetingId: 'meeting',
  callId: 'call',
  contentCorrelationId: 'correlation',
  recordingContentUrl: null,
  organizerId: 'ada',
  startedAt: '2026-11-24T09:00:13.000Z',
  endedAt: '2026-11-24T09:50:13.000Z',
}

type Fold = (recording: Recording) => Recording

const RENAMED: FileFacts = { ...FILE, name: 'Renamed.mp4', modifiedAt: '2026-11-24T11:00:00.000Z' }

describe('a recording', () => {
  it('is the same document in whatever order, and however often, its sources arrive', () => {
    const folds: Fold[] = [
      (recording) => foldFile(recording, FILE, NOW),
      (recording) => foldFile(recording, RENAMED, NOW),
      (recording) => foldTeams(recording, TEAMS, NOW),
    ]
    const expected = folds.reduce((recording, fold) => fold(recording), newRecording('rec_1', NOW))
    fc.assert(
      fc.property(
        fc.shuffledSubarray(folds, { minLength: folds.length }),
        fc.array(fc.constantFrom(...folds)),
        (order, repeats) => {
          const arrived = [...order, ...repeats].reduce(
            (recording, fold) => fold(recording),
            newRecording('rec_1', NOW),
          )
          expect(arrived).toEqual(expected)
        },
      ),
    )
  })

  it('takes its start from Teams first, then from the name, then from the file', () => {
    const found = newRecording('rec_1', NOW)
    const named = foldFile(found, FILE, NOW)
    expect(named).toMatchObject({ startedAt: '2026-11-24T09:00:12.000Z', origins: { startedAt: 'fileName' } })
    const unnamed = foldFile(found, { ...FILE, name: 'lecture.mp4' }, NOW)
    expect(unnamed).toMatchObject({ startedAt: FILE.createdAt, origins: { startedAt: 'driveItem' } })
    const told = foldTeams(named, TEAMS, NOW)
    expect(told).toMatchObject({ startedAt: TEAMS.startedAt, origins: { startedAt: 'callRecording' } })
  })

  it('knows when its file is gone, and that it came back', () => {
    const gone = foldDeletion(foldFile(newRecording('rec_1', NOW), FILE, NOW), NOW)
    expect(gone.deletedAt).toBe(NOW)
    expect(foldFile(gone, FILE, '2026-11-24T12:00:01.000Z').deletedAt).toBeNull()
    expect(foldFile(gone, FILE, '2026-11-24T11:59:59.000Z').deletedAt).toBe(NOW)
  })
})

describe('a file name', () => {
  it.each([
    ['Algebra I-20261124_090012UTC-Meeting Recording.mp4', 'Algebra I', '2026-11-24T09:00:12.000Z'],
    [
      'Algebra-Geometrie - Teil 2-20261124_0900UTC-Besprechungsaufzeichnung.mp4',
      'Algebra-Geometrie - Teil 2',
      '2026-11-24T09:00:00.000Z',
    ],
    ['Álgebra-20261124_100012-Meeting Recording.mp4', 'Álgebra', null],
    ['数学-20261124_090012UTC-会议录制.mp4', '数学', '2026-11-24T09:00:12.000Z'],
    ['Algebra-20269924_990012UTC-Meeting Recording.mp4', 'Algebra', null],
    ['holiday.mp4', 'holiday', null],
  ])('%s', (name, title, startedAt) => {
    expect(parseFileName(name)).toEqual({ title, startedAt })
  })
})
