// Holds what Graph has against what we want, as a whole. The list of subscriptions can lie, so nothing is done on the
// word of the list alone that could not be done twice.
// https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/906

import { type GraphSubscription, listSubscriptions } from '../graph/subscriptions.ts'
import { findAll } from '../store/store.ts'
import { carryOut } from './carry-out.ts'
import { planSubscriptions } from './plan.ts'
import type { RenewOptions } from './renew.ts'
import { standardsOf } from './request.ts'

const AT_ONCE = 10

/** Brings Graph's subscriptions into line and gives how much there was to do. */
export async function reconcile(options: RenewOptions): Promise<number> {
  const { clock, watch } = options
  // First the list, then the store: what another replica makes meanwhile is known, or seen to be taken.
  const listed = await listAll(options)
  const known = await findAll(options.store.subscriptions, 'createdAt')
  const actions = planSubscriptions({ known, listed, watch, standards: standardsOf(options), now: clock() })
  for (let from = 0; from < actions.length; from += AT_ONCE) {
    await Promise.all(actions.slice(from, from + AT_ONCE).map((action) => carryOut(action, options)))
  }
  return actions.length
}

async function listAll({ graph, log }: RenewOptions): Promise<GraphSubscription[] | null> {
  try {
    return await listSubscriptions(graph)
  } catch (err) {
    log.warn({ err }, 'Graph does not list its subscriptions: only what the store knows is looked after')
    return null
  }
}

/** A step that reconciles at the start and then once an hour, each process at a time of its own. */
export function reconcileEvery(intervalMs: number, options: RenewOptions): () => Promise<number> {
  let dueAt = 0
  return async () => {
    if (options.clock() < dueAt) return 0
    dueAt = options.clock() + intervalMs * (0.8 + Math.random() / 5)
    return reconcile(options)
  }
}
