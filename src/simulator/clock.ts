/** Real time with an offset that can be moved. */
export class Clock {
  #offsetMs = 0

  /** Epoch ms. */
  now(): number {
    return Date.now() + this.#offsetMs
  }

  date(): Date {
    return new Date(this.now())
  }

  iso(): string {
    return this.date().toISOString()
  }

  advance(ms: number): void {
    this.#offsetMs += ms
  }

  set(date: Date): void {
    this.#offsetMs = date.getTime() - Date.now()
  }
}
