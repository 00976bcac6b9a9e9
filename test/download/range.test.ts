import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRange } from '../../src/download/range.ts'

describe('Range', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-99', { first: 0, last: 99 }],
    ['bytes=900-', { first: 900, last: 999 }],
    ['bytes=-100', { first: 900, last: 999 }],
    ['bytes=-5000', { first: 0, last: 999 }],
    ['bytes=0-5000', { first: 0, last: 999 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', undefined],
    ['bytes=0-1,5-6', undefined],
    ['lines=0-1', undefined],
    ['bytes=-', undefined],
  ])('%s of 1000 bytes', (header, expected) => {
    expect(parseRange(header, 1_000)).toEqual(expected)
  })

  it('always stays inside the file', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 5_000 }), (from, to, size) => {
        for (const header of [`bytes=${from}-${to}`, `bytes=${from}-`, `bytes=-${to}`]) {
          const range = parseRange(header, size)
          if (range === undefined || range === 'unsatisfiable') continue
          expect(range.first).toBeGreaterThanOrEqual(0)
          expect(range.last).toBeLessThan(size)
          expect(range.first).toBeLessThanOrEqual(range.last)
        }
      }),
    )
  })
})
