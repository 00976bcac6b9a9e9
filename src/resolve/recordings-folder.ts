import type { Drive } from '../domain/subscription.ts'
import type { DriveItem } from '../graph/drives.ts'

// Teams names the folder in the language of its owner, and there is no list of those names to ask for:
// https://techcommunity.microsoft.com/discussions/microsoftteams/teams-recordings-folder-name/3845048
// These are only the way in where Graph does not name the folder itself; from then on its id counts.
const NAMES = new Set([
  'recordings',
  'aufnahmen',
  'aufzeichnungen',
  'enregistrements',
  'grabaciones',
  'gravações',
  'gravacoes',
  'registrazioni',
  'opnamen',
  'inspelningar',
  'optagelser',
  'opptak',
  'tallenteet',
  'nagrania',
  'nahrávky',
  'záznamy',
  'felvételek',
  'înregistrări',
  'записи',
  'kayıtlar',
  'レコーディング',
  '录制',
  '錄製',
  '녹음/녹화',
])

/** The folder as we remember it. */
export function rememberFolder(item: DriveItem): Drive['recordingsFolders'][number] {
  return { id: item.id, name: item.name ?? '' }
}

/** Folders among the items that hold recordings: named so by Graph, or by their name directly below the root. */
export function recordingsFoldersAmong(items: Iterable<DriveItem>, rootId: string | undefined): DriveItem[] {
  return [...items].filter((item) => {
    if (!item.folder || item.deleted) return false
    if (item.specialFolder?.name === 'recordings') return true
    return rootId !== undefined && item.parentReference?.id === rootId && NAMES.has((item.name ?? '').toLowerCase())
  })
}
