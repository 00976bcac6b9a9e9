import type { Context } from 'hono'

/** A page of a list, with the link to the next one. */
export function pageOf(c: Context, all: object[], size: number): object {
  const url = new URL(c.req.url)
  const skip = Number(url.searchParams.get('$skiptoken') ?? 0)
  const value = all.slice(skip, skip + size)
  if (all.length <= skip + size) return { value }
  url.searchParams.set('$skiptoken', String(skip + size))
  return { value, '@odata.nextLink': url.href }
}
