// What Graph is asked so that it has one subscription as we want it.

import type { Subscription } from '../domain/subscription.ts'
import type { GraphClient } from '../graph/client.ts'
import { isRefusal } from '../graph/refusal.ts'
import {
  createSubscription,
  deleteSubscription,
  findSubscription,
  type GraphSubscription,
  listSubscriptions,
  renewSubscription,
} from '../graph/subscriptions.ts'
import { type Action, isTwin } from './plan.ts'
import { creationOf, madeWith, type RequestOptions, renewalOf } from './request.ts'

interface GraphOptions extends RequestOptions {
  graph: GraphClient
}

const MINUTE_MS = 60_000

/** Makes, renews or finds the subscription of an action, and gives it as Graph has it now. */
export async function bringAbout(
  action: Exclude<Action, { kind: 'drop' | 'forget' }>,
  options: GraphOptions,
): Promise<GraphSubscription> {
  const { graph } = options
  const { subscription } = action
  switch (action.kind) {
    case 'create':
      return create(subscription, options)
    case 'recreate':
      for (const id of action.remove) await deleteSubscription(graph, id)
      return create(subscription, options)
    case 'renew':
      return renew(subscription, options)
    case 'ask':
      return askFor(subscription, options)
  }
}

async function askFor(subscription: Subscription, options: GraphOptions): Promise<GraphSubscription> {
  const { graph } = options
  const found = await findSubscription(graph, subscription.graphId ?? '')
  if (found && leadsHere(found, options)) return found
  if (found) await deleteSubscription(graph, found.id)
  return create(subscription, options)
}

function leadsHere({ notificationUrl }: GraphSubscription, options: GraphOptions): boolean {
  return !notificationUrl || notificationUrl === madeWith('drive', options).notificationUrl
}

async function renew(subscription: Subscription, options: GraphOptions): Promise<GraphSubscription> {
  const { graphId, kind } = subscription
  if (!graphId) return create(subscription, options)
  try {
    return await renewSubscription(options.graph, graphId, renewalOf(kind, options))
  } catch (error) {
    if (isRefusal(error, 404)) return create(subscription, options)
    throw error
  }
}

async function create(subscription: Subscription, options: GraphOptions): Promise<GraphSubscription> {
  const { graph } = options
  const request = creationOf(subscription, options)
  try {
    return await createSubscription(graph, request)
  } catch (error) {
    if (isRefusal(error, 409)) {
      // Graph has one that the list did not show: it may lead elsewhere, so it is made anew.
      await removeTwins(subscription, graph)
      return createSubscription(graph, request)
    }
    const expirationDateTime = shorterLife(error, options.clock())
    if (!expirationDateTime) throw error
    return createSubscription(graph, { ...request, expirationDateTime })
  }
}

/** Live ceilings can be lower than the documented ones; the refusal names them. */
function shorterLife(error: unknown, now: number): string | undefined {
  if (!isRefusal(error, 400)) return undefined
  const [, minutes] = /only be (\d+) minutes in the future/.exec(error.message) ?? []
  return minutes ? new Date(now + (Number(minutes) - 15) * MINUTE_MS).toISOString() : undefined
}

async function removeTwins(subscription: Subscription, graph: GraphClient): Promise<void> {
  for (const found of await listSubscriptions(graph)) {
    if (isTwin(found, subscription)) await deleteSubscription(graph, found.id)
  }
}
