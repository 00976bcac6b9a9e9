// Repeats the service's steps until told to stop. Every loop is safe to run on all replicas at once.

import type { Service, Step } from './service.ts'

interface Loop {
  name: string
  step: Step
  /** How long to wait, in ms, when there was nothing to do. */
  pollMs: number
  /** How many run beside each other, so that one that waits for somebody slow does not hold up the others. */
  workers: number
}

const AFTER_FAILURE_MS = 1_000

/** Resolves when every loop has ended its last step. */
export async function runLoops(service: Service, signal: AbortSignal): Promise<void> {
  const { drainInbox, fanOutDue, deliverDue, reconcileDue, renewDue, sweepDue } = service.steps
  const loops: Loop[] = [
    { name: 'inbox', step: drainInbox, pollMs: 1_000, workers: 4 },
    { name: 'fan-out', step: fanOutDue, pollMs: 1_000, workers: 1 },
    { name: 'deliver', step: deliverDue, pollMs: 1_000, workers: 4 },
    { name: 'reconcile', step: reconcileDue, pollMs: 30_000, workers: 1 },
    { name: 'renew', step: renewDue, pollMs: 5_000, workers: 1 },
    { name: 'sweep', step: sweepDue, pollMs: 5_000, workers: 1 },
  ]
  const workers = loops.flatMap((loop) => Array.from({ length: loop.workers }, () => repeat(loop, service, signal)))
  await Promise.all(workers)
}

async function repeat({ name, step, pollMs }: Loop, { wake, log }: Service, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const seen = wake.rings
    try {
      const done = await step()
      if (done > 0) wake.ring()
      else await wake.wait(seen, pollMs, signal)
    } catch (error) {
      log.error({ err: error, loop: name }, 'step failed')
      await wake.wait(wake.rings, AFTER_FAILURE_MS, signal)
    }
  }
}
