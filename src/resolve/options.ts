import type { GraphClient } from '../graph/client.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'

/** What every look at Graph needs. */
export interface ResolveOptions {
  store: Store
  graph: GraphClient
  clock: () => number
  log: Log
  /** How often what is watched is looked at, whatever is announced. */
  sweepIntervalMs: number
}
