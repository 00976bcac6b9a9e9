// The description of the API, for machines at /openapi.json and for people at /docs.

import type { OpenAPIHono } from '@hono/zod-openapi'
import { html } from 'hono/html'
import { EVENT_TYPES } from '../domain/event.ts'

const EVENT_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature']

/** A recording, by grant instead of key. */
const OF_A_VIEWER = [
  { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
  { name: 'grant', in: 'query', schema: { type: 'string' } },
] as const

export function describeApi(app: OpenAPIHono, publicUrl: string): void {
  const { openAPIRegistry: registry } = app
  registry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' })
  registry.registerPath({
    method: 'get',
    path: '/v1/recordings/{id}/content',
    summary: 'The bytes of a recording, by grant or key; HEAD, Range, If-Range and ETag work',
    parameters: [...OF_A_VIEWER],
    responses: {
      200: { description: 'All bytes' },
      206: { description: 'The bytes that Range asks for' },
      403: { description: 'The grant is expired or invalid, or the recording is hidden' },
      416: { description: 'The range lies behind the end' },
    },
  })
  registry.registerPath({
    method: 'get',
    path: '/v1/recordings/{id}/captions',
    summary: 'What is said in a recording, as WebVTT, by grant or key',
    parameters: [...OF_A_VIEWER],
    responses: {
      200: { description: 'Captions' },
      403: { description: 'The grant is expired or invalid, or the recording is hidden' },
      404: { description: 'The recording has no transcript' },
    },
  })
  for (const type of EVENT_TYPES) {
    registry.registerWebhook({
      method: 'post',
      path: type,
      summary: `Sent to every endpoint that wants ${type}`,
      parameters: EVENT_HEADERS.map((name) => ({ name, in: 'header', required: true, schema: { type: 'string' } })),
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Event' } } } },
      responses: {
        200: { description: 'Any 2xx: received. 410 disables the endpoint; anything else is tried again.' },
      },
    })
  }
  const document = () =>
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Recording Relay', version: '1', license: { name: 'MIT' } },
      servers: [{ url: publicUrl }],
      security: [{ key: [] }],
    })
  app.get('/openapi.json', (c) => c.json(document()))
  app.get('/docs', (c) => c.html(docsPage(document())))
}

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const

function docsPage({ paths = {}, webhooks = {} }: Document) {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item?.[method]
      return operation ? [{ method: method.toUpperCase(), path, operation }] : []
    }),
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Recording Relay API</title><link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; }
  body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; font: 15px/1.55 system-ui, sans-serif; }
  section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: 0.8rem 0; }
  code, pre { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
  h2 { font-size: 1rem; margin: 0; } dl { margin: 0.4rem 0 0 1rem; } dt { float: left; width: 3rem; } dd { margin: 0 0 0 3rem; }
</style>
</head>
<body>
<h1>Recording Relay API</h1>
<p>The whole description, with every field: <a href="/openapi.json">OpenAPI 3.1</a>. Calls under <code>/v1</code> carry
<code>Authorization: Bearer KEY</code>; errors are <code>application/problem+json</code> with a stable <code>code</code>.</p>
${operations.map(
  ({ method, path, operation }) => html`<section>
  <h2><code>${method} ${path}</code></h2>
  <div>${operation.summary ?? ''}${operation.description ? html`<br>${operation.description}` : ''}</div>
  <dl>${Object.entries(operation.responses ?? {}).map(([status, response]) => html`<dt>${status}</dt><dd>${describe(response)}</dd>`)}</dl>
</section>`,
)}
<h1>Events</h1>
<p>POSTed to endpoints as Standard Webhooks: verify <code>webhook-signature</code> over the raw body, and use
<code>webhook-id</code> to take each event once.</p>
<ul>${Object.keys(webhooks).map((type) => html`<li><code>${type}</code></li>`)}</ul>
</body>
</html>`
}

function describe(response: unknown): string {
  const described = response !== null && typeof response === 'object' && 'description' in response
  return described && typeof response.description === 'string' ? response.description : ''
}
