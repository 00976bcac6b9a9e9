import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { COLLECTIONS, QUEUES } from '../../src/store/layout.ts'
import { schema } from '../../src/store/sql/schema.ts'
import { findStatement } from '../../src/store/sql/sql-documents.ts'
import { claimStatement, listStatement } from '../../src/store/sql/sql-queue.ts'
import { type CollectionName, INDEXES, type Query, type Where } from '../../src/store/store.ts'

const database = new DatabaseSync(':memory:')
for (const statement of schema()) database.exec(statement)

function plan(statement: string): string {
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${statement}`).all()
  return steps.map(({ detail }) => detail).join('\n')
}

const indexes = COLLECTIONS.flatMap((name) =>
  INDEXES[name].map((fields): [CollectionName, string[]] => [name, [...fields]]),
)

type AnyDocument = Record<string, string | null>

/** The query that the index is for: all its fields but the last are known, the last one gives the order. */
function queryFor(fields: string[]): Query<AnyDocument> {
  const where = Object.fromEntries(fields.slice(0, -1).map((field) => [field, 'x']))
  return { where, orderBy: fields.at(-1) ?? '', limit: 10 }
}

describe.each(indexes)('the index of %s on %j', (name, fields) => {
  const index = `USING INDEX ${[name, ...fields].join('_')} (`

  it.each([false, true])('gives a page in order (descending: %s)', (descending) => {
    const steps = plan(findStatement(name, { ...queryFor(fields), descending, after: ['x', 'x'] }).statement)
    expect(steps).toContain(`SEARCH ${name} ${index}`)
    expect(steps).not.toMatch(/SCAN|TEMP B-TREE/)
  })

  it.each([
    ['equality', 'x'],
    ['null', null],
    ['a range', { lte: 'x' }],
    ['a list', { in: ['x', 'y'] }],
  ])('finds by %s', (_, condition) => {
    const last = fields.at(-1) ?? ''
    const { where, ...query } = queryFor(fields)
    const steps = plan(findStatement(name, { ...query, where: { ...where, [last]: condition } }).statement)
    expect(steps).toContain(`SEARCH ${name} ${index}`)
    expect(steps).not.toMatch(/SCAN [^j]/)
  })
})

const LOOKUPS: [CollectionName, Where<AnyDocument>, string][] = [
  ['recordings', { teamsRecordingId: 'x' }, 'teamsRecordingId'],
  ['recordings', { ownerId: 'x', startedAt: { gte: 'x' } }, 'ownerId_startedAt'],
  ['recordings', { conferenceId: 'x', status: 'available' }, 'conferenceId_status_createdAt'],
  ['conferences', { joinUrlKey: 'x' }, 'joinUrlKey'],
  ['conferences', { joinUrlKey: { in: ['x', 'y'] } }, 'joinUrlKey'],
  ['conferences', { organizerId: 'x', endsAt: { gte: 'x' } }, 'organizerId_endsAt'],
  ['subscriptions', { ownerId: 'x', kind: 'drive' }, 'ownerId'],
]

describe('a lookup of the product', () => {
  it.each(LOOKUPS)('in %s by %j uses the narrowest index, though it is in another order', (name, where, index) => {
    const steps = plan(findStatement<AnyDocument>(name, { where, orderBy: 'createdAt', limit: 10 }).statement)
    expect(steps).toContain(`SEARCH ${name} USING INDEX ${name}_${index} (`)
  })
})

describe.each(QUEUES)('the indexes of %s', (queue) => {
  it('serve a claim', () => {
    const steps = plan(claimStatement(queue))
    expect(steps).toContain(
      `SEARCH ${queue} USING COVERING INDEX ${queue}_state_availableAt (state=? AND availableAt<?)`,
    )
    expect(steps).not.toMatch(/SCAN|TEMP B-TREE/)
  })

  it.each([
    [{}, 'createdAt'],
    [{ state: 'dead' }, 'state_createdAt'],
    [{ lane: 'x' }, 'lane_createdAt'],
    [{ lane: 'x', state: 'dead' }, 'lane_state_createdAt'],
  ])('serve a list of %j', (query, index) => {
    const steps = plan(listStatement(queue, { ...query, after: ['x', 'x'], limit: 10 }).statement)
    expect(steps).toContain(`SEARCH ${queue} USING INDEX ${queue}_${index} (`)
    expect(steps).not.toMatch(/SCAN|TEMP B-TREE/)
  })
})
