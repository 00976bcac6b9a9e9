// Takes a `Where` apart, so that each store only has to say how it writes one comparison.

export type Scalar = string | number | boolean | null

export type Comparison =
  | { field: string; is: 'equal'; value: Scalar }
  | { field: string; is: 'in'; value: Scalar[] }
  | { field: string; is: Bound; value: Scalar }

const BOUNDS = ['gt', 'gte', 'lt', 'lte'] as const

export type Bound = (typeof BOUNDS)[number]

/** The comparisons that must all hold. A condition that is `undefined` is none. */
export function comparisonsOf(where: object): Comparison[] {
  return Object.entries(where).flatMap(([field, condition]) => comparisons(field, condition))
}

function comparisons(field: string, condition: unknown): Comparison[] {
  if (condition === undefined) return []
  if (isScalar(condition)) return [{ field, is: 'equal', value: condition }]
  if (typeof condition === 'object' && condition !== null) {
    const { in: values, ...range }: { in?: unknown } = condition
    if (Array.isArray(values) && values.every(isScalar)) return [{ field, is: 'in', value: values }]
    if (values === undefined) return bounds(field, range)
  }
  throw new TypeError(`No store can look for this in ${field}: ${JSON.stringify(condition)}`)
}

function bounds(field: string, range: Partial<Record<Bound, unknown>>): Comparison[] {
  const unknown = Object.keys(range).filter((name) => !BOUNDS.some((bound) => bound === name))
  const given = BOUNDS.flatMap((bound): Comparison[] => {
    const value = range[bound]
    return isScalar(value) ? [{ field, is: bound, value }] : []
  })
  if (unknown.length > 0 || given.length === 0) throw new TypeError(`A range of ${field} needs gt, gte, lt or lte`)
  return given
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
