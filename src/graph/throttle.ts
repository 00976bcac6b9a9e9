// How fast one process asks Graph for one tenant: a bucket of requests for each workload, a limit on those under way,
// and a pause where Graph asks for one. Graph counts what it refuses as well, so it is asked less, not later again.
// https://learn.microsoft.com/graph/throttling-limits

import { RelayError } from '../errors.ts'

export type Workload = 'drives' | 'subscriptions' | 'meetings' | 'content'

interface Limit {
  /** Requests that may go at once. */
  burst: number
  /** As long as Graph has not refused any. */
  perSecond: number
  /** However often it has. */
  atLeast: number
}

// OneDrive gives a tenant 1,200 to 6,000 resource units a minute, by its licences, which Graph does not tell;
// subscriptions 1,000 writes in 20 s; Teams 30 reads a second. Somebody waits for content, so it has no bucket.
const LIMITS: Record<Workload, Limit> = {
  drives: { burst: 600, perSecond: 90, atLeast: 10 },
  subscriptions: { burst: 800, perSecond: 40, atLeast: 10 },
  meetings: { burst: 400, perSecond: 20, atLeast: 5 },
  content: { burst: Number.POSITIVE_INFINITY, perSecond: Number.POSITIVE_INFINITY, atLeast: 1 },
}
/** In this time a rate that was halved comes back to what it was at first. */
const RECOVERY_SECONDS = 600
const MOST_AT_ONCE = 32
const LONGEST_WAIT_MS = 5_000
const LOOK_AGAIN_MS = 25
/** Below this share of a bucket, work that nobody waits for should wait. */
const LOW = 0.25

interface Bucket {
  left: number
  perSecond: number
  filledAt: number
  pausedUntil: number
}

export class Throttle {
  readonly #clock: () => number
  readonly #buckets = new Map<Workload, Bucket>()
  #underWay = 0

  /** @param clock epoch ms */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /**
   * Runs `work` when there is room for it, and waits up to five seconds for that.
   *
   * @param units how many requests it counts as
   * @throws RelayError `graph_busy` (retry, with the time to wait)
   */
  async run<T>(workload: Workload, units: number, work: () => Promise<T>): Promise<T> {
    await this.#admit(workload, units)
    try {
      return await work()
    } finally {
      this.#underWay -= 1
    }
  }

  /** Graph asked for a pause of `ms`; afterwards it is asked half as often, and then slowly more again. */
  pause(workload: Workload, ms: number): void {
    const bucket = this.#bucket(workload)
    // Of many that were refused at once, the first halves the rate.
    if (bucket.pausedUntil <= this.#clock()) bucket.perSecond = Math.max(LIMITS[workload].atLeast, bucket.perSecond / 2)
    bucket.left = Math.min(bucket.left, bucket.perSecond)
    bucket.pausedUntil = Math.max(bucket.pausedUntil, this.#clock() + ms)
  }

  /** Graph said how many requests it still takes. */
  note(workload: Workload, remaining: number): void {
    const bucket = this.#bucket(workload)
    bucket.left = Math.min(bucket.left, remaining)
  }

  /** Whether work that nobody waits for should wait. */
  isLow(workload: Workload): boolean {
    const { left, pausedUntil } = this.#bucket(workload)
    return pausedUntil > this.#clock() || left < LIMITS[workload].burst * LOW
  }

  /** Counts it as under way in the same turn, so that nobody else takes its room. */
  async #admit(workload: Workload, units: number): Promise<void> {
    const giveUpAt = Date.now() + LONGEST_WAIT_MS
    for (;;) {
      const bucket = this.#bucket(workload)
      const pausedMs = bucket.pausedUntil - this.#clock()
      if (pausedMs <= 0 && bucket.left >= units && this.#underWay < MOST_AT_ONCE) {
        bucket.left -= units
        this.#underWay += 1
        return
      }
      if (pausedMs > LONGEST_WAIT_MS || Date.now() >= giveUpAt) throw busy(Math.max(pausedMs, 1_000))
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    }
  }

  #bucket(workload: Workload): Bucket {
    const { burst, perSecond } = LIMITS[workload]
    const now = this.#clock()
    const bucket = this.#buckets.get(workload) ?? { left: burst, perSecond, filledAt: now, pausedUntil: 0 }
    const seconds = Math.max(0, (now - bucket.filledAt) / 1000)
    if (seconds > 0) {
      bucket.left = Math.min(burst, bucket.left + bucket.perSecond * seconds)
      bucket.perSecond = Math.min(perSecond, bucket.perSecond + (perSecond * seconds) / RECOVERY_SECONDS)
      bucket.filledAt = now
    }
    this.#buckets.set(workload, bucket)
    return bucket
  }
}

/** Which of Graph's services answers a path below `/v1.0`. */
export function workloadOf(path: string): Workload {
  if (/\/content(\?|$)/.test(path)) return 'content'
  if (/^\/(subscriptions|\$batch)/.test(path)) return 'subscriptions'
  if (/^\/drives\/|^\/users\/[^/]+\/drive/.test(path)) return 'drives'
  return 'meetings'
}

function busy(retryAfterMs: number): RelayError {
  return new RelayError('graph_busy', 'retry', 'Graph asked for fewer requests; this one waits.', { retryAfterMs })
}
