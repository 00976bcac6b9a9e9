/** What goes wrong next, to order. */
export class Faults {
  /** Statuses with which Graph answers the link of a 410, a whole enumeration, and a cursor; undefined: as it should. */
  failLocation: 404 | 500 | undefined
  failEnumeration: 404 | 500 | undefined
  failCursor: 404 | 500 | undefined
  #drop = 0
  #double = 0
  #failures: Failure[] = []
  #stalls: { path: RegExp; ms: number }[] = []
  /** How many calls stand still at this moment. */
  stalled = 0
  /** Bytes after which the next transfer is cut; undefined: none is. */
  #cutAt: number | undefined
  #weather: Weather | undefined

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

  /** From now on, what is not ordered otherwise goes as the weather has it; undefined: all goes well. */
  setWeather(weather: Weather | undefined): void {
    this.#weather = weather
  }

  clear(): void {
    this.#weather = undefined
    this.failLocation = undefined
    this.failEnumeration = undefined
    this.failCursor = undefined
    this.#drop = 0
    this.#double = 0
    this.#failures = []
    this.#stalls = []
    this.#cutAt = undefined
  }

  /** Each copy of the next notification, as the delay in ms after which it is sent. */
  takeCopies(): number[] {
    if (this.#drop > 0) {
      this.#drop -= 1
      return []
    }
    if (this.#double > 0) {
      this.#double -= 1
      return [0, 0]
    }
    return this.#weather?.copies() ?? [0]
  }

  takeFailure(call: string): Disturbance | undefined {
    const failure = this.#failures.find(({ path, times = 1 }) => times > 0 && path.test(call))
    if (!failure) return this.#weather?.call(call)
    failure.times = (failure.times ?? 1) - 1
    return failure
  }

  /** Waits as long as was ordered for the call, and `moreMs` (real time). */
  async standStill(call: string, moreMs = 0): Promise<void> {
    const ms = (this.#stalls.find(({ path }) => path.test(call))?.ms ?? 0) + moreMs
    if (ms === 0) return
    this.stalled += 1
    await new Promise((resolve) => setTimeout(resolve, ms))
    this.stalled -= 1
  }

  takeCut(): number | undefined {
    const cut = this.#cutAt
    this.#cutAt = undefined
    return cut
  }
}

/** What may go wrong with a call of Graph. */
export interface Disturbance {
  /** Undefined: the call is answered as it should be. */
  status?: number
  /** Seconds, as the header has it. */
  retryAfter?: string
  /** Instead of Graph's error body. */
  body?: string
  /** Real ms before it is answered. */
  stallMs?: number
  /** The answer breaks off in its middle. */
  cut?: boolean
}

export interface Failure extends Disturbance {
  path: RegExp
  status: number
  times?: number
}

/** Decides for every notification and every call. */
export interface Weather {
  /** Each copy of the next notification, as the delay in ms after which it is sent; none: it is never sent. */
  copies(): number[]
  /** @param call `METHOD path` */
  call(call: string): Disturbance | undefined
}
