// The smallest driver that the SQL needs. Parameters are numbered (?1, ?2): node:sqlite and D1 both bind them in order.

export type Value = string | number | null

export type Row = Record<string, unknown>

export interface Sql {
  read(statement: string, ...parameters: Value[]): Promise<Row[]>
  /** Durable when it resolves; gives the rows that the statement RETURNS. */
  write(statement: string, ...parameters: Value[]): Promise<Row[]>
  /** Safe to call before the first statement and twice. */
  close(): Promise<void>
}

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`Column ${column} holds no text`)
  return value
}

export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`Column ${column} holds no number`)
  return value
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column)
}

/** Only we write these columns, from a value of the type that is read. */
export function json<T>(row: Row, column: string): T {
  return JSON.parse(text(row, column))
}
