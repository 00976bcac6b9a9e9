import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Conference } from '../domain/conference.ts'
import { answer, createApi, problem } from '../http/api.ts'
import type { Store } from '../store/store.ts'
import { presentRecording, RecordingBody, recordingsOf } from './recordings.ts'
import { ConferenceId, loadConference } from './routes.ts'

/** Looks for a conference's recordings at once; resolves when everything that was found is matched. */
export type LookNow = (conference: Conference) => Promise<void>

export interface SyncOptions {
  store: Store
  lookNow: LookNow
}

const SyncBody = z
  .object({
    conferenceId: z.string(),
    found: z.number().openapi({ description: 'recordings that were not known before' }),
    recordings: z.array(RecordingBody),
  })
  .openapi('Sync')

export function syncRoutes({ store, lookNow }: SyncOptions): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/sync',
      summary: 'Look now, and answer what was found',
      request: { params: ConferenceId },
      responses: {
        200: answer('What is there now', SyncBody),
        404: problem('No such conference'),
        502: problem('Microsoft Graph cannot be asked now'),
      },
    }),
    async (c) => {
      const conference = await loadConference(c.req.valid('param').id, store)
      const before = new Set((await recordingsOf(conference.id, store)).map(({ id }) => id))
      await lookNow(conference)
      const recordings = await recordingsOf(conference.id, store)
      const found = recordings.filter(({ id }) => !before.has(id)).length
      return c.json({ conferenceId: conference.id, found, recordings: recordings.map(presentRecording) }, 200)
    },
  )
  return api
}
