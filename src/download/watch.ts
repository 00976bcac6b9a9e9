import { Hono } from 'hono'
import { html } from 'hono/html'
import { RelayError } from '../errors.ts'
import { notFound } from '../http/problem.ts'
import type { Store } from '../store/store.ts'
import { openRecording } from './open-recording.ts'
import { verifyGrant } from './sign-grant.ts'

export interface WatchOptions {
  store: Store
  grantKeys: Buffer[]
  clock: () => number
}

/** `GET /watch/{id}?grant=`: a page that plays a recording. */
export function watchRoutes({ store, grantKeys, clock }: WatchOptions): Hono {
  const app = new Hono()
  app.get('/watch/:id', async (c) => {
    const id = c.req.param('id')
    const grant = c.req.query('grant')
    if (!grant) throw new RelayError('grant_missing', 'reject', 'Open the recording from the course.', { status: 403 })
    const { viewer } = await verifyGrant(grantKeys, grant, id, new Date(clock()))
    const stored = await store.recordings.get(id)
    if (!stored) throw notFound('recording', id)
    const { title, startedAt, part, parts } = stored.document
    openRecording(stored.document)
    c.header('cache-control', 'private, no-store')
    c.header('referrer-policy', 'no-referrer')
    return c.html(player({ id, grant, title, startedAt, part, parts, viewer: viewer.name }))
  })
  return app
}

interface Player {
  id: string
  grant: string
  title: string
  startedAt: string | null
  part: number
  parts: number
  viewer: string | null
}

function player({ id, grant, title, startedAt, part, parts, viewer }: Player) {
  const date = startedAt ? new Date(startedAt).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' }) : ''
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
  body { margin: 0; background: #14161a; color: #e8e8ea; font: 16px/1.5 system-ui, sans-serif; }
  main { max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
  video { width: 100%; max-height: 78vh; background: #000; border-radius: 6px; }
  h1 { font-size: 1.25rem; margin: 1rem 0 0; }
  p { margin: 0.25rem 0; color: #a9adb6; }
</style>
</head>
<body>
<main>
  <video controls playsinline preload="metadata" src="/v1/recordings/${encodeURIComponent(id)}/content?grant=${encodeURIComponent(grant)}"></video>
  <h1>${title}${parts > 1 ? html` <small>part ${part} of ${parts}</small>` : ''}</h1>
  <p>${date}${viewer ? html` · opened for ${viewer}` : ''}</p>
</main>
</body>
</html>`
}
