import { beforeEach, expect, it } from 'vitest'
import { SlowShare } from '../../src/receive/slow-share.ts'

const MINUTE_MS = 60_000

let now: number
let share: SlowShare

beforeEach(() => {
  now = 0
  share = new SlowShare(() => now)
})

function answer(count: number, ms: number): void {
  for (let n = 0; n < count; n++) share.note(ms)
}

it('is nothing where nobody asked', () => {
  expect(share.answers()).toEqual([
    { over: '3s', share: 0, tolerated: 0.1 },
    { over: '10s', share: 0, tolerated: 0.15 },
  ])
})

it('counts an answer as slow above the limit, not at it', () => {
  answer(6, 3_000)
  answer(2, 3_001)
  answer(2, 10_001)
  expect(share.answers()).toMatchObject([{ share: 0.4 }, { share: 0.2 }])
})

it('forgets an answer after ten minutes', () => {
  answer(1, 5_000)
  now += 5 * MINUTE_MS
  answer(3, 10)
  expect(share.answers()[0]).toMatchObject({ share: 0.25 })
  now += 5 * MINUTE_MS
  expect(share.answers()[0]).toMatchObject({ share: 0 })
})
