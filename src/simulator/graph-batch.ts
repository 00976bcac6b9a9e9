// Several requests in one: https://learn.microsoft.com/graph/json-batching

import { Hono } from 'hono'
import { z } from 'zod'
import { badRequest } from './graph-error.ts'
import type { GraphEnv } from './roles.ts'

const MOST = 20

const Batch = z.object({
  requests: z
    .array(
      z.object({
        id: z.string(),
        method: z.string(),
        url: z.string().startsWith('/'),
        headers: z.record(z.string(), z.string()).optional(),
        body: z.unknown(),
      }),
    )
    .max(MOST),
})

export function graphBatch(answer: (request: Request) => Response | Promise<Response>): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>()
  app.post('/$batch', async (c) => {
    const batch = Batch.safeParse(await c.req.json().catch(() => null))
    if (!batch.success) throw badRequest(`A batch has at most ${MOST} requests with relative addresses.`)
    const authorization = c.req.header('authorization') ?? ''
    const responses = batch.data.requests.map(async ({ id, method, url, headers = {}, body }) => {
      const init = { method, headers: { ...headers, authorization }, ...(body ? { body: JSON.stringify(body) } : {}) }
      const response = await answer(new Request(`${new URL(c.req.url).origin}/v1.0${url}`, init))
      const retryAfter = response.headers.get('retry-after')
      const json: unknown = await response.json().catch(() => null)
      return { id, status: response.status, headers: retryAfter ? { 'Retry-After': retryAfter } : {}, body: json }
    })
    return c.json({ responses: await Promise.all(responses) })
  })
  return app
}
