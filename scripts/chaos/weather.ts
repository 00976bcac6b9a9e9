// How Graph behaves during the storm: notifications that never come, come twice or late, and calls that fail in every
// way that Graph is known for.

import type { Disturbance, Weather } from '../../src/simulator/faults.ts'
import type { Dice } from './dice.ts'

const NEVER_SENT = 0.3
const SENT_TWICE = 0.2
const LATEST_MS = 15_000
const FAILING_CALLS = 0.05
const NONSENSE_DELTAS = 0.05
/** Longer, in real time, than a request of the service waits. */
const STALL_MS = 2_500

const FAILURES: [Disturbance, ...Disturbance[]] = [
  { status: 429, retryAfter: '2' },
  { status: 429 },
  { status: 500 },
  { status: 503, retryAfter: '1' },
  { status: 503 },
  { stallMs: STALL_MS },
]

const DELTA_NONSENSE: [Disturbance, ...Disturbance[]] = [
  { status: 410 },
  { status: 200, body: '' },
  { status: 200, body: '{}' },
  { status: 200, body: '{"value":[]}' },
  { status: 404 },
  { cut: true },
]

export function storm(dice: Dice): Weather {
  return {
    copies: () => {
      const lot = dice.throw('notification')
      const delay = () => dice.between('delay', 0, LATEST_MS)
      if (lot < NEVER_SENT) return []
      return lot < NEVER_SENT + SENT_TWICE ? [delay(), delay()] : [delay()]
    },
    call: (call) => {
      if (dice.chance(call, FAILING_CALLS)) return dice.pick(`failure of ${call}`, ...FAILURES)
      if (call.includes('/delta') && dice.chance(`nonsense ${call}`, NONSENSE_DELTAS)) {
        return dice.pick('nonsense', ...DELTA_NONSENSE)
      }
      return undefined
    },
  }
}
