/** A recording joined to its conference, with the evidence. */
export interface Match {
  /** `assigned` is a person's decision and is never decided again. */
  state: 'undecided' | 'matched' | 'assigned' | 'review' | 'unrelated'
  /** From 0 to 1; null where nothing was matched. */
  confidence: number | null
  evidence: string[]
  candidates: Candidate[]
}

/** A conference that the recording could belong to. */
export interface Candidate {
  conferenceId: string
  confidence: number
  evidence: string[]
}

export const UNDECIDED: Match = { state: 'undecided', confidence: null, evidence: [], candidates: [] }
