// Takes due entries from the inbox and hands each to the stage that looks at it. One bounded step; the runtime repeats it.

import type { InboxEntry } from '../domain/notification.ts'
import { messageOf, RelayError } from '../errors.ts'
import type { Holdings } from '../holdings.ts'
import { type Log, scrub } from '../log.ts'
import type { Claim, Queue } from '../store/store.ts'
import { within } from '../within.ts'
import { dispatch, type Handlers } from './dispatch.ts'

export interface DrainOptions {
  inbox: Queue<InboxEntry>
  handlers: Handlers
  clock: () => number
  log: Log
  holdings: Holdings
  /** Names this worker in the store. */
  by: string
  leaseMs: number
  batch?: number
}

export const MAX_ATTEMPTS = 12
// An entry that failed so often is looked at alone, so that one that ends the process takes no other with it.
const SUSPECT_AFTER = 3
const FIRST_BACK_OFF_MS = 1_000
const LONGEST_BACK_OFF_MS = 15 * 60_000
/** How many leases long a visit may take before it counts as hanging. */
export const LONGEST_VISIT_LEASES = 10

/** Looks at up to `batch` due entries and gives how many there were. */
export async function drainInbox(options: DrainOptions): Promise<number> {
  const { inbox, by, leaseMs, batch = 4 } = options
  const claims = await inbox.claim({ by, limit: batch, leaseMs })
  const suspects = claims.filter(({ attempts }) => attempts > SUSPECT_AFTER)
  await Promise.all(claims.filter((claim) => !suspects.includes(claim)).map((claim) => look(claim, options)))
  for (const suspect of suspects) await look(suspect, options)
  return claims.length
}

async function look(claim: Claim<InboxEntry>, options: DrainOptions): Promise<void> {
  const { inbox, clock, holdings } = options
  if (claim.attempts > MAX_ATTEMPTS) {
    await inbox.bury(claim, { error: claim.lastError ?? 'The process ended during every attempt.' })
    return
  }
  const error = 'Handed back: the process was stopped.'
  await holdings.during(
    () => inbox.retry(claim, { error, availableAt: clock() }),
    () => visit(claim, options),
  )
}

async function visit(claim: Claim<InboxEntry>, options: DrainOptions): Promise<void> {
  const { inbox, handlers, leaseMs, log } = options
  const stopHeartbeat = holdLease(claim, options)
  try {
    const longestMs = leaseMs * LONGEST_VISIT_LEASES
    await within(longestMs, dispatch(claim.body, handlers), () => visitHangs(longestMs))
    stopHeartbeat()
    if (!(await inbox.finish(claim))) log.warn({ entry: claim.id }, 'lease lost: somebody else looks at this entry')
  } catch (error) {
    stopHeartbeat()
    await settleFailure(claim, error, options)
  }
}

async function settleFailure(claim: Claim<InboxEntry>, error: unknown, options: DrainOptions): Promise<void> {
  const { inbox, log, clock } = options
  const failure = { error: scrub(messageOf(error)) }
  const hopeless = (error instanceof RelayError && error.next !== 'retry') || claim.attempts >= MAX_ATTEMPTS
  const told = { entry: claim.id, kind: claim.body.kind, attempt: claim.attempts, err: error, buried: hopeless }
  log.warn(told, 'look failed')
  if (hopeless) {
    await inbox.bury(claim, failure)
    return
  }
  const asked = error instanceof RelayError ? (error.retryAfterMs ?? 0) : 0
  await inbox.retry(claim, { ...failure, availableAt: clock() + Math.max(asked, backOff(claim.attempts)) })
}

/** Doubles with every attempt, with up to a quarter of jitter, so that replicas do not come back in step. */
function backOff(attempts: number): number {
  const full = Math.min(FIRST_BACK_OFF_MS * 2 ** (attempts - 1), LONGEST_BACK_OFF_MS)
  return Math.round(full * (0.75 + Math.random() / 4))
}

function holdLease(claim: Claim<InboxEntry>, { inbox, leaseMs, log }: DrainOptions): () => void {
  const timer = setInterval(() => {
    inbox.extend(claim, leaseMs).catch((err: unknown) => log.warn({ err, entry: claim.id }, 'lease not extended'))
  }, leaseMs / 2)
  return () => clearInterval(timer)
}

function visitHangs(afterMs: number): RelayError {
  return new RelayError('visit_hangs', 'retry', `The visit was given up after ${Math.round(afterMs / 1000)} s.`)
}
