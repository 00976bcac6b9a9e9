// Repeats the service's steps until told to stop. Every loop is safe to run on all replicas at once.

import type { Service, Step } from './service.ts'

interface Loop {
  name: string
  steps: Step[]
  /** How long to wait, in ms, when there was nothing to do. */
  pollMs: number
}

const AFTER_FAILURE_MS = 1_000

/** Resolves when every loop has ended its last step. */
export async function runLoops(service: Service, signal: AbortSignal): Promise<void> {
  const { drainInbox, fanOutDue, deliverDue, renewDue, sweepDue } = service.steps
  const loops: Loop[] = [
    { name: 'inbox', steps: [drainInbox], pollMs: 1_000 },
    { name: 'publish', steps: [fanOutDue, deliverDue], pollMs: 1_000 },
    { name: 'subscriptions', steps: [renewDue, sweepDue], pollMs: 5_000 },
  ]
  await Promise.all(loops.map((loop) => repeat(loop, service, signal)))
}

async function repeat({ name, steps, pollMs }: Loop, { wake, log }: Service, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const seen = wake.rings
    try {
      let done = 0
      for (const step of steps) done += await step()
      if (done > 0) wake.ring()
      else await wake.wait(seen, pollMs, signal)
    } catch (error) {
      log.error({ err: error, loop: name }, 'step failed')
      await wake.wait(wake.rings, AFTER_FAILURE_MS, signal)
    }
  }
}
