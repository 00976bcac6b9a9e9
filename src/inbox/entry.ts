import type { InboxEntry } from '../domain/notification.ts'
import { stableId } from '../ids.ts'
import type { NewEntry } from '../store/store.ts'

/** The same thing to look at has the same id: that is what makes many knocks one visit. */
export function inboxEntry(body: InboxEntry, availableAt?: number): NewEntry<InboxEntry> {
  const entry = { id: stableId(body.kind, subjectOf(body)), lane: body.kind, body }
  return availableAt === undefined ? entry : { ...entry, availableAt }
}

function subjectOf(body: InboxEntry): string {
  switch (body.kind) {
    case 'heard':
    case 'drive':
    case 'look':
    case 'canary':
      return body.subscriptionId
    case 'call':
      return body.callId
    case 'callRecording':
    case 'callTranscript':
      return body.resource
    case 'lifecycle':
      return `${body.subscriptionId} ${body.lifecycleEvent}`
    case 'watch':
      return 'person' in body.drive ? `person ${body.drive.person}` : `drive ${body.drive.driveId}`
    case 'conference':
      return body.conferenceId
    case 'absence':
    case 'transcript':
    case 'recording':
      return body.recordingId
  }
}
