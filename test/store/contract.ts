import { describe } from 'vitest'
import { describeClockSkew } from './clock-skew-contract.ts'
import { describeDocuments } from './documents-contract.ts'
import { describeEventLog } from './event-log-contract.ts'
import { describeFind } from './find-contract.ts'
import type { MakePlace } from './fixture.ts'
import { describeKnocks } from './knock-contract.ts'
import { describeLease } from './lease-contract.ts'
import { describeLifecycle } from './lifecycle-contract.ts'
import { describeQueue } from './queue-contract.ts'
import { describeQueueModel } from './queue-model-contract.ts'

/** What every store must do. */
export function describeStore(name: string, makePlace: MakePlace, { modelRuns }: { modelRuns: number }): void {
  describe(name, () => {
    describe('lifecycle', () => describeLifecycle(makePlace))
    describe('documents', () => describeDocuments(makePlace))
    describe('find', () => describeFind(makePlace))
    describe('queue', () => describeQueue(makePlace))
    describe('knocks', () => describeKnocks(makePlace))
    describe('leases', () => describeLease(makePlace))
    describe('clocks that differ', () => describeClockSkew(makePlace))
    describe('queue against its model', () => describeQueueModel(makePlace, modelRuns))
    describe('event log', () => describeEventLog(makePlace))
  })
}
