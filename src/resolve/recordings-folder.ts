import type { Drive, RecordingsFolder } from '../domain/subscription.ts'
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

/** What is known of the folders after a delta: a folder that is gone is forgotten, so that Graph is asked again. */
export function learnFolders(
  { recordingsFolders, rootId }: Pick<Drive, 'recordingsFolders' | 'rootId'>,
  special: DriveItem | undefined,
  items: Map<string, DriveItem>,
): Pick<Drive, 'recordingsFolders' | 'rootId'> {
  const root = [...items.values()].find((item) => item.root)?.id ?? rootId
  const found = [...items.values()].filter((item) => isRecordingsFolder(item, root))
  const known = [
    ...recordingsFolders,
    ...found.map(remember),
    ...(special ? [{ ...remember(special), isSpecial: true }] : []),
  ]
  const folders = [...new Map(known.map((folder) => [folder.id, folder])).values()]
  return { recordingsFolders: folders.filter(({ id }) => !items.get(id)?.deleted), rootId: root }
}

function remember(item: DriveItem): RecordingsFolder {
  return { id: item.id, name: item.name ?? '', isSpecial: item.specialFolder?.name === 'recordings' }
}

function isRecordingsFolder(item: DriveItem, rootId: string | null): boolean {
  if (!item.folder || item.deleted) return false
  if (item.specialFolder?.name === 'recordings') return true
  return rootId !== null && item.parentReference?.id === rootId && NAMES.has((item.name ?? '').toLowerCase())
}
