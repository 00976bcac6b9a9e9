import type { InboxEntry, InboxKind } from '../domain/notification.ts'

/** Which stage looks at what. */
export type Handlers = { [K in InboxKind]: (entry: Extract<InboxEntry, { kind: K }>) => Promise<void> }

export function dispatch(entry: InboxEntry, handlers: Handlers): Promise<void> {
  switch (entry.kind) {
    case 'watch':
      return handlers.watch(entry)
    case 'heard':
      return handlers.heard(entry)
    case 'drive':
      return handlers.drive(entry)
    case 'call':
      return handlers.call(entry)
    case 'callRecording':
      return handlers.callRecording(entry)
    case 'callTranscript':
      return handlers.callTranscript(entry)
    case 'transcript':
      return handlers.transcript(entry)
    case 'canary':
      return handlers.canary(entry)
    case 'look':
      return handlers.look(entry)
    case 'lifecycle':
      return handlers.lifecycle(entry)
    case 'absence':
      return handlers.absence(entry)
    case 'conference':
      return handlers.conference(entry)
    case 'recording':
      return handlers.recording(entry)
  }
}
