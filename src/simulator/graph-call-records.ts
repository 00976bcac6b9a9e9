// callRecords, which come late, in versions, and with pages of who took part.
// https://learn.microsoft.com/graph/api/resources/callrecords-callrecord

import { type Context, Hono } from 'hono'
import type { Clock } from './clock.ts'
import { badRequest, missing } from './graph-error.ts'
import { pageOf } from './paging.ts'
import type { CallRecord, Session } from './people.ts'
import { type GraphEnv, requireRole } from './roles.ts'
import type { World } from './world.ts'

const KEPT_MS = 30 * 24 * 60 * 60_000

export function graphCallRecords({ world, clock }: { world: World; clock: Clock }): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>()
  const isThere = ({ availableAt, endedAt }: CallRecord) =>
    availableAt.getTime() <= clock.now() && clock.now() - endedAt.getTime() <= KEPT_MS
  const recordOf = (id: string): CallRecord => {
    const record = world.callRecords.get(id)
    if (!record || !isThere(record)) throw missing('The call record was not found.')
    return record
  }

  for (const path of ['/communications/callRecords', '/communications/callRecords/*']) {
    app.use(path, requireRole('CallRecords.Read.All'))
  }
  app.get('/communications/callRecords', (c) => {
    const matches = parseFilter(c.req.query('$filter'))
    const records = [...world.callRecords.values()].filter(isThere).filter(matches)
    return c.json(pageOf(c, records.map(present), world.pageSizes.callRecords))
  })
  app.get('/communications/callRecords/:id', (c) => {
    const record = recordOf(c.req.param('id'))
    return c.json({ ...present(record), ...expand(c, record, world) })
  })
  app.get('/communications/callRecords/:id/sessions', (c) => {
    const withSegments = c.req.query('$expand') === 'segments'
    const sessions = recordOf(c.req.param('id')).sessions.map((session) => presentSession(session, withSegments))
    return c.json(pageOf(c, sessions, world.pageSizes.sessions))
  })
  app.get('/communications/callRecords/:id/participants_v2', (c) => {
    const participants = recordOf(c.req.param('id')).participants.map(presentParticipant)
    return c.json(pageOf(c, participants, world.pageSizes.participants))
  })
  return app
}

/** The first page of what was asked for beside the callRecord itself. */
function expand(c: Context, { id, sessions, participants }: CallRecord, { pageSizes }: World): object {
  const path = `${new URL(c.req.url).origin}/v1.0/communications/callRecords/${id}`
  const firstPage = (name: string, all: object[], size: number, options = '') => ({
    [name]: all.slice(0, size),
    ...(all.length > size ? { [`${name}@odata.nextLink`]: `${path}/${name}?${options}$skiptoken=${size}` } : {}),
  })
  const pages = (c.req.query('$expand')?.split(',') ?? []).map((name) => {
    if (name === 'participants_v2') return firstPage(name, participants.map(presentParticipant), pageSizes.participants)
    const withSegments = name === 'sessions($expand=segments)'
    if (name !== 'sessions' && !withSegments)
      throw badRequest(`Could not find a property named '${name}'.`, 'BadRequest')
    const presented = sessions.map((session) => presentSession(session, withSegments))
    return firstPage('sessions', presented, pageSizes.sessions, withSegments ? '$expand=segments&' : '')
  })
  return Object.assign({}, ...pages)
}

function presentParticipant({ id, displayName }: CallRecord['participants'][number]): object {
  return { id, identity: { user: { id, displayName } } }
}

/** Here a session has one segment, which lasts as long. */
function presentSession({ id, startedAt, endedAt }: Session, withSegments: boolean): object {
  const session = { id, startDateTime: startedAt.toISOString(), endDateTime: endedAt.toISOString() }
  return withSegments ? { ...session, segments: [session] } : session
}

const CLAUSE = /^startDateTime (ge|gt|le|lt) (\S+)$/

const COMPARISONS: Record<string, (at: number, limit: number) => boolean> = {
  ge: (at, limit) => at >= limit,
  gt: (at, limit) => at > limit,
  le: (at, limit) => at <= limit,
  lt: (at, limit) => at < limit,
}

/** https://learn.microsoft.com/graph/api/callrecords-cloudcommunications-list-callrecords: the start alone is played. */
function parseFilter(filter: string | undefined): (record: CallRecord) => boolean {
  const clauses = (filter ?? '').split(' and ').filter(Boolean)
  const tests = clauses.map((clause) => {
    const [, name = '', instant = ''] = CLAUSE.exec(clause.trim()) ?? []
    const compare = COMPARISONS[name]
    const limit = Date.parse(instant)
    if (!compare || Number.isNaN(limit)) throw badRequest(`The filter '${clause}' is not supported.`, 'BadRequest')
    return ({ startedAt }: CallRecord) => compare(startedAt.getTime(), limit)
  })
  return (record) => tests.every((test) => test(record))
}

function present({ id, version, meeting, startedAt, endedAt, modifiedAt }: CallRecord): object {
  return {
    id,
    version,
    type: 'groupCall',
    modalities: ['audio', 'video'],
    startDateTime: startedAt.toISOString(),
    endDateTime: endedAt.toISOString(),
    lastModifiedDateTime: modifiedAt.toISOString(),
    joinWebUrl: meeting.joinUrl,
    organizer_v2: {
      id: meeting.organizer.id,
      identity: { user: { id: meeting.organizer.id, displayName: meeting.organizer.displayName } },
    },
  }
}
