import { type Comparison, comparisonsOf, type Scalar } from '../conditions.ts'
import { firstVersion } from '../first-version.ts'
import type { CollectionName, Documents, Query, Stored, Where } from '../store.ts'
import { column } from './schema.ts'
import { integer, json, type Sql, type Value } from './sql.ts'

export class SqlDocuments<T extends { id: string }> implements Documents<T> {
  readonly #sql: Sql
  readonly #table: CollectionName

  constructor(sql: Sql, table: CollectionName) {
    this.#sql = sql
    this.#table = table
  }

  async get(id: string): Promise<Stored<T> | undefined> {
    const [row] = await this.#sql.read(`SELECT version, doc FROM ${this.#table} WHERE id = ?1`, id)
    return row && { document: json<T>(row, 'doc'), version: integer(row, 'version') }
  }

  async insert(document: T): Promise<boolean> {
    const rows = await this.#sql.write(
      `INSERT INTO ${this.#table} (id, version, doc) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING RETURNING id`,
      document.id,
      firstVersion(),
      JSON.stringify(document),
    )
    return rows.length === 1
  }

  async replace(document: T, version: number): Promise<boolean> {
    const rows = await this.#sql.write(
      `UPDATE ${this.#table} SET version = version + 1, doc = ?3 WHERE id = ?1 AND version = ?2 RETURNING id`,
      document.id,
      version,
      JSON.stringify(document),
    )
    return rows.length === 1
  }

  async remove(id: string, version: number): Promise<boolean> {
    const rows = await this.#sql.write(
      `DELETE FROM ${this.#table} WHERE id = ?1 AND version = ?2 RETURNING id`,
      id,
      version,
    )
    return rows.length === 1
  }

  async find(query: Query<T>): Promise<T[]> {
    const { statement, parameters } = findStatement(this.#table, query)
    const rows = await this.#sql.read(statement, ...parameters)
    return rows.map((row) => json<T>(row, 'doc'))
  }

  async count(where: Where<T>): Promise<number> {
    const parameters: Value[] = []
    const condition = conditions(where, parameters)
    const [row] = await this.#sql.read(`SELECT count(*) AS n FROM ${this.#table} WHERE ${condition}`, ...parameters)
    return row ? integer(row, 'n') : 0
  }
}

export function findStatement<T>(
  table: CollectionName,
  { where, orderBy, descending, after, limit }: Query<T>,
): { statement: string; parameters: Value[] } {
  const parameters: Value[] = []
  const key = column(orderBy)
  const [direction, behind] = descending ? ['DESC', '<'] : ['ASC', '>']
  let condition = conditions(where ?? {}, parameters)
  if (after) {
    const [value, id] = [bind(parameters, after[0]), bind(parameters, after[1])]
    // The first condition says less than the second, but SQLite starts from an expression's index only with it.
    condition += ` AND ${key} ${behind}= ${value} AND (${key}, id) ${behind} (${value}, ${id})`
  }
  const order = `ORDER BY ${key} ${direction}, id ${direction} LIMIT ${bind(parameters, limit)}`
  return { statement: `SELECT doc FROM ${table} WHERE ${condition} ${order}`, parameters }
}

function conditions(where: object, parameters: Value[]): string {
  return ['TRUE', ...comparisonsOf(where).map((comparison) => condition(comparison, parameters))].join(' AND ')
}

const OPERATORS = { equal: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' }

function condition({ field, is, value }: Comparison, parameters: Value[]): string {
  if (value === null) return is === 'equal' ? `${column(field)} IS NULL` : 'FALSE'
  // One parameter for the whole list: D1 takes no more than 100. https://developers.cloudflare.com/d1/platform/limits/
  if (is === 'in')
    return `${column(field)} IN (SELECT value FROM json_each(${bind(parameters, JSON.stringify(value))}))`
  return `${column(field)} ${OPERATORS[is]} ${bind(parameters, sqlValue(value))}`
}

function bind(parameters: Value[], value: Value): string {
  return `?${parameters.push(value)}`
}

/** `json_extract` gives a boolean as 1 or 0. */
function sqlValue(value: Scalar): Value {
  return typeof value === 'boolean' ? Number(value) : value
}
