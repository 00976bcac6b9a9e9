import { createHash } from 'node:crypto'

/**
 * Chance that a seed decides. What is thrown depends on what it is about and how often that was thrown before, not on
 * other throws: processes race each other, and the plan stays the same.
 */
export class Dice {
  readonly #seed: number
  #thrown = new Map<string, number>()

  constructor(seed: number) {
    this.#seed = seed
  }

  /** From 0 to below 1. */
  throw(about: string): number {
    const times = this.#thrown.get(about) ?? 0
    this.#thrown.set(about, times + 1)
    const hash = createHash('sha256').update(`${this.#seed} ${about} ${times}`).digest()
    return hash.readUIntBE(0, 6) / 2 ** 48
  }

  chance(about: string, share: number): boolean {
    return this.throw(about) < share
  }

  /** A whole number, both ends included. */
  between(about: string, least: number, most: number): number {
    return least + Math.floor(this.throw(about) * (most - least + 1))
  }

  pick<T>(about: string, first: T, ...others: T[]): T {
    return others[this.between(about, -1, others.length - 1)] ?? first
  }
}
