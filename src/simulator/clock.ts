/** Real time, or a faster one, with an offset that can be moved. */
export class Clock {
  readonly #speed: number
  readonly #epoch: number
  #offsetMs = 0

  /**
   * @param speed how many ms pass in one of real time
   * @param epoch real epoch ms at which both were the same
   */
  constructor(speed = 1, epoch = Date.now()) {
    this.#speed = speed
    this.#epoch = epoch
  }

  /** Epoch ms. */
  now(): number {
    return Math.floor(this.#epoch + (Date.now() - this.#epoch) * this.#speed + this.#offsetMs)
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
    this.#offsetMs += date.getTime() - this.now()
  }
}
