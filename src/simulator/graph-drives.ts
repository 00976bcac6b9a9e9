// Drives, their items and their delta.

import { Hono } from 'hono'
import { z } from 'zod'
import type { ByteServer } from './byte-server.ts'
import type { Clock } from './clock.ts'
import type { Drive, Item } from './drive.ts'
import type { Faults } from './faults.ts'
import { badRequest, GraphError, missing } from './graph-error.ts'
import { etagOf, quickXorHash } from './identifiers.ts'
import type { Person } from './people.ts'
import { type GraphEnv, requireRole } from './roles.ts'
import type { World } from './world.ts'

export interface GraphDriveOptions {
  world: World
  clock: Clock
  bytes: ByteServer
  faults: Faults
  pageSize: number
  /** Origin of Graph itself, for links. */
  url: () => string
}

const Token = z.object({
  after: z.number(),
  generation: z.number(),
  issuedAt: z.number(),
  since: z.string().optional(),
  /** Given with a 410, as where to begin again. */
  isLocation: z.boolean().optional(),
})

type Token = z.output<typeof Token>

const TOKEN_LIFE_MS = 30 * 24 * 60 * 60_000

export function graphDrives(options: GraphDriveOptions): Hono<GraphEnv> {
  const { world, bytes } = options
  const app = new Hono<GraphEnv>()
  const drives = (id: string): Drive => {
    const drive = world.drives.get(id)
    if (!drive) throw missing('The resource could not be found.')
    return drive
  }
  const people = (idOrEmail: string): Drive => drives(driveIdOf(world.findPerson(idOrEmail)))
  const items = (driveId: string, id: string): Item => {
    const item = drives(driveId).get(id)
    if (!item) throw missing()
    return item
  }

  for (const path of ['/drives/*', '/users/:user/drive', '/users/:user/drive/*']) {
    app.use(path, requireRole('Files.Read.All', 'Sites.Read.All'))
  }
  app.get('/users/:user/drive', (c) => c.json(presentDrive(people(c.req.param('user')))))
  app.get('/drives/:drive', (c) => c.json(presentDrive(drives(c.req.param('drive')))))
  app.get('/users/:user/drive/special/recordings', (c) => c.json(presentSpecial(people(c.req.param('user')))))
  app.get('/drives/:drive/special/recordings', (c) => c.json(presentSpecial(drives(c.req.param('drive')))))
  app.get('/users/:user/drive/root/delta', (c) =>
    c.json(deltaPage(people(c.req.param('user')), c.req.query(), options)),
  )
  app.get('/drives/:drive/root/delta', (c) => c.json(deltaPage(drives(c.req.param('drive')), c.req.query(), options)))
  app.put('/drives/:drive/*', requireRole('Files.ReadWrite.All'), async (c) => {
    const [, name] = /\/root:\/([^/]+):\/content$/.exec(c.req.path) ?? []
    if (!name) throw badRequest('The resource could not be found.')
    const bytes = new Uint8Array(await c.req.arrayBuffer())
    return c.json(presentItem(world.overwrite(drives(c.req.param('drive')).owner, decodeURIComponent(name), bytes)))
  })
  app.get('/drives/:drive/items/:item', (c) => {
    const item = items(c.req.param('drive'), c.req.param('item'))
    return c.json({ ...presentItem(item), '@microsoft.graph.downloadUrl': bytes.mint(item) })
  })
  app.get('/drives/:drive/items/:item/content', (c) => {
    return c.redirect(bytes.mint(items(c.req.param('drive'), c.req.param('item'))), 302)
  })
  return app
}

function driveIdOf(person: Person | undefined): string {
  if (!person) throw new GraphError(404, 'itemNotFound', "User's mysite not found.")
  if (!person.hasDrive) throw new GraphError(404, 'ResourceNotFound', "User's mysite not found.")
  return person.driveId
}

function deltaPage(drive: Drive, query: Record<string, string>, options: GraphDriveOptions): object {
  const { clock, pageSize, url } = options
  const link = (token: Token) => `${url()}/v1.0/drives/${drive.id}/root/delta?token=${encodeToken(token)}`
  const issued = { generation: drive.generation, issuedAt: clock.now() }
  if (query.token === 'latest') return { value: [], '@odata.deltaLink': link({ after: drive.sequence, ...issued }) }
  const token = readToken(query.token, drive, clock, link)
  failAsOrdered(token, query.token, options.faults)
  const size = Math.min(Number(query.$top ?? pageSize), pageSize)
  const changes = drive.changesAfter(token.after).filter((item) => !token.since || item.modifiedAt >= token.since)
  const items = changes.slice(0, size)
  const value = items.map(presentItem)
  const last = items.at(-1)
  if (last && changes.length > size) {
    return { value, '@odata.nextLink': link({ ...token, ...issued, after: last.sequence }) }
  }
  return { value, '@odata.deltaLink': link({ after: drive.sequence, ...issued }) }
}

function failAsOrdered({ isLocation, since }: Token, given: string | undefined, faults: Faults): void {
  const ordered = isLocation
    ? faults.failLocation
    : given
      ? since
        ? undefined
        : faults.failCursor
      : faults.failEnumeration
  if (ordered) throw new GraphError(ordered, 'generalException', 'Ordered by the test.')
}

function readToken(text: string | undefined, drive: Drive, clock: Clock, link: (token: Token) => string): Token {
  const fresh = { after: 0, generation: drive.generation, issuedAt: clock.now() }
  if (!text) return fresh
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return { ...fresh, since: new Date(text).toISOString() }
  const token = decodeToken(text)
  if (token.generation === drive.generation && clock.now() - token.issuedAt < TOKEN_LIFE_MS) return token
  throw new GraphError(410, 'resyncRequired', 'Resync required. Replace any local items with the server version.', {
    location: link({ ...fresh, isLocation: true }),
  })
}

/** How far into its drive a delta link reaches: everything up to there has been told. */
export function sequenceOf(deltaLink: string): number {
  return decodeToken(new URL(deltaLink).searchParams.get('token') ?? '').after
}

/** Opaque, with characters that do not survive careless hands. */
function encodeToken(token: Token): string {
  return `aTE09${encodeURIComponent(Buffer.from(JSON.stringify(token)).toString('base64'))};s=%2Fx-_y%3D%3D`
}

function decodeToken(text: string): Token {
  const [, encoded] = /^aTE09(.*);s=\/x-_y==$/.exec(text) ?? []
  if (encoded === undefined) throw badRequest('The token is not valid.', 'invalidRequest')
  return Token.parse(JSON.parse(Buffer.from(encoded, 'base64').toString()))
}

function presentDrive({ id, owner }: Drive): object {
  const user = { id: owner.id, displayName: owner.displayName, email: owner.email }
  return { id, driveType: 'business', name: 'OneDrive', owner: { user } }
}

function presentSpecial(drive: Drive): object {
  const folder = drive.find(({ special }) => special === 'recordings')
  if (!folder) throw missing('Item not found')
  return presentItem(folder)
}

function presentItem(item: Item): object {
  const { id, driveId, parentId, name, isFolder, bytes, createdBy, createdAt, modifiedAt, version } = item
  const parentReference = { driveId, driveType: 'business', ...(parentId ? { id: parentId } : {}) }
  if (item.deleted) return { id, parentReference, deleted: { state: 'deleted' } }
  const user = { id: createdBy.id, displayName: createdBy.displayName, email: createdBy.email }
  return {
    id,
    name,
    parentReference,
    size: bytes.length,
    eTag: etagOf(id, version),
    createdDateTime: createdAt,
    lastModifiedDateTime: modifiedAt,
    createdBy: { user },
    lastModifiedBy: { user },
    webUrl: `https://example-my.sharepoint.com/personal/${encodeURIComponent(createdBy.email)}/${encodeURIComponent(name)}`,
    ...(parentId ? {} : { root: {} }),
    ...(isFolder
      ? { folder: { childCount: 0 } }
      : { file: { mimeType: item.mimeType, hashes: { quickXorHash: quickXorHash(bytes) } } }),
    ...(item.durationMs === null ? {} : { video: { duration: item.durationMs } }),
  }
}
