// https://learn.microsoft.com/graph/json-batching

import { z } from 'zod'
import type { GraphClient } from './client.ts'
import { type GraphRefusal, readRefusal } from './refusal.ts'

/** The most requests that one batch takes. */
export const MOST_IN_BATCH = 20

const BatchBody = z.object({
  responses: z.array(
    z.object({
      id: z.string(),
      status: z.number(),
      headers: z.record(z.string(), z.string()).nullish(),
      body: z.unknown(),
    }),
  ),
})

/**
 * Changes up to twenty things in one request. Each succeeds or is refused by itself; undefined stands for one that
 * Graph did not answer.
 */
export async function patchMany<S extends z.ZodType>(
  graph: GraphClient,
  changes: { path: string; body: unknown }[],
  schema: S,
  now: number,
): Promise<(z.output<S> | GraphRefusal | undefined)[]> {
  const requests = changes.map(({ path, body }, index) => ({
    id: String(index),
    method: 'PATCH',
    url: path,
    headers: { 'content-type': 'application/json' },
    body,
  }))
  const { responses } = await graph.post('/$batch', { requests }, BatchBody, changes.length)
  return changes.map((_change, index) => {
    const answer = responses.find(({ id }) => id === String(index))
    if (!answer) return undefined
    const { status, headers, body } = answer
    if (status >= 400) return readRefusal({ status, headers: new Headers(headers ?? {}), body }, now)
    const parsed = schema.safeParse(body)
    return parsed.success ? parsed.data : undefined
  })
}
