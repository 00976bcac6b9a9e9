// Microsoft Graph, its sign-in, OneDrive's byte server and a small LMS, as real servers on this machine.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ByteServer } from './byte-server.ts'
import { Clock } from './clock.ts'
import { Faults } from './faults.ts'
import { type Asked, graphApp } from './graph.ts'
import { listen } from './listen.ts'
import { Lms } from './lms.ts'
import { Notifications } from './notifications.ts'
import { SignIn } from './sign-in.ts'
import { SubscriptionBook } from './subscription-book.ts'
import { World } from './world.ts'

export interface SimulatorOptions {
  clock?: Clock
  tenantId?: string
  clientId?: string
  clientSecret?: string
  lmsSecret?: string
  /** Real ms between a change and its notification. */
  notifyDelayMs?: number
  /** Items on one page of a delta. */
  pageSize?: number
}

export interface Simulator {
  clock: Clock
  world: World
  faults: Faults
  lms: Lms
  signIn: SignIn
  bytes: ByteServer
  subscriptions: SubscriptionBook
  notifications: Notifications
  /** What Graph was asked. */
  requests: Asked[]
  tenantId: string
  clientId: string
  clientSecret: string
  authorityUrl: string
  graphUrl: string
  /** Every delta token that was given out has expired. */
  expireDeltaTokens(): void
  /** Resolves when no notification is on its way or due now. */
  settled(): Promise<void>
  stop(): Promise<void>
}

// ffprobe says 10.0 s.
const LECTURE_MS = 10_000

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.clock ?? new Clock()
  const tenantId = options.tenantId ?? '84bd8158-6d4d-4958-8b9f-9d6445542f95'
  const clientId = options.clientId ?? '6b1d7d2e-7b4b-4b5e-9c71-2b8a3d1f0c55'
  const clientSecret = options.clientSecret ?? 'the secret of the simulated app'
  const faults = new Faults()
  const lecture = { bytes: await readFile(join(import.meta.dirname, 'lecture.mp4')), durationMs: LECTURE_MS }
  const world = new World({ clock, tenantId, lecture })
  const signIn = await SignIn.create({ clock, tenantId, clientId, clientSecret, roles: () => [...world.roles] })
  const book = new SubscriptionBook(clock)
  const bytes = new ByteServer(clock, faults)
  const lms = new Lms(clock, options.lmsSecret)
  const requests: Asked[] = []
  const notifications = new Notifications({
    clock,
    tenantId,
    world,
    book,
    signIn,
    faults,
    delayMs: options.notifyDelayMs ?? 0,
  })

  let graphUrl = ''
  const pageSize = options.pageSize ?? 50
  const graph = graphApp({ world, clock, book, bytes, signIn, faults, requests, pageSize, url: () => graphUrl })
  await Promise.all([signIn.start(), bytes.start(), lms.start()])
  const listening = await listen(graph.fetch)
  graphUrl = listening.url
  notifications.start()

  return {
    ...{
      clock,
      world,
      faults,
      lms,
      signIn,
      bytes,
      notifications,
      requests,
      tenantId,
      clientId,
      clientSecret,
      graphUrl,
    },
    subscriptions: book,
    authorityUrl: signIn.url,
    expireDeltaTokens: () => {
      for (const drive of world.drives.values()) drive.generation += 1
    },
    settled: () => notifications.settled(),
    stop: async () => {
      notifications.stop()
      await Promise.all([listening.close(), signIn.stop(), bytes.stop(), lms.stop()])
    },
  }
}
