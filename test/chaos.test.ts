import { describe, expect, inject, it } from 'vitest'
import { runSeed } from '../scripts/chaos/run-seed.ts'

const mongoUrl = inject('mongoUrl')
const TIMEOUT_MS = 200_000

// The short form: `npm run chaos -- --seeds 100` is the long one, and says what a failing seed means.
describe.concurrent('through a storm of faults, deaths and lost notifications', () => {
  it.for([1, 2])(
    'one replica on SQLite loses nothing and tells nothing twice (seed %i)',
    { timeout: TIMEOUT_MS },
    async (seed) => {
      const { faults, ended } = await runSeed({ seed, replicas: 1 })
      expect(faults).toEqual([])
      expect(ended).toBeGreaterThan(0)
    },
  )

  it.skipIf(mongoUrl === null)(
    'three replicas on MongoDB lose nothing and tell nothing twice',
    { timeout: TIMEOUT_MS },
    async () => {
      const { faults, ended } = await runSeed({ seed: 3, replicas: 3, mongoUrl: mongoUrl ?? '' })
      expect(faults).toEqual([])
      expect(ended).toBeGreaterThan(0)
    },
  )
})
