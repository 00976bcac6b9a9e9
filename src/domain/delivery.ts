import type { Event, EventType } from './event.ts'

/** An LMS address that receives events. */
export interface Endpoint {
  id: string
  url: string
  description: string | null
  /** Null means every type. */
  types: EventType[] | null
  state: 'active' | 'disabled'
  disabledReason: string | null
  /** Standard Webhooks secret, encrypted at rest. */
  sealedSecret: string
  failingSince: string | null
  createdAt: string
  updatedAt: string
  outbox: Event[]
  outboxAt: string | null
}

/** One event on its way to one endpoint. */
export interface Delivery {
  eventId: string
  eventType: EventType
  endpointId: string
  log: Attempt[]
}

/** One POST of a delivery. */
export interface Attempt {
  at: string
  outcome: AttemptOutcome
  /** HTTP status of the answer, where there was one. */
  status: number | null
  durationMs: number
  error: string | null
}

export type AttemptOutcome = 'success' | 'http_3xx' | 'http_4xx' | 'http_5xx' | 'timeout' | 'connection' | 'blocked'
