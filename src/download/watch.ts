import { type Context, Hono } from 'hono'
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

// The page runs no script and loads nothing but the recording.
const POLICY = "default-src 'none'; media-src 'self'; img-src data:; style-src 'unsafe-inline'"

/** `GET /watch/{id}?grant=`: a page that plays a recording, or says in a sentence why it does not. */
export function watchRoutes(options: WatchOptions): Hono {
  const app = new Hono()
  app.get('/watch/:id', async (c) => {
    c.header('cache-control', 'private, no-store')
    c.header('referrer-policy', 'no-referrer')
    c.header('content-security-policy', POLICY)
    try {
      return await c.html(player(await admit(c, c.req.param('id'), options)))
    } catch (error) {
      if (!(error instanceof RelayError) || (error.status !== 403 && error.status !== 404)) throw error
      return c.html(refusal(error.message), error.status)
    }
  })
  return app
}

async function admit(c: Context, id: string, { store, grantKeys, clock }: WatchOptions): Promise<Player> {
  const grant = c.req.query('grant')
  if (!grant) throw new RelayError('grant_missing', 'reject', 'Open the recording from the course.', { status: 403 })
  const { viewer } = await verifyGrant(grantKeys, grant, id, new Date(clock()))
  const stored = await store.recordings.get(id)
  if (!stored) throw notFound('recording', id)
  openRecording(stored.document)
  const { title, startedAt, part, parts, transcript } = stored.document
  return { id, grant, title, startedAt, part, parts, hasCaptions: transcript !== null, viewer: viewer.name }
}

interface Player {
  id: string
  grant: string
  title: string
  startedAt: string | null
  part: number
  parts: number
  hasCaptions: boolean
  viewer: string | null
}

function player({ id, grant, title, startedAt, part, parts, hasCaptions, viewer }: Player) {
  const date = startedAt ? new Date(startedAt).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' }) : ''
  const address = (what: string) =>
    `/v1/recordings/${encodeURIComponent(id)}/${what}?grant=${encodeURIComponent(grant)}`
  const captions = hasCaptions
    ? html`<track kind="captions" label="Captions" src="${address('captions')}" default>`
    : ''
  return layout(
    title,
    html`<video controls playsinline preload="metadata" src="${address('content')}">${captions}</video>
  <h1>${title}${parts > 1 ? html` <small>part ${part} of ${parts}</small>` : ''}</h1>
  <p>${date}${viewer ? html` · opened for ${viewer}` : ''}</p>`,
  )
}

function refusal(sentence: string) {
  return layout('Not available', html`<h1>The recording cannot be played</h1><p>${sentence}</p>`)
}

function layout(title: string, content: ReturnType<typeof html>) {
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
<body><main>${content}</main></body>
</html>`
}
