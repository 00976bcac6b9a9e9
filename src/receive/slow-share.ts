// How Graph sees us: over ten minutes, more than 10 % of answers later than 3 s make an endpoint slow, and more than
// 15 % later than 10 s make Graph drop notifications for good.
// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks

const MINUTE_MS = 60_000
const WINDOW_MINUTES = 10
/** Limits of Graph, in ms, and the share of answers above them that it tolerates. */
const GRAPH_LIMITS = [
  { over: '3s', ms: 3_000, tolerated: 0.1 },
  { over: '10s', ms: 10_000, tolerated: 0.15 },
] as const

interface Minute {
  minute: number
  answers: number
  slow: number[]
}

export class SlowShare {
  readonly #clock: () => number
  #minutes: Minute[] = []

  /** @param clock epoch ms */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Notes an answer that took `ms`. */
  note(ms: number): void {
    const current = this.#current()
    current.answers += 1
    for (const [index, limit] of GRAPH_LIMITS.entries()) {
      if (ms > limit.ms) current.slow[index] = (current.slow[index] ?? 0) + 1
    }
  }

  /** The share of answers of the last ten minutes that were later than each limit, from 0 to 1. */
  answers(): { over: string; share: number; tolerated: number }[] {
    this.#forget()
    const answers = sum(this.#minutes.map((minute) => minute.answers))
    return GRAPH_LIMITS.map(({ over, tolerated }, index) => {
      const slow = sum(this.#minutes.map((minute) => minute.slow[index] ?? 0))
      return { over, share: answers === 0 ? 0 : slow / answers, tolerated }
    })
  }

  #current(): Minute {
    this.#forget()
    const minute = Math.floor(this.#clock() / MINUTE_MS)
    const last = this.#minutes.at(-1)
    if (last?.minute === minute) return last
    const fresh = { minute, answers: 0, slow: [] }
    this.#minutes.push(fresh)
    return fresh
  }

  #forget(): void {
    const oldest = Math.floor(this.#clock() / MINUTE_MS) - WINDOW_MINUTES
    this.#minutes = this.#minutes.filter(({ minute }) => minute > oldest)
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
