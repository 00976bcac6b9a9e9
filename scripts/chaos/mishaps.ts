// What befalls the service and the LMS during the storm, and when.

import { setTimeout as delay } from 'node:timers/promises'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { Dice } from './dice.ts'
import { BETWEEN_TWO_WRITES, LOGGED_POINTS } from './order.ts'
import type { Replicas } from './replicas.ts'

export interface Mishap {
  name: string
  /** Real ms after the storm began. */
  atMs: number
  happen(): Promise<void> | void
}

export interface Stage {
  simulator: Simulator
  replicas: Replicas
  /** How many replicas there are. */
  count: number
  stormMs: number
}

/** Longer, in real time, than a lease lasts. */
const STANDS_STILL_MS = 3_200
const LMS_DOWN_MS = 2_000
const FOR_EVER = 1_000_000
const MOST_WRITES = 25
const DEATHS_BETWEEN_WRITES = 6

/** Each seed takes other points of the work in turn, so that a few seeds take them all. */
export function planMishaps(dice: Dice, seed: number, stage: Stage): Mishap[] {
  const when = () => dice.between('mishap', 0, stage.stormMs)
  const mishaps: Mishap[] = [
    ...atPoints(seed, stage).map((mishap) => ({ ...mishap, atMs: when() })),
    ...betweenWrites(dice, stage).map((mishap) => ({ ...mishap, atMs: 0 })),
    ...atAnyMoment(dice, stage).map((mishap) => ({ ...mishap, atMs: when() })),
  ]
  return mishaps.sort((a, b) => a.atMs - b.atMs)
}

type Unplanned = Omit<Mishap, 'atMs'>

function atPoints(seed: number, { replicas, count }: Stage): Unplanned[] {
  const deaths: Unplanned[] = [
    { name: 'killed after the 202', happen: () => replicas.killAfter202() },
    ...LOGGED_POINTS.map((point) => ({
      name: `killed at "${point}"`,
      happen: () => replicas.killAt(point, 0),
    })),
  ]
  const stops = LOGGED_POINTS.map((point) => ({
    name: `stands still at "${point}"`,
    happen: () => replicas.standStill(point, STANDS_STILL_MS),
  }))
  return [...inTurn(deaths, seed, count > 1 ? 3 : 2), ...inTurn(stops, seed, 1)]
}

/** One death after the other, each some writes after the one before. */
function betweenWrites(dice: Dice, { replicas, stormMs }: Stage): Unplanned[] {
  const passes = Array.from({ length: DEATHS_BETWEEN_WRITES }, () => dice.between('writes', 0, MOST_WRITES))
  const dieAgainAndAgain = async () => {
    const until = Date.now() + stormMs
    for (const count of passes) {
      if (Date.now() < until) await replicas.killAt(BETWEEN_TWO_WRITES, count)
    }
  }
  return [{ name: `killed after ${passes.join(', ')} writes`, happen: dieAgainAndAgain }]
}

function atAnyMoment(dice: Dice, { replicas, simulator, count }: Stage): Unplanned[] {
  const replica = dice.between('replica', 0, count - 1)
  const signal = dice.pick('signal', 'SIGKILL' as const, 'SIGTERM' as const)
  return [
    { name: `${signal} at any moment`, happen: () => replicas.kill(replica, signal) },
    { name: 'the LMS is down', happen: () => takeDown(simulator) },
    { name: 'every delta token expires', happen: () => simulator.expireDeltaTokens() },
  ]
}

function inTurn(mishaps: Unplanned[], seed: number, count: number): Unplanned[] {
  return Array.from({ length: count }, (_, index) => mishaps[(seed * count + index) % mishaps.length]).filter(
    (mishap) => mishap !== undefined,
  )
}

async function takeDown({ lms }: Simulator): Promise<void> {
  lms.failNext(FOR_EVER, 503)
  await delay(LMS_DOWN_MS)
  lms.failNext(0)
}
