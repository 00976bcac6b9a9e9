// What every store has to make, beside INDEXES of the port.

import { type CollectionName, INDEXES } from './store.ts'

export const COLLECTIONS: readonly CollectionName[] = Object.keys(INDEXES).filter(isCollection)

export const QUEUES = ['inbox', 'deliveries'] as const

export type QueueName = (typeof QUEUES)[number]

/** The first serves claims, the others lists. */
export const QUEUE_INDEXES = [
  ['state', 'availableAt'],
  ['createdAt'],
  ['state', 'createdAt'],
  ['lane', 'createdAt'],
  ['lane', 'state', 'createdAt'],
] as const

function isCollection(name: string): name is CollectionName {
  return name in INDEXES
}
