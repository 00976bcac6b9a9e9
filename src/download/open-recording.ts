import type { FileFacts, Recording } from '../domain/recording.ts'
import { RelayError } from '../errors.ts'

/**
 * The file of a recording that viewers may see.
 *
 * @throws RelayError `recording_hidden` or `recording_unavailable` (reject, 403)
 */
export function openRecording({ status, visibility, file }: Recording): FileFacts {
  if (status !== 'available' || !file) {
    throw new RelayError('recording_unavailable', 'reject', 'The recording is not published.', { status: 403 })
  }
  if (visibility === 'hidden') {
    throw new RelayError('recording_hidden', 'reject', 'The recording is hidden.', { status: 403 })
  }
  return file
}
