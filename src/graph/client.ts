// The one way to Microsoft Graph: bearer, deadline, retries, errors.

import {
  AuthenticationHandler,
  Client,
  type Context,
  type Middleware,
  ResponseType,
} from '@microsoft/microsoft-graph-client'
import pRetry from 'p-retry'
import type { z } from 'zod'
import { GRAPH_TIMEOUT_MS } from '../config.ts'
import { RelayError } from '../errors.ts'
import { isRefusal, refusalOf } from './refusal.ts'
import { Throttle, type Workload, workloadOf } from './throttle.ts'
import type { TokenSource } from './token.ts'

export interface GraphClient {
  get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>>
  /** A resource as text, in one of the formats that it has. */
  text(path: string, accept: string): Promise<string>
  /** @param units how many requests Graph counts it as */
  post<S extends z.ZodType>(path: string, body: unknown, schema: S, units?: number): Promise<z.output<S>>
  patch<S extends z.ZodType>(path: string, body: unknown, schema: S): Promise<z.output<S>>
  put(path: string, text: string): Promise<void>
  delete(path: string): Promise<void>
  /** The preauthenticated URL that a content path redirects to. It is short-lived and must not be kept. */
  locate(path: string): Promise<string>
  /** Whether Graph wants to be asked less for what nobody waits for. */
  isPressed(workload: Workload): boolean
}

export interface GraphClientOptions {
  graphUrl: string
  token: TokenSource
  clock: () => number
  fetch: typeof fetch
}

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete'

interface Request {
  method: Method
  /** Below `/v1.0`, or a link as Graph gave it. */
  path: string
  body?: unknown
  accept?: string
  /** How many requests Graph counts it as; default 1. */
  units?: number
}

/** https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online */
const USER_AGENT = 'NONISV|RecordingRelay|RecordingRelay/1.0'

// Longer waits belong to the queue, not to a request that holds a lease.
const LONGEST_WAIT_MS = 5_000
const RETRIES = 2

/** @throws GraphRefusal for an answer that is no success, RelayError `graph_unreachable` (retry) for none at all */
export function graphClient(options: GraphClientOptions): GraphClient {
  const client = Client.initWithMiddleware({
    middleware: chain(new AuthenticationHandler({ getAccessToken: () => options.token() }), new Transport(options)),
  })

  const throttle = new Throttle(options.clock)

  async function sendOnce({ method, path, body, accept, units = 1 }: Request): Promise<Response> {
    const relative = relativePath(path, options.graphUrl)
    const workload = workloadOf(relative)
    const request = client
      .api(relative)
      .responseType(ResponseType.RAW)
      .header('client-request-id', crypto.randomUUID())
      .header('user-agent', USER_AGENT)
      .option('signal', AbortSignal.timeout(GRAPH_TIMEOUT_MS))
      .option('redirect', 'manual')
    if (accept) request.header('accept', accept)
    if (method === 'put') request.header('content-type', 'text/plain')
    const response: Response = await throttle.run(workload, units, () =>
      request[method](body).catch((cause: unknown) => {
        throw new RelayError('graph_unreachable', 'retry', 'Microsoft Graph did not answer.', { cause })
      }),
    )
    heed(response, workload, throttle)
    return response
  }

  async function send(request: Request): Promise<Response> {
    // Asked here as well, for what it throws would come out of the client as something else.
    await options.token()
    let response = await sendOnce(request)
    if (response.status === 401) {
      await response.body?.cancel()
      await options.token(true)
      response = await sendOnce(request)
    }
    if (response.status < 400) return response
    const refusal = await refusalOf(response, options.clock())
    if (isRefusal(refusal, 429, 503) && refusal.retryAfterMs) {
      throttle.pause(workloadOf(relativePath(request.path, options.graphUrl)), refusal.retryAfterMs)
    }
    throw refusal
  }

  function call(request: Request): Promise<Response> {
    return pRetry(() => send(request), {
      retries: RETRIES,
      minTimeout: 200,
      randomize: true,
      shouldRetry: ({ error }) => isWorthRetrying(error, request.method),
      onFailedAttempt: ({ error, retriesLeft }) => (retriesLeft > 0 ? waitAsAsked(error) : undefined),
    })
  }

  async function read<S extends z.ZodType>(request: Request, schema: S): Promise<z.output<S>> {
    const response = await call(request)
    const parsed = schema.safeParse(await response.json().catch(() => null))
    if (parsed.success) return parsed.data
    throw new RelayError(
      'graph_nonsense',
      'retry',
      `Graph answered ${request.path} with something else: ${parsed.error.message}`,
    )
  }

  return {
    get: (path, schema) => read({ method: 'get', path }, schema),
    text: async (path, accept) => (await call({ method: 'get', path, accept })).text(),
    post: (path, body, schema, units) => read({ method: 'post', path, body, ...(units ? { units } : {}) }, schema),
    patch: (path, body, schema) => read({ method: 'patch', path, body }, schema),
    put: async (path, text) => {
      await call({ method: 'put', path, body: text })
    },
    delete: async (path) => {
      await call({ method: 'delete', path })
    },
    locate: async (path) => {
      const response = await call({ method: 'get', path })
      await response.body?.cancel()
      const location = response.headers.get('location')
      if (location) return location
      throw new RelayError('graph_nonsense', 'retry', 'Graph gave no download address for a file.')
    },
    isPressed: (workload) => throttle.isLow(workload),
  }
}

/** Graph's headers come from four fifths of a limit on, and say how much of it is left. */
function heed({ headers }: Response, workload: Workload, throttle: Throttle): void {
  const remaining = Number(headers.get('ratelimit-remaining') ?? Number.NaN)
  if (Number.isNaN(remaining)) return
  throttle.note(workload, remaining)
  const resetSeconds = Number(headers.get('ratelimit-reset') ?? 0)
  if (remaining === 0 && resetSeconds > 0) throttle.pause(workload, resetSeconds * 1000)
}

/** Links that Graph gives are absolute; a bearer must never follow one to a foreign host. */
function relativePath(path: string, graphUrl: string): string {
  if (!/^https?:/.test(path)) return path
  const base = `${graphUrl}/v1.0/`
  if (path.startsWith(base)) return `/${path.slice(base.length)}`
  throw new RelayError('graph_foreign_link', 'bury', `Graph gave a link that does not lead to ${graphUrl}.`)
}

/** A POST that may have been carried out is not sent again: only where Graph says that it was not. */
function isWorthRetrying(error: unknown, method: Method): boolean {
  if (isRefusal(error, 429, 503)) return (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS
  if (method === 'post') return false
  return isRefusal(error, 500, 502, 504) || (error instanceof RelayError && error.code === 'graph_unreachable')
}

async function waitAsAsked(error: unknown): Promise<void> {
  const ms = isRefusal(error) ? (error.retryAfterMs ?? 0) : 0
  if (ms > 0 && ms <= LONGEST_WAIT_MS) await new Promise((resolve) => setTimeout(resolve, ms))
}

function chain(first: AuthenticationHandler, last: Middleware): Middleware {
  first.setNext(last)
  return first
}

/** Sends what the client built to the configured host: the client itself adds bearers only for Microsoft's hosts. */
class Transport implements Middleware {
  readonly #options: GraphClientOptions

  constructor(options: GraphClientOptions) {
    this.#options = options
  }

  async execute(context: Context): Promise<void> {
    const { pathname, search } = new URL(typeof context.request === 'string' ? context.request : context.request.url)
    const { method, headers, body, signal, redirect } = context.options ?? {}
    context.response = await this.#options.fetch(`${this.#options.graphUrl}${pathname}${search}`, {
      ...(method ? { method } : {}),
      ...(headers ? { headers } : {}),
      ...(body ? { body } : {}),
      ...(signal ? { signal } : {}),
      ...(redirect ? { redirect } : {}),
    })
  }
}
