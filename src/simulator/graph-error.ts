import { HTTPException } from 'hono/http-exception'

/** A refusal in Graph's words. */
export class GraphError extends HTTPException {
  readonly code: string
  readonly headers: Record<string, string>

  constructor(
    status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 416 | 429 | 500,
    code: string,
    message: string,
    headers = {},
  ) {
    super(status, { message })
    this.code = code
    this.headers = headers
  }
}

export function badRequest(message: string, code = 'InvalidRequest'): GraphError {
  return new GraphError(400, code, message)
}

export function missing(message = 'The resource could not be found.'): GraphError {
  return new GraphError(404, 'itemNotFound', message)
}
