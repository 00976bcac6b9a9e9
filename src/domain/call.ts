/** One time that a meeting was held, as Graph's callRecord tells it. */
export interface Call {
  /** The callRecord's id. */
  id: string
  /** Rises with every update that Graph makes to the callRecord. */
  version: number
  organizerId: string | null
  joinUrl: string | null
  joinUrlKey: string | null
  startedAt: string
  endedAt: string
  /** The times at which somebody was in it: a call can stand open for hours between two lectures. */
  spans: Span[]
  participants: number
  updatedAt: string
}

export interface Span {
  startedAt: string
  endedAt: string
}

/** Sessions of single people joined into the times at which anybody was there, in order. */
export function joinSpans(sessions: Span[], gapMs: number): Span[] {
  const joined: Span[] = []
  for (const session of sessions.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))) {
    const last = joined.at(-1)
    if (!last || Date.parse(session.startedAt) - Date.parse(last.endedAt) > gapMs) joined.push({ ...session })
    else if (session.endedAt > last.endedAt) last.endedAt = session.endedAt
  }
  return joined
}
