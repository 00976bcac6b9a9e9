// A bench in parts: what is measured runs in a process of its own, and does not share its time with who measures.

import { type ChildProcess, fork, type Serializable } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { endedBy } from '../child-process.ts'

export interface Part {
  /** Sends a message and resolves with the next answer. */
  ask(message: Serializable): Promise<unknown>
  stop(): Promise<void>
}

/** Starts a file of this folder. */
export function startPart(file: string, environment: Record<string, string> = {}): Part {
  const child: ChildProcess = fork(join(import.meta.dirname, file), {
    env: { ...process.env, ...environment },
    execArgv: ['--expose-gc'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with code ${code}`)
  })
  // It is ended by us in the end, when nobody asks any more.
  ended.catch(() => undefined)
  return {
    ask: async (message) => {
      const answered = new Promise((resolve) => child.once('message', resolve))
      child.send(message)
      return Promise.race([answered, ended])
    },
    stop: () => endedBy(child, 'SIGKILL'),
  }
}
