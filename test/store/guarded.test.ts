import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { RelayError } from '../../src/errors.ts'
import { guarded } from '../../src/store/guarded.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('gives up a call that nobody answers, to be tried again', async () => {
  const silent = guarded({ ping: () => new Promise<void>(() => undefined) }, 'MongoDB')
  const failure = silent.ping().catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(15_000)
  expect(await failure).toBeInstanceOf(RelayError)
  expect(await failure).toMatchObject({
    code: 'store_unavailable',
    next: 'retry',
    message: 'MongoDB cannot serve now: no answer within 15 s',
  })
  expect(vi.getTimerCount()).toBe(0)
})

it('leaves a mistake in the call as it is, and no password in the text of a failure', async () => {
  const wrong = new TypeError('a limit is a number')
  const fails = (error: Error) => guarded({ ping: () => Promise.reject(error) }, 'MongoDB').ping()
  await expect(fails(wrong)).rejects.toBe(wrong)
  await expect(fails(new Error('no way to mongodb://lms:s3cret@db'))).rejects.toThrow(/mongodb:\/\/db$/)
})
