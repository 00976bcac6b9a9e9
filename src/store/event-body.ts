import type { Event } from '../domain/event.ts'

/** The bytes that every attempt sends: the Standard Webhooks payload. */
export function eventBody({ type, timestamp, data }: Event): string {
  return JSON.stringify({ type, timestamp, data })
}
