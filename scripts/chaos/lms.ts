// The LMS during a run: it repeats its calls until they are taken, and reads the feed without end.

import { z } from 'zod'
import { API_KEY } from '../service-process.ts'

const FeedEvent = z.object({
  id: z.string(),
  sequence: z.number(),
  type: z.string(),
  data: z.looseObject({ recordingId: z.string().nullish(), conferenceId: z.string().nullish() }),
})

const Feed = z.object({ items: z.array(FeedEvent) })

export type FeedEvent = z.output<typeof FeedEvent>

const AGAIN_AFTER_MS = 100
const GIVE_UP_AFTER_MS = 60_000

/** @throws when nobody took the call for a minute, or it was refused */
export async function callUntilTaken(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS
  while (Date.now() < deadline) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.ok) return JSON.parse(text)
    if (response.status < 500) throw new Error(`${method} ${path} was refused: ${response.status} ${text}`)
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS))
  }
  throw new Error(`nobody took ${method} ${path} for a minute`)
}

/** A consumer that polls: it never asks again for what lies behind it. */
export class FeedReader {
  readonly events: FeedEvent[] = []
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async read(): Promise<void> {
    const after = this.events.at(-1)?.sequence ?? 0
    this.events.push(...(await readFeed(this.#url, after)))
  }
}

/** The feed behind a sequence number, to its end. */
export async function readFeed(url: string, after = 0): Promise<FeedEvent[]> {
  const events: FeedEvent[] = []
  for (;;) {
    const position = events.at(-1)?.sequence ?? after
    const { items } = Feed.parse(await callUntilTaken(url, 'GET', `/v1/events?limit=5&after=${position}`))
    if (items.length === 0) return events
    events.push(...items)
  }
}
