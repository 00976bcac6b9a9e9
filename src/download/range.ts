// https://www.rfc-editor.org/rfc/rfc9110#name-range-requests

export interface ByteRange {
  /** First and last byte, both included. */
  first: number
  last: number
}

/**
 * The one range that a Range header asks for; undefined where the whole file is to be sent (no header, several ranges,
 * or one that cannot be read), `unsatisfiable` where it lies behind the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (!from && !to) return undefined
  if (!from) {
    const length = Number(to)
    return length === 0 || size === 0 ? 'unsatisfiable' : { first: Math.max(0, size - length), last: size - 1 }
  }
  const first = Number(from)
  const last = to ? Math.min(Number(to), size - 1) : size - 1
  if (to && Number(to) < first) return undefined
  return first >= size ? 'unsatisfiable' : { first, last }
}
