import type { Recording } from '../domain/recording.ts'
import { parseFileName } from '../domain/recording-file-name.ts'

// Teams cuts long titles in file names.
const LONG_ENOUGH_TO_BE_CUT = 40

/** Whether the file is named after the conference. OneDrive drops some characters, so only letters and digits count. */
export function sameTitle(title: string, { file }: Recording): boolean {
  if (!file) return false
  const wanted = letters(title)
  const found = letters(parseFileName(file.name).title)
  if (!wanted || !found) return false
  return found === wanted || (found.length >= LONG_ENOUGH_TO_BE_CUT && wanted.startsWith(found))
}

function letters(title: string): string {
  return title
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}
