import { Hono } from 'hono'
import { RelayError } from '../errors.ts'
import { type AdmitOptions, admit } from './admit.ts'
import { openRecording } from './open-recording.ts'

/** `GET /v1/recordings/{id}/captions`: what is said in a recording, as WebVTT, to whoever may see it. */
export function captionRoutes(options: AdmitOptions): Hono {
  const app = new Hono()
  app.get('/v1/recordings/:id/captions', async (c) => {
    const recording = await admit(c, c.req.param('id'), options)
    openRecording(recording)
    const stored = recording.transcript ? await options.store.transcripts.get(recording.transcript.id) : undefined
    if (!stored) {
      throw new RelayError('transcript_missing', 'reject', 'The recording has no transcript.', { status: 404 })
    }
    c.header('cache-control', 'private, no-store')
    c.header('x-content-type-options', 'nosniff')
    return c.body(stored.document.captions, 200, { 'content-type': 'text/vtt; charset=utf-8' })
  })
  return app
}
