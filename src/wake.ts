/** Tells the loops that there may be work, so that nobody waits for the next poll. A hint: polls find what it missed. */
export class Wake {
  /** How often it has rung; a loop remembers it before it works, to see what came meanwhile. */
  rings = 0
  #waiting = new Set<() => void>()

  ring(): void {
    this.rings += 1
    for (const resolve of this.#waiting) resolve()
  }

  /** Resolves when it has rung since `seen`, after `ms`, or when aborted. */
  wait(seen: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.rings !== seen || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done, { once: true })
      this.#waiting.add(done)
    })
  }
}
