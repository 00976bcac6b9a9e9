// What happens in the world during a run: lectures that the LMS knows, and private meetings that it does not.

import { z } from 'zod'
import type { Item } from '../../src/simulator/drive.ts'
import type { Meeting, Person } from '../../src/simulator/people.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { callUntilTaken } from './lms.ts'

export interface Lecture {
  conferenceId: string
  organizer: Person
  startsAt: Date
  endsAt: Date
}

export interface Recorded {
  item: Item
  /** Null for a private meeting. */
  conferenceId: string | null
}

const Made = z.object({ joinUrl: z.string() })

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const LECTURE_MS = 50 * 60_000

/** A lecture a day until yesterday, held by the organizers in turn. */
export function planLectures(organizers: Person[], count: number, now: number): Lecture[] {
  return Array.from({ length: count }, (_, day) => {
    const organizer = organizers[day % organizers.length]
    if (!organizer) throw new Error('somebody has to hold the lecture')
    const startsAt = new Date(now - (day + 1) * DAY_MS)
    return { conferenceId: `lecture-${day}`, organizer, startsAt, endsAt: new Date(startsAt.getTime() + LECTURE_MS) }
  })
}

/** The LMS registers the lecture and has its meeting made. */
export async function prepareLecture(url: string, lecture: Lecture, { world }: Simulator): Promise<Meeting> {
  const { conferenceId, organizer, startsAt, endsAt } = lecture
  await callUntilTaken(url, 'PUT', `/v1/conferences/${conferenceId}`, {
    title: `Lecture ${conferenceId}`,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    organizer: { email: organizer.email },
    courseId: 'math-101',
  })
  const { joinUrl } = Made.parse(await callUntilTaken(url, 'POST', `/v1/conferences/${conferenceId}/meeting`))
  const meeting = world.findMeeting(joinUrl)
  if (!meeting) throw new Error(`Graph does not know the meeting of ${conferenceId}`)
  return meeting
}

/** The meeting was held and recorded; Graph may tell of either first. */
export function holdLecture(lecture: Lecture, meeting: Meeting, fileFirst: boolean, { world }: Simulator): Recorded {
  const times = { startedAt: lecture.startsAt, endedAt: lecture.endsAt }
  if (!fileFirst) world.hold(meeting, times)
  const { item } = world.record(meeting, times)
  if (fileFirst) world.hold(meeting, times)
  return { item, conferenceId: lecture.conferenceId }
}

/** A recorded talk of the same person, some hours later, that nobody registered. */
export function holdPrivateTalk({ organizer, startsAt }: Lecture, { world }: Simulator): Recorded {
  const startedAt = new Date(startsAt.getTime() + 6 * HOUR_MS)
  const times = { startsAt: startedAt, endsAt: new Date(startedAt.getTime() + HOUR_MS) }
  const meeting = world.scheduleMeeting({ organizer, subject: 'Private talk', ...times })
  world.hold(meeting, { startedAt, endedAt: times.endsAt })
  const { item } = world.record(meeting, { startedAt, endedAt: times.endsAt })
  return { item, conferenceId: null }
}
