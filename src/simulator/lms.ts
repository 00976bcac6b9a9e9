// A small LMS: it takes events, verifies them, and keeps each once.

import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import type { Clock } from './clock.ts'
import { type Listening, listen } from './listen.ts'

const Payload = z.object({ type: z.string(), timestamp: z.string(), data: z.record(z.string(), z.unknown()) })

const TOLERANCE_MS = 5 * 60_000

export interface Received {
  id: string
  type: string
  timestamp: string
  data: Record<string, unknown>
  body: string
  headers: Record<string, string>
  /** Epoch ms, real time. */
  at: number
}

export class Lms {
  readonly secret: string
  /** Every accepted POST, doubles and all. */
  readonly received: Received[] = []
  /** Each event once, by its `webhook-id`. */
  readonly library = new Map<string, Received>()
  /** POSTs whose signature was wrong. */
  refused = 0
  readonly #clock: Clock
  #listening: Listening | undefined
  #failures: { left: number; status: number; headers: Record<string, string> } = { left: 0, status: 500, headers: {} }

  constructor(clock: Clock, secret = `whsec_${randomBytes(32).toString('base64')}`) {
    this.#clock = clock
    this.secret = secret
  }

  get url(): string {
    return `${this.#listening?.url ?? ''}/hook`
  }

  /** The next `count` POSTs are answered with `status`. */
  failNext(count: number, status = 500, headers: Record<string, string> = {}): void {
    this.#failures = { left: count, status, headers }
  }

  async start(): Promise<void> {
    const app = new Hono()
    app.post('/hook', async (c) => this.#receive(await c.req.text(), c.req.header()))
    this.#listening = await listen(app.fetch)
  }

  async stop(): Promise<void> {
    await this.#listening?.close()
  }

  /** Resolves with the first event that fits, received before or within `withinMs`. */
  async waitFor(fits: (received: Received) => boolean, withinMs: number): Promise<Received> {
    const deadline = Date.now() + withinMs
    for (;;) {
      const found = this.received.find(fits)
      if (found) return found
      if (Date.now() > deadline) throw new Error(`the LMS waited ${withinMs / 1000} s in vain for an event`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  #receive(body: string, headers: Record<string, string>): Response {
    if (this.#failures.left > 0) {
      this.#failures.left -= 1
      return new Response(null, this.#failures)
    }
    try {
      const payload = Payload.parse(this.#verify(body, headers))
      const received = { ...payload, id: headers['webhook-id'] ?? '', body, headers, at: Date.now() }
      this.received.push(received)
      if (!this.library.has(received.id)) this.library.set(received.id, received)
      return new Response(null, { status: 204 })
    } catch {
      this.refused += 1
      return new Response(null, { status: 401 })
    }
  }

  /** The library checks the age of a message by this machine's clock; while ours is moved, only its signature. */
  #verify(body: string, headers: Record<string, string>): unknown {
    const webhook = new Webhook(this.secret)
    if (Math.abs(this.#clock.now() - Date.now()) < TOLERANCE_MS) return webhook.verify(body, headers)
    const timestamp = new Date(Number(headers['webhook-timestamp']) * 1000)
    const expected = webhook.sign(headers['webhook-id'] ?? '', timestamp, body)
    const isRight = headers['webhook-signature']?.split(' ').includes(expected)
    if (!isRight || Math.abs(this.#clock.now() - timestamp.getTime()) > TOLERANCE_MS)
      throw new Error('No matching signature found')
    return JSON.parse(body)
  }
}
