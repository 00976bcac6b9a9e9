// What a replica is told to do to itself at a named point of its work: a file that the first to pass takes away.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const Order = z.object({
  signal: z.enum(['SIGKILL', 'SIGSTOP']),
  /** How often the point is passed before. */
  passes: z.number(),
})

export type Order = z.output<typeof Order>

/** Points that the log of the service names. */
export const LOGGED_POINTS = ['notifications stored', 'drive read', 'recording matched', 'delivery attempted'] as const
export const BETWEEN_TWO_WRITES = 'between two writes'

export type Point = (typeof LOGGED_POINTS)[number] | typeof BETWEEN_TWO_WRITES

export function orderPath(folder: string, point: string): string {
  return join(folder, point.replaceAll(' ', '-'))
}

export function writeOrder(folder: string, point: Point, order: Order): void {
  writeFileSync(orderPath(folder, point), JSON.stringify(order))
}

export function readOrder(path: string): Order {
  return Order.parse(JSON.parse(readFileSync(path, 'utf8')))
}
