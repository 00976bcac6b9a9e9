import type { FileFacts } from '../domain/recording.ts'
import type { Subscription } from '../domain/subscription.ts'
import type { DriveItem } from '../graph/drives.ts'
import { stableId } from '../ids.ts'

/** A file is the same recording wherever it is found, and however often. */
export function recordingId(driveId: string, itemId: string): string {
  return stableId('rec', driveId, itemId)
}

/** Whether a driveItem is a finished recording when it lies in a recordings folder. Uploads begin with no bytes. */
export function isVideo(item: DriveItem): boolean {
  if (!item.file || item.deleted || !item.size) return false
  return item.file.mimeType?.startsWith('video/') === true || /\.(mp4|m4v|mov|webm)$/i.test(item.name ?? '')
}

export function fileFacts(
  item: DriveItem,
  { drive, ownerId, ownerEmail }: Watched,
  folderName: string | undefined,
): FileFacts {
  const createdAt = instant(item.createdDateTime)
  return {
    driveId: drive.driveId,
    itemId: item.id,
    name: item.name ?? '',
    // Delta leaves out the path: https://learn.microsoft.com/graph/api/driveitem-delta#remarks
    path: folderName ? `/${folderName}/${item.name ?? ''}` : null,
    webUrl: item.webUrl ?? null,
    size: item.size ?? 0,
    contentType: item.file?.mimeType ?? 'video/mp4',
    hash: item.file?.hashes?.quickXorHash ?? null,
    eTag: item.eTag ?? null,
    driveOwnerId: ownerId,
    driveOwnerEmail: ownerEmail,
    createdByName: item.createdBy?.user?.displayName ?? null,
    createdByEmail: item.createdBy?.user?.email?.toLowerCase() ?? null,
    durationMs: item.video?.duration ?? null,
    createdAt,
    modifiedAt: item.lastModifiedDateTime ? instant(item.lastModifiedDateTime) : createdAt,
  }
}

export type Watched = Subscription & { drive: NonNullable<Subscription['drive']> }

/** The epoch where there is none. */
export function instant(value: string | null | undefined): string {
  const date = new Date(value ?? 0)
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}
