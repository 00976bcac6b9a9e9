import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { InboxEntry } from '../../src/domain/notification.ts'
import type { Claim, NewEntry, Queue } from '../../src/store/store.ts'
import { body, entry, Fixture, type MakePlace } from './fixture.ts'
import { QueueModel } from './queue-model.ts'

const id = fc.constantFrom('e1', 'e2', 'e3')
const name = fc.constantFrom('red', 'green', 'blue')
const ms = fc.integer({ min: -300, max: 300 })
/** Picks one of the claims so far, old ones too. */
const pick = fc.nat({ max: 30 })
const leaseMs = fc.integer({ min: 1, max: 300 })
const leftBody = fc.option(name, { nil: undefined })

const operation = fc.oneof(
  fc.record({ do: fc.constant('add' as const), id, name, ms }),
  fc.record({ do: fc.constant('knock' as const), id, name, ms }),
  fc.record({
    do: fc.constant('claim' as const),
    limit: fc.integer({ min: 1, max: 3 }),
    leaseMs,
  }),
  fc.record({ do: fc.constant('finish' as const), pick, leftBody }),
  fc.record({ do: fc.constant('retry' as const), pick, leftBody, ms }),
  fc.record({ do: fc.constant('bury' as const), pick, leftBody }),
  fc.record({ do: fc.constant('extend' as const), pick, leaseMs }),
  fc.record({ do: fc.constant('revive' as const), id }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 400 }) }),
)

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

export function describeQueueModel(makePlace: MakePlace, numRuns: number): void {
  it('does what the model does, whatever happens in whatever order', { timeout: 120_000 }, async () => {
    const sequences = fc.array(operation, { maxLength: 60, size: 'max' })
    await fc.assert(
      fc.asyncProperty(sequences, async (operations) => {
        const fixture = new Fixture(await makePlace())
        try {
          await compare(fixture, operations)
        } finally {
          await fixture.end()
        }
      }),
      { numRuns },
    )
  })
}

async function compare(fixture: Fixture, operations: Operation[]): Promise<void> {
  const { inbox } = await fixture.open()
  const model = new QueueModel()
  const claims: Claim<InboxEntry>[] = []
  for (const step of operations) {
    if (step.do === 'wait') fixture.now += step.ms
    const [is, should] = await both(step, { inbox, model, claims, now: fixture.now })
    expect(is).toEqual(should)
    expect(await inbox.list({ limit: 10 })).toEqual(model.entries())
  }
}

interface Sides {
  inbox: Queue<InboxEntry>
  model: QueueModel
  claims: Claim<InboxEntry>[]
  now: number
}

/** What the store answers, and what it should answer. */
async function both(step: Operation, { inbox, model, claims, now }: Sides): Promise<[unknown, unknown]> {
  switch (step.do) {
    case 'wait':
      return [undefined, undefined]
    case 'add':
      return [await inbox.add([entryOf(step, now)]), model.add(entryOf(step, now), now)]
    case 'knock':
      return [await inbox.knock([entryOf(step, now)]), model.knock(entryOf(step, now), now)]
    case 'revive':
      return [await inbox.revive(step.id), model.revive(step.id, now)]
    case 'claim': {
      const request = { by: 'worker', limit: step.limit, leaseMs: step.leaseMs }
      const claimed = await inbox.claim(request)
      claims.push(...claimed)
      return [claimed, model.claim(request, now)]
    }
  }
  const claim = claims[step.pick % claims.length]
  if (!claim) return [undefined, undefined]
  switch (step.do) {
    case 'extend':
      return [await inbox.extend(claim, step.leaseMs), model.extend(claim, now, step.leaseMs)]
    case 'finish':
      return [await inbox.finish(claim, left(step)), model.finish(claim, now, left(step))]
    case 'retry': {
      const failure = { error: 'busy', availableAt: now + step.ms, body: left(step) }
      return [await inbox.retry(claim, failure), model.retry(claim, now, failure)]
    }
    case 'bury': {
      const failure = { error: 'broken', body: left(step) }
      return [await inbox.bury(claim, failure), model.bury(claim, now, failure)]
    }
  }
}

function entryOf(step: { id: string; name: string; ms: number }, now: number): NewEntry<InboxEntry> {
  return entry(step.id, { body: body(step.name), availableAt: now + step.ms })
}

function left({ leftBody }: { leftBody?: string | undefined }): InboxEntry | undefined {
  return leftBody === undefined ? undefined : body(leftBody)
}
