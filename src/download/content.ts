// Hands a recording's bytes to people who have no Microsoft account. The upstream URL is minted for each request, and
// neither it nor the bearer that fetched it ever leaves.

import { type Context, Hono } from 'hono'
import type { FileFacts, Recording } from '../domain/recording.ts'
import { RelayError } from '../errors.ts'
import type { GraphClient } from '../graph/client.ts'
import { locateContent } from '../graph/drives.ts'
import { notFound } from '../http/problem.ts'
import type { Metrics } from '../metrics.ts'
import { amend } from '../store/store.ts'
import { type AdmitOptions, admit } from './admit.ts'
import { openRecording } from './open-recording.ts'
import { type ByteRange, parseRange } from './range.ts'

export interface ContentOptions extends AdmitOptions {
  graph: GraphClient
  fetch: typeof fetch
  metrics: Metrics
}

interface Wanted {
  recording: Recording
  attachment: boolean
}

/** `GET|HEAD /v1/recordings/{id}/content` and the address of the service before this one. */
export function contentRoutes(options: ContentOptions): Hono {
  const app = new Hono()
  app.get('/v1/recordings/:id/content', async (c) => {
    const recording = await admit(c, c.req.param('id'), options)
    return serve(c, { recording, attachment: false }, options)
  })
  app.get('/conferences/:cid/recording/:id/download/', async (c) => {
    const recording = await admit(c, c.req.param('id'), options)
    if (recording.conferenceId !== c.req.param('cid')) throw notFound('recording', c.req.param('id'))
    return serve(c, { recording, attachment: true }, options)
  })
  return app
}

async function serve(c: Context, { recording, attachment }: Wanted, options: ContentOptions): Promise<Response> {
  const file = openRecording(recording)
  const headers = headersOf(recording, file, attachment)
  const etag = headers.get('etag')
  if (etag && c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers })
  const ifRange = c.req.header('if-range')
  const range = ifRange && ifRange !== etag ? undefined : parseRange(c.req.header('range'), file.size)
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${file.size}`)
    return new Response(null, { status: 416, headers })
  }
  setLength(headers, file, range)
  if (c.req.method === 'HEAD') return new Response(null, { status: range ? 206 : 200, headers })
  const upstream = await openUpstream(file, range, c.req.raw.signal, options)
  if (!range || range.first === 0) await countDownload(recording.id, options)
  return new Response(upstream.body?.pipeThrough(counted(options.metrics)) ?? null, {
    status: range ? 206 : 200,
    headers,
  })
}

function headersOf({ title, part, parts }: Recording, file: FileFacts, attachment: boolean): Headers {
  const headers = new Headers({
    'content-type': file.contentType,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
  })
  const tag = file.hash ?? file.eTag
  if (tag) headers.set('etag', `"${tag.replace(/[^\x21\x23-\x7e]/g, '')}"`)
  if (attachment)
    headers.set('content-disposition', disposition(parts > 1 ? `${title} (${part} of ${parts})` : title, file.name))
  return headers
}

function disposition(title: string, fileName: string): string {
  const extension = /\.[a-z0-9]{2,4}$/i.exec(fileName)?.[0] ?? '.mp4'
  const name = `${title || 'recording'}${extension}`
  const plain = name.replace(/[^\x20-\x7e]|["\\%/]/g, '_')
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}`
}

function setLength(headers: Headers, { size }: FileFacts, range: ByteRange | undefined): void {
  headers.set('content-length', String(range ? range.last - range.first + 1 : size))
  if (range) headers.set('content-range', `bytes ${range.first}-${range.last}/${size}`)
}

const MINT_TRIES = 2

/** Opens the upstream bytes; a URL that is refused is minted once more, for they live only for minutes. */
async function openUpstream(
  { driveId, itemId, size }: FileFacts,
  range: ByteRange | undefined,
  signal: AbortSignal,
  { graph, fetch }: ContentOptions,
): Promise<Response> {
  for (let tries = 0; tries < MINT_TRIES; tries++) {
    const url = await locateContent(graph, driveId, itemId)
    const headers = range ? { range: `bytes=${range.first}-${range.last}` } : undefined
    const response = await fetch(url, { signal, ...(headers ? { headers } : {}) }).catch((cause: unknown) => {
      throw new RelayError('upstream_unreachable', 'retry', 'The file cannot be read from OneDrive now.', {
        status: 502,
        cause,
      })
    })
    if (response.status === (range ? 206 : 200)) return response
    await response.body?.cancel()
    // A server may ignore Range; the whole file is then no answer to what was asked.
    const isAll = range && response.status === 200 && range.first === 0 && range.last === size - 1
    if (isAll) return fetch(url, { signal })
  }
  throw new RelayError('upstream_refused', 'retry', 'OneDrive did not hand out the file. Try again later.', {
    status: 502,
  })
}

async function countDownload(id: string, { store, clock }: ContentOptions): Promise<void> {
  const now = new Date(clock()).toISOString()
  await amend(
    store.recordings,
    id,
    (current) => current && { ...current, downloadCount: current.downloadCount + 1, lastDownloadedAt: now },
  )
}

function counted(metrics: Metrics): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      metrics.downloadedBytes.inc(chunk.byteLength)
      controller.enqueue(chunk)
    },
  })
}
