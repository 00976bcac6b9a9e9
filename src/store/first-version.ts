const RANGE = 2 ** 40

/** Anywhere, so that a document put in anew after a removal never answers to a version of the one before it. */
export function firstVersion(): number {
  return Math.floor(Math.random() * RANGE)
}
