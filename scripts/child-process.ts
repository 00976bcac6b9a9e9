import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Throws when the process ends, for a race with the moment in which it is ready. */
export async function untilEnded(child: ChildProcess, name: string): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`${name} ended with code ${code} before it was ready`)
}

/** Ends the process and resolves when it is gone. */
export async function endedBy(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}
