import type { Config } from '../../src/config.ts'
import type { GraphClient } from '../../src/graph/client.ts'
import type { TokenSource } from '../../src/graph/token.ts'

export type FindingState = 'ok' | 'warn' | 'fail' | 'skipped'

/** What a check found, and what a person should do about it. */
export interface Finding {
  state: FindingState
  found: string
  /** Empty where there is nothing to do. */
  todo: string
}

export interface Patient {
  config: Config
  graph: GraphClient
  token: TokenSource
  fetch: typeof fetch
  /** Epoch ms. */
  clock: () => number
  /** Somebody whose meetings the app should reach. */
  organizer: string | null
}

export type Check = (patient: Patient) => Promise<Finding>

export function ok(found: string): Finding {
  return { state: 'ok', found, todo: '' }
}

export function warn(found: string, todo: string): Finding {
  return { state: 'warn', found, todo }
}

export function fail(found: string, todo: string): Finding {
  return { state: 'fail', found, todo }
}

export function skipped(why: string, todo = ''): Finding {
  return { state: 'skipped', found: why, todo }
}
