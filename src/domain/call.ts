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
  updatedAt: string
}
