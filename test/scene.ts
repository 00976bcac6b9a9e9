// The usual scene of a test: Ada teaches Algebra I from nine to ten, and it is half past eight.

import { z } from 'zod'
import type { Meeting, Person } from '../src/simulator/people.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../src/simulator/simulator.ts'
import { type Relay, type RelayOptions, startRelay } from './relay.ts'

export const LECTURE = { startedAt: new Date('2026-11-24T09:00:12Z'), endedAt: new Date('2026-11-24T09:50:12Z') }

const MeetingAnswer = z.object({ joinUrl: z.string() })
const Recording = z.looseObject({ id: z.string(), status: z.string(), conferenceId: z.string().nullable() })
const RecordingList = z.object({ items: z.array(Recording) })
const Event = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()) })
const EventList = z.object({ items: z.array(Event) })
const GrantAnswer = z.object({ contentUrl: z.string(), watchUrl: z.string(), expiresAt: z.string() })

export interface Scene {
  simulator: Simulator
  relay: Relay
  ada: Person
  /** Registers a conference of Ada's. */
  register(id: string, changes?: Record<string, unknown>): Promise<Response>
  /** Has the Teams meeting of a conference made. */
  meetingOf(id: string): Promise<Meeting>
  /** Registers the conference, makes its meeting, and comes to rest. */
  prepare(id: string, changes?: Record<string, unknown>): Promise<Meeting>
  /** Lets Graph send what it has to, and the service do what there is to do. */
  rest(): Promise<void>
  recordings(): Promise<z.output<typeof Recording>[]>
  grant(recordingId: string, body?: Record<string, unknown>): Promise<z.output<typeof GrantAnswer>>
  /** Types of the events that the LMS took, each once, in no promised order. */
  told(): string[]
  /** The feed, in order. */
  events(): Promise<z.output<typeof Event>[]>
  stop(): Promise<void>
}

export interface SceneOptions extends RelayOptions {
  simulator?: SimulatorOptions
}

export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const simulator = await startSimulator(options.simulator)
  simulator.clock.set(new Date('2026-11-24T08:30:00Z'))
  const ada = simulator.world.addPerson({ displayName: 'Ada Lovelace', email: 'ada@example.edu' })
  const relay = await startRelay(simulator, options)

  const register = (id: string, changes: Record<string, unknown> = {}) =>
    relay.call('PUT', `/v1/conferences/${id}`, {
      title: 'Algebra I',
      startsAt: '2026-11-24T09:00:00.000Z',
      endsAt: '2026-11-24T10:00:00.000Z',
      organizer: { email: 'ada@example.edu' },
      courseId: 'math-101',
      ...changes,
    })

  const meetingOf = async (id: string) => {
    const answer = await relay.call('POST', `/v1/conferences/${id}/meeting`)
    const meeting = simulator.world.findMeeting(MeetingAnswer.parse(await answer.json()).joinUrl)
    if (!meeting) throw new Error('the simulator does not know the meeting')
    return meeting
  }

  return {
    ...{ simulator, relay, ada, register, meetingOf },
    prepare: async (id, changes) => {
      await register(id, changes)
      const meeting = await meetingOf(id)
      await relay.settle()
      return meeting
    },
    rest: async () => {
      await simulator.settled()
      await relay.settle()
    },
    recordings: async () => RecordingList.parse(await (await relay.call('GET', '/v1/recordings')).json()).items,
    grant: async (recordingId, body = {}) => {
      const answer = await relay.call('POST', `/v1/recordings/${recordingId}/grants`, {
        viewer: { id: 'student' },
        ...body,
      })
      return GrantAnswer.parse(await answer.json())
    },
    told: () => [...simulator.lms.library.values()].map(({ type }) => type),
    events: async () => EventList.parse(await (await relay.call('GET', '/v1/events')).json()).items,
    stop: async () => {
      await relay.stop()
      await simulator.stop()
    },
  }
}
