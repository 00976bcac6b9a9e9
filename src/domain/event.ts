export const EVENT_TYPES = [
  'recording.available',
  'recording.updated',
  'recording.withdrawn',
  'recording.deleted',
  'recording.review_needed',
  'transcript.available',
  'subscription.unhealthy',
  'subscription.recovered',
  'endpoint.failing',
  'endpoint.disabled',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** A fact that we publish to LMS systems. It rides in the document that caused it until it is fanned out. */
export interface Event {
  /** Deterministic; the `webhook-id` of every delivery. */
  id: string
  type: EventType
  timestamp: string
  data: Record<string, unknown>
}

/** An event with its place in the feed, and the bytes that every attempt sends. */
export interface PublishedEvent {
  /** Place in the feed, from 1 on, without gaps. */
  sequence: number
  id: string
  type: EventType
  timestamp: string
  body: string
}

/** The bytes that every attempt sends: the Standard Webhooks payload. */
export function eventBody({ type, timestamp, data }: Event): string {
  return JSON.stringify({ type, timestamp, data })
}
