// What Teams leaves behind of a meeting that was recorded.

import { randomUUID } from 'node:crypto'
import type { CallRecording, Transcript } from './people.ts'

const SHORT_TRANSCRIPT = `WEBVTT

00:00:01.000 --> 00:00:03.500
<v Ada Lovelace>Good morning.</v>

00:00:04.000 --> 00:00:08.000
<v Grace Hopper>Let us begin with groups.</v>
`

/** The transcript of a recording, with a text of its own or a short one. */
export function transcriptOf(callRecording: CallRecording, text: string | true): Transcript {
  const { meeting, callId, contentCorrelationId, startedAt, endedAt } = callRecording
  const id = Buffer.from(`1##0##${randomUUID()}`).toString('base64')
  return { id, meeting, callId, contentCorrelationId, startedAt, endedAt, vtt: text === true ? SHORT_TRANSCRIPT : text }
}

/** The name that Teams gives the file. OneDrive forbids some characters, and Teams leaves them out. */
export function fileNameOf(subject: string, startedAt: Date): string {
  const title = subject.replace(/["*:<>?/\\|]/g, '').trim()
  const stamp = startedAt.toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15)
  return `${title}-${stamp}UTC-Meeting Recording.mp4`
}
