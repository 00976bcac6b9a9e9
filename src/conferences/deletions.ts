// What a person says about recordings whose files seem to be gone.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { RelayError } from '../errors.ts'
import { answer, createApi, problem } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import type { Store } from '../store/store.ts'
import type { Wake } from '../wake.ts'
import { presentRecording, RecordingBody } from './recordings.ts'

export interface DeletionOptions {
  store: Store
  wake: Wake
  lookAgain(recordingId: string): Promise<boolean>
  confirmDeletion(recordingId: string): Promise<void>
}

const Id = z.object({ id: z.string() })
const UNKNOWN = { 404: problem('No such recording') }

export function deletionRoutes({ store, wake, lookAgain, confirmDeletion }: DeletionOptions): OpenAPIHono {
  const api = createApi()

  const show = async (id: string) => {
    const stored = await store.recordings.get(id)
    if (!stored) throw notFound('recording', id)
    wake.ring()
    return presentRecording(stored.document)
  }

  api.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/restore',
      summary: 'Look for the file again, and take the recording back if it is there',
      request: { params: Id },
      responses: { 200: answer('The recording', RecordingBody), ...UNKNOWN, 409: problem('The file is gone') },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      if (!(await lookAgain(id))) {
        const sentence = "OneDrive does not have the file. Restore it from its owner's recycle bin, then try again."
        throw new RelayError('file_gone', 'reject', sentence, { status: 409 })
      }
      return c.json(await show(id), 200)
    },
  )

  api.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/confirm-deletion',
      summary: 'Say that the file is gone, where too many went at once to be believed',
      request: { params: Id },
      responses: { 200: answer('The recording', RecordingBody), ...UNKNOWN },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      await confirmDeletion(id)
      return c.json(await show(id), 200)
    },
  )

  return api
}
