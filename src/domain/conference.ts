/** The LMS's scheduled session. Times are ISO 8601 UTC with milliseconds, so that they sort as text. */
export interface Conference {
  id: string
  title: string
  startsAt: string
  endsAt: string
  organizerId: string | null
  /** Lower case. */
  organizerEmail: string | null
  joinUrl: string | null
  /** `joinUrlKey(joinUrl)`: what two spellings of one join URL have in common. */
  joinUrlKey: string | null
  onlineMeetingId: string | null
  courseId: string | null
  metadata: Record<string, unknown>
  meeting: Meeting | null
  createdAt: string
  updatedAt: string
}

/** The Teams meeting that was made for a conference. */
export interface Meeting {
  joinUrl: string
  onlineMeetingId: string
  recordAutomatically: boolean
  advice: string | null
}

/**
 * What two spellings of one join URL have in common: Graph writes the same URL with `%3a`, `%3A` or `:` depending on
 * the resource it comes from. The parts of the URL are opaque and are not looked into.
 */
export function joinUrlKey(joinUrl: string): string {
  try {
    return decodeURIComponent(joinUrl.trim()).toLowerCase()
  } catch {
    return joinUrl.trim().toLowerCase()
  }
}
