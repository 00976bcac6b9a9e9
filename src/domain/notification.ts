/** One thing to look at, kept in the inbox until somebody has looked. What it says is a hint; the truth is in Graph. */
export type InboxEntry =
  | DriveEntry
  | CallEntry
  | CallRecordingEntry
  | LifecycleEntry
  | WatchEntry
  | { kind: 'conference'; conferenceId: string }
  | { kind: 'recording'; recordingId: string }

export type InboxKind = InboxEntry['kind']

/** A drive that should be watched from now on. */
export interface WatchEntry {
  kind: 'watch'
  drive: { person: string } | { driveId: string }
}

/** A drive has changed, or it is time to sweep it. */
export interface DriveEntry {
  kind: 'drive'
  subscriptionId: string
  /** When Graph announced it; null where the sweep or a person asked. */
  notifiedAt: string | null
}

export interface CallEntry {
  kind: 'call'
  subscriptionId: string
  callId: string
  notifiedAt: string
}

/** A callRecording as its notification brought it; the content stays encrypted until it is resolved. */
export interface CallRecordingEntry {
  kind: 'callRecording'
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
  notifiedAt: string
}
