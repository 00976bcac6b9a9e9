// One POST for each due delivery. Success is a 2xx; 410 ends an endpoint; everything else is tried again on the
// schedule, with the same id and the same bytes.

import type { Attempt, AttemptOutcome, Delivery, Endpoint } from '../domain/delivery.ts'
import type { PublishedEvent } from '../domain/event.ts'
import { messageOf, RelayError } from '../errors.ts'
import type { Holdings } from '../holdings.ts'
import { unseal } from '../keys.ts'
import { type Log, scrub } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { amend, type Claim, type Store } from '../store/store.ts'
import type { Answer, Send } from './egress.ts'
import { sign } from './sign.ts'

export interface DeliverOptions {
  store: Store
  send: Send
  sealKeys: Buffer[]
  clock: () => number
  log: Log
  metrics: Metrics
  holdings: Holdings
  by: string
  leaseMs: number
  timeoutMs: number
  /** Delay of each attempt after the one before, in ms. */
  scheduleMs: number[]
}

const BATCH = 8
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60_000
const KEPT_ATTEMPTS = 30

/** Attempts up to 8 due deliveries and gives how many there were. */
export async function deliverDue(options: DeliverOptions): Promise<number> {
  const claims = await options.store.deliveries.claim({ by: options.by, limit: BATCH, leaseMs: options.leaseMs })
  await Promise.all(claims.map((claim) => hold(claim, options)))
  return claims.length
}

function hold(claim: Claim<Delivery>, options: DeliverOptions): Promise<void> {
  const failure = { error: 'Handed back: the process was stopped.', availableAt: options.clock() }
  return options.holdings.during(
    () => options.store.deliveries.retry(claim, failure),
    () => deliver(claim, options),
  )
}

async function deliver(claim: Claim<Delivery>, options: DeliverOptions): Promise<void> {
  const { store, log } = options
  const { endpointId, eventId } = claim.body
  const [endpoint, event] = await Promise.all([store.endpoints.get(endpointId), store.events.get(eventId)])
  if (!endpoint || endpoint.document.state === 'disabled' || !event) {
    await store.deliveries.bury(claim, { error: 'The endpoint is gone or disabled.' })
    return
  }
  const attempt = await post(endpoint.document, event, options)
  options.metrics.attempts.inc({ outcome: attempt.outcome })
  log.info(
    { eventId, endpointId, attempt: claim.attempts, outcome: attempt.outcome, status: attempt.status },
    'delivery attempted',
  )
  await settle(claim, attempt, options)
}

interface Attempted extends Attempt {
  retryAfterMs: number
}

async function post(endpoint: Endpoint, event: PublishedEvent, options: DeliverOptions): Promise<Attempted> {
  const begun = options.clock()
  const started = performance.now()
  const finish = (outcome: AttemptOutcome, answer: Answer | null, error: string | null): Attempted => ({
    at: new Date(begun).toISOString(),
    outcome,
    status: answer?.status ?? null,
    durationMs: Math.round(performance.now() - started),
    error,
    retryAfterMs: retryAfterOf(answer, begun),
  })
  try {
    const secret = unseal(options.sealKeys, endpoint.sealedSecret)
    const headers = headersOf(secret, event, Math.floor(begun / 1000))
    const answer = await options.send({ url: endpoint.url, headers, body: event.body, timeoutMs: options.timeoutMs })
    const outcome = outcomeOf(answer.status)
    return finish(outcome, answer, outcome === 'success' ? null : `The endpoint answered ${answer.status}.`)
  } catch (error) {
    return finish(failureOf(error), null, scrub(messageOf(error)))
  }
}

function headersOf(secret: string, { id, body }: PublishedEvent, timestamp: number): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'recording-relay',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign(secret, { id, timestamp, body }),
  }
}

async function settle(claim: Claim<Delivery>, attempted: Attempted, options: DeliverOptions): Promise<void> {
  const { deliveries } = options.store
  const { retryAfterMs, ...attempt } = attempted
  const body = { ...claim.body, log: [...claim.body.log, attempt].slice(-KEPT_ATTEMPTS) }
  await noteHealth(claim.body.endpointId, attempt, options)
  if (attempt.outcome === 'success') {
    await deliveries.finish(claim, body)
    return
  }
  const error = attempt.error ?? attempt.outcome
  const delay = options.scheduleMs[claim.attempts]
  if (delay === undefined || attempt.status === 410) {
    await deliveries.bury(claim, { error, body })
    return
  }
  await deliveries.retry(claim, { error, body, availableAt: options.clock() + Math.max(jitter(delay), retryAfterMs) })
}

/** Remembers since when an endpoint fails; 410 says that nobody wants our events there any more. */
async function noteHealth(endpointId: string, attempt: Attempt, { store }: DeliverOptions): Promise<void> {
  await amend(store.endpoints, endpointId, (current) => {
    if (!current || current.state === 'disabled') return undefined
    if (attempt.status === 410) return disable(current, attempt.at)
    const failingSince = attempt.outcome === 'success' ? null : (current.failingSince ?? attempt.at)
    return failingSince === current.failingSince ? undefined : { ...current, failingSince, updatedAt: attempt.at }
  })
}

function disable(endpoint: Endpoint, now: string): Endpoint {
  const reason = 'It answered 410 Gone.'
  return { ...endpoint, state: 'disabled', disabledReason: reason, updatedAt: now }
}

function outcomeOf(status: number): AttemptOutcome {
  if (status >= 200 && status < 300) return 'success'
  if (status < 400) return 'http_3xx'
  return status < 500 ? 'http_4xx' : 'http_5xx'
}

function failureOf(error: unknown): AttemptOutcome {
  if (error instanceof RelayError && error.code === 'address_blocked') return 'blocked'
  return error instanceof Error && /Timeout|Abort/.test(error.name) ? 'timeout' : 'connection'
}

function retryAfterOf(answer: Answer | null, now: number): number {
  if (!answer?.retryAfter) return 0
  const seconds = Number(answer.retryAfter)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(answer.retryAfter) - now
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS)
}

/** Up to a tenth later, so that what failed together does not come back together. */
function jitter(ms: number): number {
  return Math.round(ms * (1 + Math.random() / 10))
}
