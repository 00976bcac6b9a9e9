import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Meeting } from '../../src/simulator/people.ts'
import { LECTURE, type Scene, startScene } from '../scene.ts'

let scene: Scene

beforeEach(async () => {
  scene = await startScene()
})

afterEach(() => scene.stop())

/** A meeting of Ada's that the LMS knows nothing of. */
function privateMeeting(subject: string): Meeting {
  return scene.simulator.world.scheduleMeeting({
    organizer: scene.ada,
    subject,
    startsAt: LECTURE.startedAt,
    endsAt: LECTURE.endedAt,
  })
}

describe('an uncertain recording', () => {
  it('is a question for a person, and not shown to the class', async () => {
    await scene.prepare('algebra')
    scene.simulator.world.record(privateMeeting('Salary talk'), LECTURE)
    await scene.rest()
    const [recording] = await scene.recordings()
    expect(recording).toMatchObject({
      status: 'review',
      conferenceId: null,
      match: {
        candidates: [{ conferenceId: 'algebra', evidence: expect.arrayContaining(['the organizer is the same']) }],
      },
    })
    expect(scene.told()).toEqual(['recording.review_needed'])
    const grant = await scene.relay.call('POST', `/v1/recordings/${recording?.id}/grants`, { viewer: { id: 's' } })
    expect(grant.status).toBe(403)
  })

  it('is left alone once its call shows that it was another meeting', async () => {
    await scene.prepare('algebra')
    const meeting = privateMeeting('Salary talk')
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
    scene.simulator.world.hold(meeting, LECTURE)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([
      { status: 'unrelated', conferenceId: null, match: { candidates: [] } },
    ])
    expect(scene.told()).not.toContain('recording.available')
  })

  it('is published once its call shows that it was the lecture', async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.world.record(meeting, {
      ...LECTURE,
      fileName: 'A quite different name-20261124_090012UTC-Meeting Recording.mp4',
    })
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'review' }])
    scene.simulator.world.hold(meeting, LECTURE)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([
      { status: 'available', conferenceId: 'algebra', match: { confidence: 1 } },
    ])
  })

  it('goes where a person puts it, and stays there', async () => {
    await scene.prepare('algebra')
    scene.simulator.world.record(privateMeeting('Extra exercises'), LECTURE)
    await scene.rest()
    const [recording] = await scene.recordings()
    const answer = await scene.relay.call('PATCH', `/v1/recordings/${recording?.id}`, { conferenceId: 'algebra' })
    expect(await answer.json()).toMatchObject({
      status: 'available',
      conferenceId: 'algebra',
      match: { state: 'assigned' },
    })
    await scene.register('algebra', { title: 'Algebra, renamed' })
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'algebra' }])
    expect(scene.told()).toContain('recording.available')
  })
})

describe('a recording of nobody’s conference', () => {
  it('is told to nobody', async () => {
    await scene.prepare('algebra', { startsAt: '2026-11-25T09:00:00Z', endsAt: '2026-11-25T10:00:00Z' })
    scene.simulator.world.record(privateMeeting('Board meeting'), LECTURE)
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'unrelated' }])
    expect(scene.told()).toEqual([])
    expect(scene.simulator.lms.received).toEqual([])
  })

  it('is published when its conference is registered afterwards', async () => {
    await scene.prepare('geometry', { startsAt: '2026-11-25T09:00:00Z', endsAt: '2026-11-25T10:00:00Z' })
    const meeting = privateMeeting('Algebra I')
    scene.simulator.world.record(meeting, LECTURE)
    scene.simulator.world.hold(meeting, LECTURE)
    await scene.rest()
    await scene.register('algebra', { joinUrl: meeting.joinUrl })
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'algebra' }])
  })
})

describe('a published recording', () => {
  beforeEach(async () => {
    const meeting = await scene.prepare('algebra')
    scene.simulator.world.record(meeting, LECTURE)
    await scene.rest()
  })

  it('is withdrawn from the old course when it is moved, and stands in the new one', async () => {
    await scene.register('geometry', {
      startsAt: '2026-11-25T09:00:00Z',
      endsAt: '2026-11-25T10:00:00Z',
      courseId: 'math-102',
    })
    const [recording] = await scene.recordings()
    await scene.relay.call('PATCH', `/v1/recordings/${recording?.id}`, { conferenceId: 'geometry' })
    await scene.rest()
    const events = (await scene.events()).map(({ type, data }) => [type, data.conferenceId, data.courseId])
    expect(events).toEqual([
      ['recording.available', 'algebra', 'math-101'],
      ['recording.withdrawn', 'algebra', 'math-101'],
      ['recording.available', 'geometry', 'math-102'],
    ])
    expect(scene.told().sort()).toEqual(events.map(([type]) => type).sort())
  })

  it('is withdrawn when its conference is forgotten', async () => {
    await scene.relay.call('DELETE', '/v1/conferences/algebra')
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'withdrawn', conferenceId: null }])
    expect(scene.told()).toEqual(['recording.available', 'recording.withdrawn'])
  })

  it('is not taken back by a doubt that comes later', async () => {
    await scene.register('twin')
    await scene.rest()
    expect(await scene.recordings()).toMatchObject([{ status: 'available', conferenceId: 'algebra' }])
  })

  it('is numbered again when another part comes, in the order they were made', async () => {
    const [meeting] = scene.simulator.world.meetings
    if (!meeting) throw new Error('there is a meeting')
    scene.simulator.world.record(meeting, {
      startedAt: new Date('2026-11-24T08:58:00Z'),
      endedAt: new Date('2026-11-24T08:59:00Z'),
    })
    await scene.rest()
    const recordings = await scene.recordings()
    const parts = recordings.map(({ startedAt, part, parts }) => ({ startedAt, part, parts }))
    expect(parts).toEqual(
      expect.arrayContaining([
        { startedAt: '2026-11-24T08:58:00.000Z', part: 1, parts: 2 },
        { startedAt: '2026-11-24T09:00:12.000Z', part: 2, parts: 2 },
      ]),
    )
    expect(scene.told().sort()).toEqual(['recording.available', 'recording.available', 'recording.updated'])
  })

  it('is told as updated when it is named or hidden', async () => {
    const [recording] = await scene.recordings()
    await scene.relay.call('PATCH', `/v1/recordings/${recording?.id}`, { title: 'Groups', visibility: 'hidden' })
    await scene.rest()
    expect(scene.told()).toEqual(['recording.available', 'recording.updated'])
    expect(scene.simulator.lms.received.at(-1)?.data).toMatchObject({ title: 'Groups', visibility: 'hidden' })
  })

  it.each([
    ['nothing', {}],
    ['an unknown conference', { conferenceId: 'none' }],
    ['a strange visibility', { visibility: 'sometimes' }],
  ])('refuses a change to %s with 422', async (_what, change) => {
    const [recording] = await scene.recordings()
    expect((await scene.relay.call('PATCH', `/v1/recordings/${recording?.id}`, change)).status).toBe(422)
  })
})
