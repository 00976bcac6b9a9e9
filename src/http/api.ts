// What the calls under /v1 have in common: their documentation, their errors, their key, their pages.

import { createHash, timingSafeEqual } from 'node:crypto'
import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { RelayError } from '../errors.ts'
import type { Position } from '../store/store.ts'
import { problemResponse } from './problem.ts'

/** A router whose calls check what comes in: 422, naming the fields, where it is not what they take. */
export function createApi(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return undefined
      const fields = result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
      const detail = fields.map(({ field, message }) => `${field || 'body'}: ${message}`).join('; ')
      return problemResponse({ status: 422, code: 'invalid', detail, details: { fields } })
    },
  })
}

/** Throws where a request carries no known key. */
export type CheckKey = (c: Context) => void

/**
 * Keys are compared as hashes in constant time, and every one of them each time.
 *
 * @throws RelayError `unauthorized` (reject, 401) from the check
 */
export function keyCheck(apiKeys: { name: string; key: string }[]): CheckKey {
  const known = apiKeys.map(({ key }) => digest(key))
  return (c) => {
    const [, bearer] = /^Bearer\s+(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    const given = digest(bearer ?? '')
    const matches = known.filter((key) => timingSafeEqual(key, given)).length
    if (bearer && matches > 0) return
    throw new RelayError('unauthorized', 'reject', 'Send a known API key as "Authorization: Bearer KEY".', {
      status: 401,
    })
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

export const Instant = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-11-24T09:00:00Z' })
  .transform((value) => new Date(value).toISOString())
  .openapi({ type: 'string', format: 'date-time' })

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().optional(),
})

export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

/** The answer to a list call; `found` has one more than `limit` where there is a next page. */
export function page<T>(
  found: T[],
  limit: number,
  positionOf: (item: T) => Position,
): { items: T[]; next: string | null } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const next = found.length > limit && last ? Buffer.from(JSON.stringify(positionOf(last))).toString('base64url') : null
  return { items, next }
}

const PositionText = z
  .string()
  .transform((text) => JSON.parse(Buffer.from(text, 'base64url').toString()))
  .pipe(z.tuple([z.string(), z.string()]))

/** @throws RelayError `invalid` (reject) where it is no cursor of ours */
export function readCursor(after: string | undefined): Position | undefined {
  if (after === undefined) return undefined
  try {
    return PositionText.parse(after)
  } catch {
    throw new RelayError('invalid', 'reject', 'after: must be the "next" of the page before.', { status: 422 })
  }
}

const Problem = z
  .object({ type: z.string(), title: z.string(), status: z.number(), code: z.string(), detail: z.string() })
  .openapi('Problem')

/** An answer for the documentation. */
export function answer<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'application/json': { schema } } }
}

export function problem(description: string) {
  return { description, content: { 'application/problem+json': { schema: Problem } } }
}

export function body<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}
