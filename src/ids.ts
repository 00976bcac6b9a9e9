import { createHash } from 'node:crypto'

/** The same id for the same parts, on every replica and after every restart: `prefix_` and 22 characters. */
export function stableId(prefix: string, ...parts: string[]): string {
  return `${prefix}_${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)}`
}
