// Keeps Graph's subscriptions alive: makes those that are missing, renews the others at a share of their life.

import type { SubscriptionKind } from '../domain/subscription.ts'
import { MOST_IN_BATCH } from '../graph/batch.ts'
import { isRefusal } from '../graph/refusal.ts'
import { renewSubscriptions } from '../graph/subscriptions.ts'
import { amend } from '../store/store.ts'
import { type CarryOutOptions, carryOut, keep, noteFailure, type Taken, take } from './carry-out.ts'
import { type Action, planSubscriptions } from './plan.ts'
import { renewalOf, standardsOf } from './request.ts'

export interface RenewOptions extends CarryOutOptions {
  watch: SubscriptionKind[]
}

/** Creates or renews up to twenty subscriptions, as many as one batch of Graph takes, that are due. Gives how many there were. */
export async function renewDue(options: RenewOptions): Promise<number> {
  const { store, clock, watch } = options
  const now = clock()
  const due = await store.subscriptions.find({
    where: { renewAt: { lte: new Date(now).toISOString() } },
    orderBy: 'renewAt',
    limit: MOST_IN_BATCH,
  })
  const actions = planSubscriptions({ known: due, listed: null, watch, standards: standardsOf(options), now })
  const renewals = actions.filter((action) => action.kind === 'renew')
  if (renewals.length > 1) await renewTogether(renewals, options)
  const others = renewals.length > 1 ? actions.filter((action) => action.kind !== 'renew') : actions
  await Promise.all(others.map((action) => carryOut(action, options)))
  return actions.length
}

/** One request for all; what Graph has lost is made anew one by one. */
async function renewTogether(actions: Extract<Action, { kind: 'renew' }>[], options: RenewOptions): Promise<void> {
  const { graph, clock } = options
  const taken = (await Promise.all(actions.map(({ subscription }) => take(subscription, options)))).filter(
    (one) => one !== undefined,
  )
  if (taken.length === 0) return
  const renewals = taken.map(({ subscription: { graphId, kind } }) => ({
    id: graphId ?? '',
    renewal: renewalOf(kind, options),
  }))
  try {
    const answers = await renewSubscriptions(graph, renewals, clock())
    await Promise.all(taken.map((one, index) => settle(one, answers[index], options)))
  } catch (error) {
    await Promise.all(taken.map((one) => noteFailure(one, error, options)))
  }
}

async function settle(
  taken: Taken,
  answer: Awaited<ReturnType<typeof renewSubscriptions>>[number],
  options: RenewOptions,
): Promise<void> {
  if (answer === undefined) return noteFailure(taken, new Error('Graph left it out of its answer.'), options)
  if (!isRefusal(answer)) return keep(taken, answer, options)
  if (!isRefusal(answer, 404)) return noteFailure(taken, answer, options)
  await release(taken, options)
}

/** Graph does not know it any more: it is due as one that has to be made. */
async function release({ subscription, by }: Taken, { store, clock }: RenewOptions): Promise<void> {
  const renewAt = new Date(clock()).toISOString()
  await amend(store.subscriptions, subscription.id, (current) =>
    current?.taken?.by === by ? { ...current, graphId: null, expiresAt: null, taken: null, renewAt } : undefined,
  )
}
