import { z } from 'zod'
import type { GraphClient } from './client.ts'
import { isRefusal } from './refusal.ts'

const Person = z
  .object({
    user: z
      .object({
        id: z.string().nullish(),
        displayName: z.string().nullish(),
        email: z.string().nullish(),
      })
      .nullish(),
  })
  .nullish()

const DriveBody = z.object({ id: z.string(), owner: Person })

const ItemBody = z.object({
  id: z.string(),
  name: z.string().nullish(),
  size: z.number().nullish(),
  eTag: z.string().nullish(),
  webUrl: z.string().nullish(),
  createdDateTime: z.string().nullish(),
  lastModifiedDateTime: z.string().nullish(),
  createdBy: Person,
  parentReference: z.object({ id: z.string().nullish(), path: z.string().nullish() }).nullish(),
  folder: z.object({}).nullish(),
  specialFolder: z.object({ name: z.string().nullish() }).nullish(),
  file: z
    .object({ mimeType: z.string().nullish(), hashes: z.object({ quickXorHash: z.string().nullish() }).nullish() })
    .nullish(),
  video: z.object({ duration: z.number().nullish() }).nullish(),
  deleted: z.object({}).nullish(),
  root: z.object({}).nullish(),
})

export type DriveItem = z.output<typeof ItemBody>

const DeltaPage = z.object({
  value: z.array(ItemBody),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
})

export interface FoundDrive {
  driveId: string
  ownerId: string | null
  ownerEmail: string | null
}

/** The OneDrive of a person, by id or e-mail address. */
export async function driveOfPerson(graph: GraphClient, person: string): Promise<FoundDrive> {
  return found(await graph.get(`/users/${encodeURIComponent(person)}/drive`, DriveBody))
}

export async function driveById(graph: GraphClient, driveId: string): Promise<FoundDrive> {
  return found(await graph.get(`/drives/${encodeURIComponent(driveId)}`, DriveBody))
}

function found({ id, owner }: z.output<typeof DriveBody>): FoundDrive {
  return { driveId: id, ownerId: owner?.user?.id ?? null, ownerEmail: owner?.user?.email?.toLowerCase() ?? null }
}

/** The folder of recordings whatever its name is; undefined while there is none (Graph answers 403 or 404 then). */
export async function recordingsFolder(graph: GraphClient, driveId: string): Promise<DriveItem | undefined> {
  try {
    return await graph.get(`/drives/${encodeURIComponent(driveId)}/special/recordings`, ItemBody)
  } catch (error) {
    if (isRefusal(error, 400, 403, 404)) return undefined
    throw error
  }
}

/** An item as it is now; undefined where Graph says that it is not there. */
export async function getItem(graph: GraphClient, driveId: string, itemId: string): Promise<DriveItem | undefined> {
  try {
    return await graph.get(`/drives/${encodeURIComponent(driveId)}/items/${encodeURIComponent(itemId)}`, ItemBody)
  } catch (error) {
    if (isRefusal(error, 404)) return undefined
    throw error
  }
}

/** The delta of a whole drive, page by page, from a deltaLink or from the beginning. */
export async function* deltaPages(
  graph: GraphClient,
  driveId: string,
  cursor: string | null,
): AsyncGenerator<{ items: DriveItem[]; cursor: string | null }> {
  let link = cursor ?? `/drives/${encodeURIComponent(driveId)}/root/delta`
  for (;;) {
    const page = await graph.get(link, DeltaPage)
    yield { items: page.value, cursor: page['@odata.deltaLink'] ?? null }
    const next = page['@odata.nextLink']
    if (!next) return
    link = next
  }
}

/**
 * Where the delta of what changed since a point in time begins; OneDrive for Business only.
 * https://learn.microsoft.com/graph/api/driveitem-delta#query-parameters
 */
export function deltaSince(driveId: string, since: Date): string {
  return `/drives/${encodeURIComponent(driveId)}/root/delta?token=${encodeURIComponent(since.toISOString())}`
}

/** Writes a small text file into the root of a drive, over the one of that name. */
export function writeFile(graph: GraphClient, driveId: string, name: string, text: string): Promise<void> {
  return graph.put(`/drives/${encodeURIComponent(driveId)}/root:/${encodeURIComponent(name)}:/content`, text)
}

/** A preauthenticated URL of a file's bytes, good for minutes. */
export function locateContent(graph: GraphClient, driveId: string, itemId: string): Promise<string> {
  return graph.locate(`/drives/${encodeURIComponent(driveId)}/items/${encodeURIComponent(itemId)}/content`)
}
