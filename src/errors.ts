/** What happens next: the work is tried again, goes to the dead letters, or the caller is told to mend its request. */
export type Next = 'retry' | 'bury' | 'reject'

export interface RelayErrorOptions {
  cause?: unknown
  /** HTTP status for the caller, where there is one. */
  status?: number
  /** Not before this many ms, as the other side asked. */
  retryAfterMs?: number
  /** Members that the problem document carries beside the standard ones. */
  details?: Record<string, unknown>
}

/** Every error that this service throws on purpose: a stable code, and what happens next. */
export class RelayError extends Error {
  override name = 'RelayError'
  readonly code: string
  readonly next: Next
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  readonly details: Record<string, unknown>

  constructor(code: string, next: Next, message: string, options: RelayErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.next = next
    this.status = options.status
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details ?? {}
  }
}

/** The sentence of an error of any shape. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
