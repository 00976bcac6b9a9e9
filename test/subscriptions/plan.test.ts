import { describe, expect, it } from 'vitest'
import type { Subscription } from '../../src/domain/subscription.ts'
import type { GraphSubscription } from '../../src/graph/subscriptions.ts'
import { planSubscriptions, type Situation } from '../../src/subscriptions/plan.ts'
import { at, BORN, subscription } from '../blank-subscription.ts'

const HOUR_MS = 60 * 60_000
const OURS = 'https://relay.example.test/graph/notifications'
const standards = { notificationUrl: OURS, clientStateKey: 'key', certificateId: null, certificateIds: ['new', 'old'] }

/** The actions, as words: what, and whose. */
function plan(known: Subscription[], listed: GraphSubscription[] | null, changes: Partial<Situation> = {}): string[] {
  const situation: Situation = {
    known,
    listed,
    watch: ['drive', 'recordings'],
    standards,
    now: BORN + HOUR_MS,
    ...changes,
  }
  return planSubscriptions(situation).map((action) => {
    const removed = action.kind === 'recreate' ? ` without ${action.remove.join(', ')}` : ''
    return `${action.kind} ${action.kind === 'drop' ? action.graphId : action.subscription.id}${removed}`
  })
}

function listed(id: string, changes: Partial<GraphSubscription> = {}): GraphSubscription {
  const resource = 'drives/d/root'
  return {
    id,
    resource,
    changeType: 'updated',
    notificationUrl: OURS,
    expirationDateTime: at(700 * HOUR_MS),
    ...changes,
  }
}

const notMade = { graphId: null, expiresAt: null, renewAt: at(0) }
const made = { notificationUrl: OURS, clientStateKey: 'key', certificateId: null }

describe('the plan', () => {
  it('leaves alone what is as it should be', () => {
    expect(plan([subscription({ madeWith: made })], [listed('g')])).toEqual([])
    expect(plan([subscription({ madeWith: made })], null)).toEqual([])
  })

  it('makes what is missing, renews what is due, and asks for what the list leaves out', () => {
    expect(plan([subscription(notMade)], [])).toEqual(['create drive_1'])
    expect(plan([subscription({ renewAt: at(0) })], [listed('g')])).toEqual(['renew drive_1'])
    expect(plan([subscription()], [])).toEqual(['ask drive_1'])
  })

  it('waits with what failed, unless the list shows that it is missing', () => {
    expect(plan([subscription({ ...notMade, renewAt: at(2 * HOUR_MS) })], null)).toEqual([])
  })

  it('makes anew what leads elsewhere, carries an old secret, or has been deaf for longer than Graph ever takes', () => {
    const elsewhere = listed('g', { notificationUrl: 'https://old.example.test/graph/notifications' })
    expect(plan([subscription()], [elsewhere])).toEqual(['recreate drive_1 without g'])
    const old = subscription({ madeWith: { ...made, clientStateKey: 'old' } })
    expect(plan([old], null)).toEqual(['recreate drive_1 without g'])
    const deaf = { health: { state: 'deaf', since: at(0), told: true } as const, silentSince: at(60_000) }
    expect(plan([subscription(deaf)], null)).toEqual([])
    expect(plan([subscription(deaf)], null, { now: BORN + 7 * HOUR_MS })).toEqual(['recreate drive_1 without g'])
    const reborn = subscription({ ...deaf, bornAt: at(6 * HOUR_MS) })
    expect(plan([reborn], null, { now: BORN + 9 * HOUR_MS })).toEqual([])
  })

  it('gives a certificate that we can still read away at the renewal, and one that we cannot at once', () => {
    const rich = (certificateId: string) =>
      subscription({ id: 'recordings_1', kind: 'recordings', madeWith: { ...made, certificateId } })
    expect(plan([rich('old')], null)).toEqual([])
    expect(plan([rich('lost')], null)).toEqual(['renew recordings_1'])
  })

  it('deletes what leads to us and serves nobody, and never what somebody else may have made', () => {
    const stranger = listed('x', { resource: '/drives/nobody/root' })
    const foreign = listed('y', { notificationUrl: 'https://staging.example.test/graph/notifications' })
    expect(plan([subscription()], [listed('g'), listed('twin'), stranger, foreign])).toEqual(['drop twin', 'drop x'])
    const expired = listed('z', { expirationDateTime: at(0) })
    expect(plan([subscription()], [listed('g'), expired])).toEqual([])
  })

  it('does not touch what another replica is busy with, nor what it has just made', () => {
    const taken = { taken: { by: 'another', until: at(2 * HOUR_MS) } }
    expect(plan([subscription({ ...notMade, ...taken })], [listed('just made')])).toEqual([])
    const over = { taken: { by: 'another', until: at(0) } }
    expect(plan([subscription({ ...notMade, ...over })], [listed('left over')])).toEqual([
      'recreate drive_1 without left over',
    ])
  })

  it('forgets what is not wanted any more', () => {
    expect(plan([subscription()], [listed('g')], { watch: ['callRecords'] })).toEqual(['forget drive_1'])
  })
})
