// Calendar events, online meetings and what they leave behind.

import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import type { Clock } from './clock.ts'
import { graphCallRecords } from './graph-call-records.ts'
import { badRequest, GraphError, missing } from './graph-error.ts'
import { graphRecordings, presentCallRecording } from './graph-recordings.ts'
import { presentCallTranscript } from './graph-transcripts.ts'
import { pageOf } from './paging.ts'
import type { Meeting, Person, Times } from './people.ts'
import { type GraphEnv, requireRole } from './roles.ts'
import type { World } from './world.ts'

const EventTime = z.object({ dateTime: z.string(), timeZone: z.literal('UTC') })

const NewEvent = z.object({
  subject: z.string(),
  start: EventTime,
  end: EventTime,
  isOnlineMeeting: z.boolean().optional(),
  onlineMeetingProvider: z.string().optional(),
  transactionId: z.string().optional(),
})

const MeetingPatch = z
  .object({
    recordAutomatically: z.boolean(),
    allowTranscription: z.boolean(),
    allowRecording: z.boolean(),
    subject: z.string(),
  })
  .partial()
  .strict()

export function graphMeetings({ world, clock }: { world: World; clock: Clock }): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>()
  const byTransaction = new Map<string, object>()

  app.post('/users/:user/events', requireRole('Calendars.ReadWrite'), async (c) => {
    const organizer = personFor(world, c.req.param('user'))
    const event = NewEvent.safeParse(await c.req.json())
    if (!event.success) throw badRequest('The request body is not a valid event.', 'ErrorInvalidRequest')
    const { subject, start, end, transactionId } = event.data
    const known = transactionId ? byTransaction.get(`${organizer.id} ${transactionId}`) : undefined
    if (known) return c.json(known, 201)
    const isTeams = event.data.isOnlineMeeting && event.data.onlineMeetingProvider === 'teamsForBusiness'
    const times = { startsAt: new Date(`${start.dateTime}Z`), endsAt: new Date(`${end.dateTime}Z`) }
    const meeting = isTeams ? world.scheduleMeeting({ organizer, subject, ...times }) : undefined
    const created = {
      id: meeting?.eventId ?? randomUUID(),
      subject,
      start,
      end,
      onlineMeeting: meeting && { joinUrl: meeting.joinUrl },
    }
    if (transactionId) byTransaction.set(`${organizer.id} ${transactionId}`, created)
    return c.json(created, 201)
  })

  app.use(
    '/users/:user/onlineMeetings/*',
    requireRole('OnlineMeetings.ReadWrite.All', 'OnlineMeetingRecording.Read.All', 'OnlineMeetingTranscript.Read.All'),
  )
  app.use('/users/:user/onlineMeetings', requireRole('OnlineMeetings.ReadWrite.All'))

  app.get('/users/:user/onlineMeetings', (c) => {
    const person = covered(personFor(world, c.req.param('user')))
    const [, joinUrl] = /^JoinWebUrl eq '(.*)'$/i.exec(c.req.query('$filter') ?? '') ?? []
    if (!joinUrl) throw badRequest('Filter expression expected - JoinWebUrl eq {value}.', 'BadRequest')
    const meeting = world.findMeeting(joinUrl.replaceAll("''", "'"))
    return c.json({ value: meeting && meeting.organizer.id === person.id ? [present(meeting)] : [] })
  })

  app.post('/users/:user/onlineMeetings', async (c) => {
    const organizer = covered(personFor(world, c.req.param('user')))
    const body = z
      .object({ subject: z.string(), startDateTime: z.string(), endDateTime: z.string() })
      .parse(await c.req.json())
    const times = { startsAt: new Date(body.startDateTime), endsAt: new Date(body.endDateTime) }
    return c.json(present(world.createBareMeeting({ organizer, subject: body.subject, ...times })), 201)
  })

  app.get(
    '/users/:user/onlineMeetings/:call{getAllRecordings.*}',
    requireRole('OnlineMeetingRecording.Read.All'),
    (c) => {
      const { meetings, isAsked } = meetingsAsked(c.req.param())
      const found = meetings.flatMap(({ callRecordings }) => callRecordings).filter(isAsked)
      return c.json(pageOf(c, found.map(presentCallRecording), world.pageSizes.recordings))
    },
  )
  app.get(
    '/users/:user/onlineMeetings/:call{getAllTranscripts.*}',
    requireRole('OnlineMeetingTranscript.Read.All'),
    (c) => {
      const { meetings, isAsked } = meetingsAsked(c.req.param())
      const found = meetings.flatMap(({ transcripts }) => transcripts).filter(isAsked)
      return c.json(pageOf(c, found.map(presentCallTranscript), world.pageSizes.transcripts))
    },
  )

  app.get('/users/:user/onlineMeetings/:meeting', (c) => c.json(present(meetingOf(c))))

  app.patch('/users/:user/onlineMeetings/:meeting', requireRole('OnlineMeetings.ReadWrite.All'), async (c) => {
    const meeting = meetingOf(c)
    const patch = MeetingPatch.safeParse(await c.req.json())
    if (!patch.success) throw badRequest('The property cannot be updated.', 'BadRequest')
    if (patch.data.recordAutomatically && meeting.organizer.recordingPolicy === 'forbidden') {
      throw new GraphError(403, 'Forbidden', 'Recording is disabled by the meeting policy of the organizer.')
    }
    Object.assign(meeting, patch.data)
    return c.json(present(meeting))
  })

  function meetingsAsked({ user, call }: { user: string; call: string }) {
    const { id } = covered(personFor(world, user))
    const { organizerId, isAsked } = parseRange(call)
    if (organizerId !== id) throw badRequest('meetingOrganizerUserId must be the user of the request.', 'BadRequest')
    const meetings = world.meetings.filter(({ eventId, organizer }) => eventId && organizer.id === id)
    return { meetings, isAsked }
  }
  const findMeeting = (user: string, id: string): Meeting => {
    const person = covered(personFor(world, user))
    const meeting = world.meetings.find((known) => known.id === id && known.organizer.id === person.id)
    if (!meeting) throw missing()
    return meeting
  }
  function meetingOf(c: Context<GraphEnv, '/users/:user/onlineMeetings/:meeting'>): Meeting {
    return findMeeting(c.req.param('user'), c.req.param('meeting'))
  }
  app.route('/', graphRecordings(world, findMeeting))

  app.route('/', graphCallRecords({ world, clock }))
  return app
}

function parseRange(call: string): { organizerId: string; isAsked: (made: Times) => boolean } {
  const [, organizerId] = /meetingOrganizerUserId='([^']+)'/.exec(call) ?? []
  if (!organizerId) throw badRequest('Filter by meetingOrganizerUserId is required.', 'BadRequest')
  const [, since = '1970-01-01'] = /startDateTime=([^,)]+)/.exec(call) ?? []
  const [, until = '9999-12-31'] = /endDateTime=([^,)]+)/.exec(call) ?? []
  const [from, to] = [Date.parse(since), Date.parse(until)]
  if (Number.isNaN(from + to)) throw badRequest('startDateTime and endDateTime must be instants.', 'BadRequest')
  return { organizerId, isAsked: ({ startedAt }) => +startedAt >= from && +startedAt <= to }
}

function present({ id, joinUrl, subject, startsAt, endsAt, ...meeting }: Meeting): object {
  const { recordAutomatically, allowRecording, allowTranscription, organizer } = meeting
  return {
    id,
    subject,
    joinWebUrl: joinUrl,
    startDateTime: startsAt.toISOString(),
    endDateTime: endsAt.toISOString(),
    recordAutomatically,
    allowRecording,
    allowTranscription,
    participants: { organizer: { identity: { user: { id: organizer.id } }, upn: organizer.email } },
  }
}

function personFor(world: World, idOrEmail: string): Person {
  const person = world.findPerson(idOrEmail)
  if (!person) throw new GraphError(404, 'Request_ResourceNotFound', `Resource '${idOrEmail}' does not exist.`)
  return person
}

function covered(person: Person): Person {
  if (person.accessPolicy) return person
  throw new GraphError(403, 'Forbidden', 'No application access policy found for this app')
}
