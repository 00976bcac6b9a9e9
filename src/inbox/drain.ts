// Takes due entries from the inbox and hands each to the stage that looks at it. One bounded step; the runtime repeats it.

import type { InboxEntry, InboxKind } from '../domain/notification.ts'
import { messageOf, RelayError } from '../errors.ts'
import { type Log, scrub } from '../log.ts'
import type { Claim, Queue } from '../store/store.ts'

export type Handlers = { [K in InboxKind]: (entry: Extract<InboxEntry, { kind: K }>) => Promise<void> }

export interface DrainOptions {
  inbox: Queue<InboxEntry>
  handlers: Handlers
  clock: () => number
  log: Log
  /** Names this worker in the store. */
  by: string
  leaseMs: number
  batch?: number
}

export const MAX_ATTEMPTS = 12
const FIRST_BACK_OFF_MS = 1_000
const LONGEST_BACK_OFF_MS = 15 * 60_000
// A visit that needs longer than this many leases hangs; its entry becomes free for others.
const MAX_EXTENSIONS = 20

/** Looks at up to `batch` due entries and gives how many there were. */
export async function drainInbox(options: DrainOptions): Promise<number> {
  const { inbox, by, leaseMs, batch = 4 } = options
  const claims = await inbox.claim({ by, limit: batch, leaseMs })
  await Promise.all(claims.map((claim) => look(claim, options)))
  return claims.length
}

async function look(claim: Claim<InboxEntry>, options: DrainOptions): Promise<void> {
  const { inbox, log } = options
  if (claim.attempts > MAX_ATTEMPTS) {
    await inbox.bury(claim, { error: claim.lastError ?? 'The process ended during every attempt.' })
    return
  }
  const stopHeartbeat = holdLease(claim, options)
  try {
    await dispatch(claim.body, options.handlers)
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
  log.warn(
    { entry: claim.id, kind: claim.body.kind, attempt: claim.attempts, err: error, buried: hopeless },
    'look failed',
  )
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
  let extensions = 0
  const timer = setInterval(() => {
    extensions += 1
    if (extensions > MAX_EXTENSIONS) clearInterval(timer)
    else inbox.extend(claim, leaseMs).catch((err: unknown) => log.warn({ err, entry: claim.id }, 'lease not extended'))
  }, leaseMs / 2)
  return () => clearInterval(timer)
}

function dispatch(entry: InboxEntry, handlers: Handlers): Promise<void> {
  switch (entry.kind) {
    case 'heard':
      return handlers.heard(entry)
    case 'drive':
      return handlers.drive(entry)
    case 'call':
      return handlers.call(entry)
    case 'callRecording':
      return handlers.callRecording(entry)
    case 'lifecycle':
      return handlers.lifecycle(entry)
    case 'watch':
      return handlers.watch(entry)
    case 'conference':
      return handlers.conference(entry)
    case 'recording':
      return handlers.recording(entry)
  }
}
