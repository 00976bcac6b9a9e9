// What befalls the service and the LMS during the storm, and when.

import type { Simulator } from '../../src/simulator/simulator.ts'
import type { Dice } from './dice.ts'
import { POINTS, type Replicas } from './replicas.ts'

export interface Mishap {
  name: string
  /** Real ms after the storm began. */
  atMs: number
  happen(): Promise<void> | void
}

const PAUSE_MS = 3_200
const LMS_DOWN_MS = 2_000
const FOR_EVER = 1_000_000

/** Each seed takes other points of the work in turn, so that a few seeds take them all. */
export function planMishaps(dice: Dice, seed: number, count: number, stormMs: number, stage: Stage): Mishap[] {
  const { replicas, simulator } = stage
  const when = () => dice.between('mishap', 0, stormMs)
  const which = () => dice.between('replica', 0, count - 1)
  const points = Array.from(
    { length: count > 1 ? 4 : 2 },
    (_, index) => POINTS[(seed * 2 + index) % POINTS.length] ?? '',
  )
  const signal = dice.pick('signal', 'SIGKILL' as const, 'SIGKILL' as const, 'SIGTERM' as const)
  const mishaps: Mishap[] = [
    ...points.map((point) => ({ name: `killed at "${point}"`, atMs: when(), happen: () => replicas.killAt(point) })),
    { name: `${signal} at any moment`, atMs: when(), happen: () => replicas.kill(which(), signal) },
    { name: 'stands still beyond its lease', atMs: when(), happen: () => replicas.pause(which(), PAUSE_MS) },
    { name: 'the LMS is down', atMs: when(), happen: () => takeDown(simulator) },
    { name: 'every delta token expires', atMs: when(), happen: () => simulator.expireDeltaTokens() },
  ]
  return mishaps.sort((a, b) => a.atMs - b.atMs)
}

export interface Stage {
  simulator: Simulator
  replicas: Replicas
}

async function takeDown({ lms }: Simulator): Promise<void> {
  lms.failNext(FOR_EVER, 503)
  await new Promise((resolve) => setTimeout(resolve, LMS_DOWN_MS))
  lms.failNext(0)
}
