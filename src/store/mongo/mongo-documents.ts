// A document is kept as JSON, because an LMS may send keys that MongoDB gives a meaning to (`$`, `.`); its plain fields
// stand beside it, to be looked up.

import type { Collection, Filter } from 'mongodb'
import { type Comparison, comparisonsOf, isScalar, type Scalar } from '../conditions.ts'
import { firstVersion } from '../first-version.ts'
import type { CollectionName, Documents, Position, Query, Stored, Where } from '../store.ts'
import type { Connection } from './connection.ts'
import { inserted } from './duplicate-key.ts'
import { path } from './schema.ts'

interface DocumentRow {
  _id: string
  version: number
  json: string
  fields: Record<string, Scalar>
}

export class MongoDocuments<T extends { id: string }> implements Documents<T> {
  readonly #connection: Connection
  readonly #name: CollectionName

  constructor(connection: Connection, name: CollectionName) {
    this.#connection = connection
    this.#name = name
  }

  async get(id: string): Promise<Stored<T> | undefined> {
    const row = await this.#rows().findOne({ _id: id }, { projection: { fields: 0 } })
    return row ? { document: documentOf<T>(row), version: row.version } : undefined
  }

  insert(document: T): Promise<boolean> {
    const row = { _id: document.id, version: firstVersion(), ...contentOf(document) }
    return inserted(this.#rows().insertOne(row))
  }

  async replace(document: T, version: number): Promise<boolean> {
    const written = await this.#rows().updateOne(
      { _id: document.id, version },
      { $set: contentOf(document), $inc: { version: 1 } },
    )
    return written.matchedCount === 1
  }

  async remove(id: string, version: number): Promise<boolean> {
    const removed = await this.#rows().deleteOne({ _id: id, version })
    return removed.deletedCount === 1
  }

  async find({ where, orderBy, descending, after, limit }: Query<T>): Promise<T[]> {
    if (limit < 1) return []
    const direction = descending ? -1 : 1
    const conditions = conditionsOf(where ?? {})
    if (after) conditions.push(...behind(path(orderBy), after, descending ? '$lt' : '$gt'))
    const rows = this.#rows()
      .find(allOf(conditions), { projection: { fields: 0 } })
      .sort({ [path(orderBy)]: direction, _id: direction })
      .limit(limit)
    return (await rows.toArray()).map((row) => documentOf<T>(row))
  }

  count(where: Where<T>): Promise<number> {
    return this.#rows().countDocuments(allOf(conditionsOf(where)))
  }

  #rows(): Collection<DocumentRow> {
    return this.#connection.collection<DocumentRow>(this.#name)
  }
}

/** Only we write this text, from a document of the type that is read. */
function documentOf<T>({ json }: DocumentRow): T {
  return JSON.parse(json)
}

function contentOf(document: object): Pick<DocumentRow, 'json' | 'fields'> {
  const fields = Object.entries(document).filter((entry): entry is [string, Scalar] => isScalar(entry[1]))
  return { json: JSON.stringify(document), fields: Object.fromEntries(fields) }
}

function conditionsOf(where: object): Filter<DocumentRow>[] {
  return comparisonsOf(where).map(condition)
}

function condition({ field, is, value }: Comparison): Filter<DocumentRow> {
  return { [path(field)]: is === 'equal' ? value : { [`$${is}`]: value } }
}

/** The first condition says less than the second, but gives the index a bound to start from. */
function behind(key: string, [value, id]: Position, beyond: '$gt' | '$lt'): Filter<DocumentRow>[] {
  return [{ [key]: { [`${beyond}e`]: value } }, { $or: [{ [key]: { [beyond]: value } }, { _id: { [beyond]: id } }] }]
}

function allOf(conditions: Filter<DocumentRow>[]): Filter<DocumentRow> {
  return conditions.length > 0 ? { $and: conditions } : {}
}
