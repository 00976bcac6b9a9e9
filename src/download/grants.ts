import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { answer, body, createApi, problem } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import type { Store } from '../store/store.ts'
import { openRecording } from './open-recording.ts'
import { signGrant } from './sign-grant.ts'

export interface GrantOptions {
  store: Store
  grantKeys: Buffer[]
  clock: () => number
  publicUrl: string
  /** Default life of a grant in ms. */
  ttlMs: number
}

const LONGEST_SECONDS = 30 * 24 * 60 * 60

const NewGrant = z.object({
  viewer: z.object({ id: z.string().min(1).max(200), name: z.string().max(200).optional() }),
  expiresIn: z.number().int().min(1).max(LONGEST_SECONDS).optional().openapi({ description: 'seconds' }),
  download: z.boolean().default(false).openapi({ description: 'whether it may be saved' }),
})

const GrantBody = z.object({ contentUrl: z.string(), watchUrl: z.string(), expiresAt: z.string() }).openapi('Grant')

export function grantRoutes({ store, grantKeys, clock, publicUrl, ttlMs }: GrantOptions): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/grants',
      summary: 'Give one viewer the right to one recording, for a while',
      request: { params: z.object({ id: z.string() }), body: body(NewGrant) },
      responses: {
        201: answer('Links that need no account', GrantBody),
        403: problem('The recording is hidden, or not published'),
        404: problem('No such recording'),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { viewer, expiresIn, download } = c.req.valid('json')
      const stored = await store.recordings.get(id)
      if (!stored) throw notFound('recording', id)
      openRecording(stored.document)
      const expiresAt = new Date(clock() + (expiresIn === undefined ? ttlMs : expiresIn * 1000)).toISOString()
      const grant = { recordingId: id, viewer: { id: viewer.id, name: viewer.name ?? null }, download, expiresAt }
      const signed = await signGrant(grantKeys, grant)
      return c.json(
        {
          contentUrl: `${publicUrl}/v1/recordings/${id}/content?grant=${signed}`,
          watchUrl: `${publicUrl}/watch/${id}?grant=${signed}`,
          expiresAt,
        },
        201,
      )
    },
  )
  return api
}
