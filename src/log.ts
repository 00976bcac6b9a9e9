import { type DestinationStream, type Logger, pino } from 'pino'
import { RelayError } from './errors.ts'

export type Log = Logger

/** A logger that writes errors by an allow list: never their properties, and never a secret inside their text. */
export function createLog(level: string, destination?: DestinationStream): Log {
  return pino({ level, base: undefined, serializers: { err: describeError } }, destination ?? pino.destination(1))
}

/** The same text without what a log must not hold: bearers, signed query strings, secrets, keys. */
export function scrub(text: string): string {
  return text
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [hidden]')
    .replace(/\b(whsec_|whsk_)[\w+/=]+/g, '$1[hidden]')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[hidden]')
    .replace(/([?&][\w.$-]+=)[^&\s"']+/g, '$1[hidden]')
    .replace(/(\/\/)[^/\s:@]+:[^/\s@]+@/g, '$1[hidden]@')
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: scrub(String(error)) }
  const known = error instanceof RelayError ? { code: error.code, next: error.next } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { name: error.name, message: scrub(error.message), ...known, ...cause, stack: scrub(error.stack ?? '') }
}
