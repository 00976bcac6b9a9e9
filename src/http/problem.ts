// Errors of the API as RFC 9457 problem documents.

import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { RelayError } from '../errors.ts'
import type { Log } from '../log.ts'

const TYPE_PREFIX = 'urn:recording-relay:problem:'

export interface Problem {
  status: number
  code: string
  detail: string
  details?: Record<string, unknown>
}

export function problemResponse({ status, code, detail, details }: Problem): Response {
  const body = { ...details, type: TYPE_PREFIX + code.replaceAll('_', '-'), title: titleOf(code), status, code, detail }
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify(body), { status, headers })
}

/** The one place where errors become answers. */
export function onError(log: Log) {
  return (error: Error, c: Context): Response => {
    if (error instanceof HTTPException) {
      return problemResponse({ status: error.status, code: codeOf(error.status), detail: error.message })
    }
    if (error instanceof RelayError && error.status !== undefined) {
      const { status, code, message, details } = error
      if (status >= 500) log.error({ err: error, path: c.req.path }, 'request failed')
      return problemResponse({ status, code, detail: message, details })
    }
    log.error({ err: error, path: c.req.path }, 'request failed')
    if (error instanceof RelayError && error.next === 'retry') {
      return problemResponse({
        status: 502,
        code: error.code,
        detail: 'A system behind this service failed. Try again later.',
      })
    }
    return problemResponse({ status: 500, code: 'internal', detail: 'The service failed. The log says why.' })
  }
}

export function notFound(what: string, id: string): RelayError {
  return new RelayError('not_found', 'reject', `There is no ${what} "${id}".`, { status: 404 })
}

function codeOf(status: number): string {
  const codes: Record<number, string> = {
    400: 'malformed',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'not_found',
    413: 'too_large',
    415: 'unsupported_media_type',
  }
  return codes[status] ?? 'request_failed'
}

function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
