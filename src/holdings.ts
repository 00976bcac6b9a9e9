/** What this process has in its hands, so that it can be handed back when the process has to go. */
export class Holdings {
  #held = new Set<() => Promise<unknown>>()

  get size(): number {
    return this.#held.size
  }

  /** Holds something for as long as `work` lasts; `handBack` is what to do when the process cannot wait for its end. */
  async during<T>(handBack: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
    this.#held.add(handBack)
    try {
      return await work()
    } finally {
      this.#held.delete(handBack)
    }
  }

  async handBackAll(): Promise<void> {
    await Promise.allSettled([...this.#held].map((handBack) => handBack()))
  }
}
