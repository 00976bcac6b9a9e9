import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldHeard, foldLook, type Subscription, troubleOf } from '../../src/domain/subscription.ts'
import { judge, withVerdict } from '../../src/domain/subscription-health.ts'
import { at, BORN, subscription } from '../blank-subscription.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const SWEEP_MS = 15 * MINUTE_MS
function stateAt(ms: number, changes: Partial<Subscription>): string {
  return judge(subscription(changes), BORN + ms, SWEEP_MS).state
}

describe('the health of a subscription', () => {
  it('is judged by what arrives, and says what to do', () => {
    expect(stateAt(MINUTE_MS, {})).toBe('healthy')
    expect(stateAt(HOUR_MS, {})).toBe('late')
    expect(stateAt(HOUR_MS, { lastNotificationAt: at(50 * MINUTE_MS) })).toBe('healthy')
    expect(stateAt(HOUR_MS, { quietAt: at(HOUR_MS), silentSince: at(55 * MINUTE_MS) })).toBe('late')
    expect(stateAt(HOUR_MS, { quietAt: at(HOUR_MS), silentSince: at(45 * MINUTE_MS) })).toBe('deaf')
    expect(stateAt(HOUR_MS, { graphId: null, expiresAt: null, failures: 1 })).toBe('dead')
    expect(stateAt(MINUTE_MS, { graphId: null, expiresAt: null })).toBe('late')
    expect(stateAt(30 * 24 * HOUR_MS, { lastNotificationAt: at(30 * 24 * HOUR_MS) })).toBe('dead')
    const trouble = (kind: 'failing' | 'forbidden' | 'quota') => troubleOf(null, kind, 'Graph says no', at(0))
    expect(stateAt(MINUTE_MS, { renewTrouble: trouble('failing') })).toBe('dying')
    expect(stateAt(MINUTE_MS, { renewTrouble: trouble('forbidden') })).toBe('forbidden')
    expect(stateAt(MINUTE_MS, { renewTrouble: trouble('quota') })).toBe('forbidden')
    expect(stateAt(MINUTE_MS, { lookTrouble: trouble('failing') })).toBe('late')
  })

  it('does not take the clocks of Graph and ours for silence', () => {
    const heard = foldHeard(subscription({ silentSince: at(HOUR_MS + 5_000) }), at(HOUR_MS))
    expect(heard.silentSince).toBeNull()
    const looked = foldLook(subscription({ lastNotificationAt: at(HOUR_MS) }), at(HOUR_MS + 5_000), at(HOUR_MS + 6_000))
    expect(looked).toMatchObject({ silentSince: null, quietAt: at(HOUR_MS + 6_000) })
    const silent = foldHeard(subscription({ silentSince: at(HOUR_MS + 5 * MINUTE_MS) }), at(HOUR_MS))
    expect(silent.silentSince).not.toBeNull()
  })

  type Fold = (subscription: Subscription, now: number) => Subscription
  const folds: fc.Arbitrary<Fold> = fc.oneof(
    fc.constant<Fold>((current, now) => foldHeard(current, new Date(now).toISOString())),
    fc.nat(60).map<Fold>((minutes) => (current, now) => {
      const since = new Date(now - minutes * MINUTE_MS).toISOString()
      return foldLook(current, minutes % 3 === 0 ? null : since, new Date(now).toISOString())
    }),
    fc.constantFrom('forbidden', 'failing', 'gone' as const).map<Fold>((kind) => (current, now) => ({
      ...current,
      lookTrouble: troubleOf(current.lookTrouble, kind, 'trouble', new Date(now).toISOString()),
    })),
    fc.constant<Fold>((current) => ({ ...current, graphId: null, expiresAt: null })),
    fc.constant<Fold>((current, now) => ({
      ...current,
      graphId: 'g',
      expiresAt: new Date(now + 29 * 24 * HOUR_MS).toISOString(),
      renewTrouble: null,
    })),
  )

  it('is told as unhealthy and as recovered in turn, each with an id of its own, and never twice', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(folds, fc.nat(90)), { maxLength: 60 }), (steps) => {
        let now = BORN
        let current = subscription()
        for (const [fold, minutes] of steps) {
          now += minutes * MINUTE_MS
          current = withVerdict(fold(current, now), now, SWEEP_MS)
          expect(current.health.state).toBe(judge(current, now, SWEEP_MS).state)
          expect(withVerdict(current, now, SWEEP_MS)).toBe(current)
        }
        const types = current.outbox.map(({ type }) => type)
        expect(types).toEqual(
          types.map((_type, index) => (index % 2 === 0 ? 'subscription.unhealthy' : 'subscription.recovered')),
        )
        expect(new Set(current.outbox.map(({ id }) => id)).size).toBe(types.length)
      }),
    )
  })
})
