/** What goes wrong next, to order. */
export class Faults {
  #drop = 0
  #double = 0
  #failures: Failure[] = []
  #stalls: { path: RegExp; ms: number }[] = []
  /** Bytes after which the next transfer is cut; undefined: none is. */
  #cutAt: number | undefined

  /** The next `count` notifications are never sent. */
  dropNotifications(count: number): void {
    this.#drop += count
  }

  /** The next `count` notifications are sent twice. */
  doubleNotifications(count: number): void {
    this.#double += count
  }

  /** Graph fails the next calls whose `METHOD path` matches. */
  failNext(failure: Failure): void {
    this.#failures.push({ times: 1, ...failure })
  }

  /** Graph answers matching calls only after `ms` (real time). */
  stall(path: RegExp, ms: number): void {
    this.#stalls.push({ path, ms })
  }

  /** The next transfer of bytes breaks off after so many. */
  cutTransferAt(bytes: number): void {
    this.#cutAt = bytes
  }

  clear(): void {
    this.#drop = 0
    this.#double = 0
    this.#failures = []
    this.#stalls = []
    this.#cutAt = undefined
  }

  /** How often the next notification is sent. */
  takeCopies(): number {
    if (this.#drop > 0) {
      this.#drop -= 1
      return 0
    }
    if (this.#double === 0) return 1
    this.#double -= 1
    return 2
  }

  takeFailure(call: string): Failure | undefined {
    const failure = this.#failures.find(({ path, times = 1 }) => times > 0 && path.test(call))
    if (failure) failure.times = (failure.times ?? 1) - 1
    return failure
  }

  stallOf(call: string): number {
    return this.#stalls.find(({ path }) => path.test(call))?.ms ?? 0
  }

  takeCut(): number | undefined {
    const cut = this.#cutAt
    this.#cutAt = undefined
    return cut
  }
}

export interface Failure {
  path: RegExp
  status: number
  /** Seconds, as the header has it. */
  retryAfter?: string
  times?: number
  /** Instead of Graph's error body. */
  body?: string
}
