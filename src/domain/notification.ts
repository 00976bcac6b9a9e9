/** One thing to look at, kept in the inbox until somebody has looked. What it says is a hint; the truth is in Graph. */
export type InboxEntry =
  | DriveEntry
  | CallEntry
  | CallRecordingEntry
  | CallTranscriptEntry
  | LifecycleEntry
  | LookEntry
  | CanaryEntry
  | WatchEntry
  | HeardEntry
  | { kind: 'absence'; recordingId: string }
  | { kind: 'transcript'; recordingId: string }
  | { kind: 'conference'; conferenceId: string }
  | { kind: 'recording'; recordingId: string }

export type InboxKind = InboxEntry['kind']

/** A drive that should be watched from now on. */
export interface WatchEntry {
  kind: 'watch'
  drive: { person: string } | { driveId: string }
  /** The configuration names it. */
  isConfigured?: boolean
}

/** A subscription brought a notification: what arrives is the only proof that it lives. */
export interface HeardEntry {
  kind: 'heard'
  subscriptionId: string
  at: string
}

/** A drive has changed, or it is time to look. */
export interface DriveEntry {
  kind: 'drive'
  subscriptionId: string
  /** Absent where a notification sent us there. */
  because?: 'sweep'
}

/** A drive has been quiet for so long that it should be given something to tell. */
export interface CanaryEntry {
  kind: 'canary'
  subscriptionId: string
}

/** It is time to look through a tenant-wide resource. */
export interface LookEntry {
  kind: 'look'
  subscriptionId: string
}

export interface CallEntry {
  kind: 'call'
  callId: string
}

/** A callRecording as its notification brought it. */
export interface CallRecordingEntry extends RichNotification {
  kind: 'callRecording'
}

export interface CallTranscriptEntry extends RichNotification {
  kind: 'callTranscript'
}

/** A notification that carries its resource; the content stays encrypted until it is resolved. */
export interface RichNotification {
  subscriptionId: string
  tenantId: string
  resource: string
  encryptedContent: EncryptedContent | null
  validationTokens: string[]
  notifiedAt: string
}

export interface EncryptedContent {
  data: string
  dataSignature: string
  dataKey: string
  encryptionCertificateId: string
}

export interface LifecycleEntry {
  kind: 'lifecycle'
  subscriptionId: string
  lifecycleEvent: string
  /** Which life of the subscription it speaks of. */
  graphId: string | null
  expiresAt: string | null
}
