export interface Person {
  id: string
  displayName: string
  email: string
  driveId: string
  /** False: the OneDrive was never provisioned. */
  hasDrive: boolean
  /** Whether the meeting policy lets this person record. */
  recordingPolicy: 'allowed' | 'forbidden'
  /** Whether an application access policy covers this person. */
  accessPolicy: boolean
  /** In the language of the person. */
  recordingsFolderName: string
}

export type NewPerson = Pick<Person, 'displayName' | 'email'> &
  Partial<Pick<Person, 'hasDrive' | 'recordingPolicy' | 'accessPolicy' | 'recordingsFolderName'>>

export interface Meeting {
  id: string
  eventId: string | null
  joinUrl: string
  organizer: Person
  subject: string
  startsAt: Date
  endsAt: Date
  recordAutomatically: boolean
  allowTranscription: boolean
  allowRecording: boolean
  callRecordings: CallRecording[]
  transcripts: Transcript[]
}

export interface NewMeeting {
  organizer: Person
  subject: string
  startsAt: Date
  endsAt: Date
}

/** One time that a meeting was held. */
export interface CallRecord {
  id: string
  version: number
  meeting: Meeting
  startedAt: Date
  endedAt: Date
  participants: Pick<Person, 'id' | 'displayName'>[]
  sessions: Session[]
  modifiedAt: Date
  /** A young callRecord is announced before it can be read. */
  availableAt: Date
}

export interface Session extends Times {
  id: string
}

export interface CallRecording {
  id: string
  meeting: Meeting
  callId: string
  contentCorrelationId: string
  startedAt: Date
  endedAt: Date
  bytes: Uint8Array
}

export interface Transcript extends Times {
  id: string
  meeting: Meeting
  callId: string
  /** That of its recording. */
  contentCorrelationId: string
  vtt: string
}

export interface Times {
  startedAt: Date
  endedAt: Date
}

/** How a meeting is recorded. */
export interface RecordOptions extends Times {
  bytes?: Uint8Array
  fileName?: string
  /** WebVTT, or true for a short one. */
  transcript?: boolean | string
  /** What Graph tells of it; everything by default. */
  notify?: { drive?: boolean; callRecording?: boolean; transcript?: boolean }
}

/** How a meeting takes place. */
export interface HoldOptions extends Times {
  notify?: boolean
  participants?: number
  sessions?: Times[]
  /** For so long the callRecord cannot be read. */
  youngForMs?: number
}
