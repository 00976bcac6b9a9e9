// Load on an address: as much as it takes, or at a fixed rate.

import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'

export interface Target {
  url: string
  /** The body of the n-th POST. */
  body(n: number): string
}

export interface Rate {
  /** Answers per second. */
  perSecond: number
  count: number
}

export interface Latency {
  /** ms */
  p50: number
  p99: number
}

const CONNECTIONS = 64

/** As many POSTs as get an answer, one after the other on each of 64 connections. */
export async function flood(target: Target, until: { ms?: number; count?: number }): Promise<Rate> {
  const { ms = Number.POSITIVE_INFINITY, count: most = Number.POSITIVE_INFINITY } = until
  const pool = new Pool(new URL(target.url).origin, { connections: CONNECTIONS })
  const begun = performance.now()
  let sent = 0
  let answered = 0
  const send = async () => {
    while (sent < most && performance.now() - begun < ms) {
      await post(pool, target, sent++)
      answered += 1
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, send))
  const seconds = (performance.now() - begun) / 1000
  await pool.close()
  return { perSecond: answered / seconds, count: answered }
}

/**
 * POSTs at a fixed rate, whether the ones before were answered or not. Time counts from the moment in which a POST was
 * due: a server that stalls makes all wait that were due meanwhile.
 */
export async function stream(target: Target, { perSecond, ms }: { perSecond: number; ms: number }): Promise<Latency> {
  const pool = new Pool(new URL(target.url).origin, { connections: CONNECTIONS })
  const times: number[] = []
  const sending: Promise<void>[] = []
  const begun = performance.now()
  const total = Math.floor((perSecond * ms) / 1000)
  while (sending.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * perSecond) / 1000) + 1)
    while (sending.length < due) {
      const dueAt = begun + (sending.length * 1000) / perSecond
      const sent = post(pool, target, sending.length)
      sending.push(sent.then(() => void times.push(performance.now() - dueAt)))
    }
    await delay(1)
  }
  await Promise.all(sending)
  await pool.close()
  return latencyOf(times)
}

export function latencyOf(times: number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

async function post(pool: Pool, { url, body }: Target, n: number): Promise<void> {
  const { pathname } = new URL(url)
  const headers = { 'content-type': 'application/json' }
  const { statusCode, body: answer } = await pool.request({ path: pathname, method: 'POST', headers, body: body(n) })
  await answer.dump()
  if (statusCode !== 202) throw new Error(`${url} answered ${statusCode}`)
}
