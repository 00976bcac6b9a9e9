import { z } from 'zod'
import { type Next, RelayError } from '../errors.ts'

/** What Graph answered instead of what was asked for. */
export class GraphRefusal extends RelayError {
  override name = 'GraphRefusal'
  /** HTTP status of Graph's answer. */
  readonly graphStatus: number
  readonly graphCode: string
  readonly requestId: string | null
  /** Where a 410 says that a fresh enumeration begins. */
  readonly location: string | null

  constructor(answer: Refused) {
    const { status, code, message, requestId } = answer
    super(`graph_${status}`, nextAfter(status), `Graph answered ${status} ${code}: ${message} (request ${requestId})`, {
      ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
    })
    this.graphStatus = status
    this.graphCode = code
    this.requestId = requestId
    this.location = answer.location
  }
}

interface Refused {
  status: number
  code: string
  message: string
  requestId: string | null
  location: string | null
  retryAfterMs: number | undefined
}

export function isRefusal(error: unknown, ...statuses: number[]): error is GraphRefusal {
  return error instanceof GraphRefusal && (statuses.length === 0 || statuses.includes(error.graphStatus))
}

/** Codes of Graph's errors are unstable: what happens next depends on the status alone. */
function nextAfter(status: number): Next {
  if (status === 400 || status === 405 || status === 415 || status === 422) return 'bury'
  return 'retry'
}

const ErrorBody = z.object({
  error: z.object({
    code: z.string().default(''),
    message: z.string().default(''),
    innerError: z.object({ code: z.string().optional(), 'request-id': z.string().optional() }).optional(),
  }),
})

export async function refusalOf(response: Response, now: number): Promise<GraphRefusal> {
  const body: unknown = await response.json().catch(() => null)
  return readRefusal({ status: response.status, headers: response.headers, body }, now)
}

/** A refusal from an answer of its own, or from one inside a batch. */
export function readRefusal(answer: { status: number; headers: Headers; body: unknown }, now: number): GraphRefusal {
  const { status, headers } = answer
  const body = ErrorBody.safeParse(answer.body)
  const error = body.success ? body.data.error : { code: '', message: 'without a reason', innerError: undefined }
  return new GraphRefusal({
    status,
    code: error.innerError?.code ?? error.code,
    message: error.message,
    requestId: headers.get('request-id') ?? error.innerError?.['request-id'] ?? null,
    location: headers.get('location'),
    retryAfterMs: parseRetryAfter(headers.get('retry-after'), now),
  })
}

/** Milliseconds of a Retry-After header, which may be seconds (Graph sends fractions) or a date. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (!header) return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
