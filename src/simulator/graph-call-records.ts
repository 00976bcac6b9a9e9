// callRecords, which come late, in versions, and with pages of who took part.
// https://learn.microsoft.com/graph/api/resources/callrecords-callrecord

import { Hono } from 'hono'
import type { Clock } from './clock.ts'
import { badRequest, missing } from './graph-error.ts'
import { pageOf } from './paging.ts'
import type { CallRecord } from './people.ts'
import { type GraphEnv, requireRole } from './roles.ts'
import type { World } from './world.ts'

const KEPT_MS = 30 * 24 * 60 * 60_000
const RECORDS_ON_PAGE = 60
const SESSIONS_ON_PAGE = 60
const PARTICIPANTS_ON_PAGE = 130

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
    return c.json(pageOf(c, records.map(present), RECORDS_ON_PAGE))
  })
  app.get('/communications/callRecords/:id', (c) => c.json(present(recordOf(c.req.param('id')))))
  app.get('/communications/callRecords/:id/sessions', (c) => {
    const sessions = recordOf(c.req.param('id')).sessions.map(({ id, startedAt, endedAt }) => ({
      id,
      startDateTime: startedAt.toISOString(),
      endDateTime: endedAt.toISOString(),
    }))
    return c.json(pageOf(c, sessions, SESSIONS_ON_PAGE))
  })
  app.get('/communications/callRecords/:id/participants_v2', (c) => {
    const participants = recordOf(c.req.param('id')).participants.map(({ id, displayName }) => ({
      id,
      identity: { user: { id, displayName } },
    }))
    return c.json(pageOf(c, participants, PARTICIPANTS_ON_PAGE))
  })
  return app
}

const CLAUSE = /^(startDateTime|endDateTime) (ge|gt|le|lt) (\S+)$/

function parseFilter(filter: string | undefined): (record: CallRecord) => boolean {
  const clauses = (filter ?? '').split(' and ').filter(Boolean)
  const tests = clauses.map((clause) => {
    const [, field, comparison, instant] = CLAUSE.exec(clause.trim()) ?? []
    if (!field || !instant) throw badRequest(`The filter '${clause}' is not supported.`, 'BadRequest')
    const limit = Date.parse(instant)
    return ({ startedAt, endedAt }: CallRecord) => {
      const at = (field === 'startDateTime' ? startedAt : endedAt).getTime()
      return comparison === 'ge'
        ? at >= limit
        : comparison === 'gt'
          ? at > limit
          : comparison === 'le'
            ? at <= limit
            : at < limit
    }
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
