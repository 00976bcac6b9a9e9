// Microsoft Graph as a server: bearer, faults, and the resources behind them.

import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ByteServer } from './byte-server.ts'
import type { Clock } from './clock.ts'
import type { Disturbance, Faults } from './faults.ts'
import { graphBatch } from './graph-batch.ts'
import { graphDrives } from './graph-drives.ts'
import { GraphError } from './graph-error.ts'
import { graphMeetings } from './graph-meetings.ts'
import { graphSubscriptions } from './graph-subscriptions.ts'
import type { GraphEnv } from './roles.ts'
import type { SignIn } from './sign-in.ts'
import type { SubscriptionBook } from './subscription-book.ts'
import type { World } from './world.ts'

export interface GraphOptions {
  world: World
  clock: Clock
  book: SubscriptionBook
  bytes: ByteServer
  signIn: SignIn
  faults: Faults
  requests: Asked[]
  pageSize: number
  url: () => string
}

/** What Graph was asked. */
export interface Asked {
  method: string
  path: string
  status: number
  at: string
}

export function graphApp(options: GraphOptions): Hono<GraphEnv> {
  const { world, clock, book, signIn, faults, requests } = options
  const app = new Hono<GraphEnv>()

  app.use(async (c, next) => {
    const { pathname, search } = new URL(c.req.url)
    await next()
    requests.push({ method: c.req.method, path: pathname + search, status: c.res.status, at: clock.iso() })
    c.res.headers.set('request-id', randomUUID())
    c.res.headers.set('client-request-id', c.req.header('client-request-id') ?? '')
    c.res.headers.set('date', clock.date().toUTCString())
  })

  app.onError((error) => {
    if (error instanceof GraphError) return graphResponse(error.status, error.code, error.message, error.headers)
    if (error instanceof HTTPException) return graphResponse(error.status, 'generalException', error.message)
    return graphResponse(500, 'InternalServerError', error.message)
  })
  app.notFound((c) => graphResponse(400, 'BadRequest', `Resource not found for the segment '${c.req.path}'.`))

  app.use(async (c, next) => {
    const call = `${c.req.method} ${c.req.path}`
    const disturbance = faults.takeFailure(call)
    await faults.standStill(call, disturbance?.stallMs)
    if (disturbance?.status !== undefined) return failed(disturbance.status, disturbance)
    await next()
    if (disturbance?.cut) c.res = await cutShort(c.res)
  })

  app.use(async (c, next) => {
    const [, bearer] = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '') ?? []
    const roles = bearer ? await signIn.verifyBearer(bearer).catch(() => undefined) : undefined
    if (!roles) throw new GraphError(401, 'InvalidAuthenticationToken', 'Access token is empty, expired or invalid.')
    c.set('roles', roles)
    await next()
  })

  const v1 = new Hono<GraphEnv>()
  v1.route('/', graphSubscriptions(book, options.url))
  v1.route('/', graphDrives(options))
  v1.route('/', graphMeetings({ world, clock }))
  v1.route(
    '/',
    graphBatch((request) => app.fetch(request)),
  )
  app.route('/v1.0', v1)
  return app
}

function failed(status: number, { retryAfter, body }: Disturbance): Response {
  const headers: Record<string, string> = retryAfter ? { 'retry-after': retryAfter } : {}
  if (body !== undefined) return new Response(body, { status, headers })
  const code = status === 429 ? 'TooManyRequests' : 'generalException'
  return graphResponse(status, code, 'Ordered by the test.', headers)
}

async function cutShort(response: Response): Promise<Response> {
  const text = await response.text()
  return new Response(text.slice(0, text.length / 2), { status: response.status })
}

function graphResponse(status: number, code: string, message: string, headers: Record<string, string> = {}): Response {
  const innerError = { date: new Date().toISOString(), 'request-id': randomUUID(), 'client-request-id': randomUUID() }
  return Response.json({ error: { code, message, innerError } }, { status, headers })
}
