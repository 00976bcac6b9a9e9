import { messageOf, RelayError } from '../errors.ts'
import { within } from '../within.ts'

// A driver may wait for ever on a connection that ended in the wrong moment; a worker must not wait with it. Shorter than
// the shortest lease, whose holder would else be robbed while it waits.
const LONGEST_CALL_MS = 15_000

/**
 * The same object, whose failing and hanging methods throw RelayError `store_unavailable`. A RelayError goes through as
 * it is, and so do TypeError and RangeError: those are mistakes in the call, which no retry mends.
 */
export function guarded<T extends object>(target: T, databaseName: string): T {
  return new Proxy(target, {
    get(object, key) {
      const member: unknown = Reflect.get(object, key)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        try {
          return await within(LONGEST_CALL_MS, member.apply(object, args), tooLate)
        } catch (error) {
          throw asUnavailable(error, databaseName)
        }
      }
    },
  })
}

function tooLate(): Error {
  return new Error(`no answer within ${LONGEST_CALL_MS / 1_000} s`)
}

function asUnavailable(error: unknown, databaseName: string): unknown {
  if (error instanceof RelayError || error instanceof TypeError || error instanceof RangeError) return error
  const sentence = `${databaseName} cannot serve now: ${withoutCredentials(messageOf(error))}`
  return new RelayError('store_unavailable', 'retry', sentence, { cause: error, status: 503 })
}

export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^@/\s]*@/g, '//')
}
