// Tells a story step by step, with times, and shows that it is still waiting while it waits.

export interface Story {
  /** Carries a step out and tells it; `say` may add to the line what came of it. */
  step<T>(what: string, act: () => Promise<T>, say?: (result: T) => string): Promise<T>
}

const STILL_WAITING_MS = 2_000

export function tellStory(print: (line: string) => void = console.log): Story {
  const begun = performance.now()
  const at = () => `${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s`

  async function step<T>(what: string, act: () => Promise<T>, say?: (result: T) => string): Promise<T> {
    const waiting = setInterval(() => print(`${at()}  … ${what}`), STILL_WAITING_MS)
    try {
      const result = await act()
      print(`${at()}  ✓ ${what}${say ? `: ${say(result)}` : ''}`)
      return result
    } catch (error) {
      print(`${at()}  ✗ ${what}`)
      throw error
    } finally {
      clearInterval(waiting)
    }
  }

  return { step }
}

/** Resolves with the first thing that `look` finds; looks again every 50 ms. */
export async function waitFor<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + withinMs
  while (Date.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`waited ${withinMs / 1000} s in vain for ${what}`)
}
