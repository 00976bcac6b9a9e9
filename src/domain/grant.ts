/** The right of one viewer to one recording, until it expires. */
export interface Grant {
  recordingId: string
  viewer: { id: string; name: string | null }
  /** Whether it may be saved, not only played. */
  download: boolean
  expiresAt: string
}
