// A drive in which nothing happens proves nothing. Where the tenant lets us write, a small file in the configured drive
// is written once a day, so that Graph has something to announce.

import { decodeJwt } from 'jose'
import type { CanaryEntry } from '../domain/notification.ts'
import type { Subscription } from '../domain/subscription.ts'
import type { GraphClient } from '../graph/client.ts'
import { writeFile } from '../graph/drives.ts'
import type { TokenSource } from '../graph/token.ts'
import type { Store } from '../store/store.ts'

export interface CanaryOptions {
  store: Store
  graph: GraphClient
  token: TokenSource
  clock: () => number
}

const QUIET_MS = 24 * 60 * 60_000
const MAY_WRITE = 'Files.ReadWrite.All'
const FILE = 'recording-relay-canary.txt'

/** Whether a configured drive has been quiet for a day, and is not known to be silent already. */
export function isQuiet({ drive, bornAt, lastNotificationAt, silentSince }: Subscription, now: number): boolean {
  if (!drive?.isConfigured || !bornAt || silentSince) return false
  const heard = lastNotificationAt && lastNotificationAt > bornAt ? lastNotificationAt : bornAt
  return now - Date.parse(heard) > QUIET_MS
}

/** Writes the file, where the app may; what becomes of it the next look tells. */
export async function sing({ subscriptionId }: CanaryEntry, options: CanaryOptions): Promise<void> {
  const { store, graph, token, clock } = options
  const drive = (await store.subscriptions.get(subscriptionId))?.document.drive
  const { roles } = decodeJwt(await token())
  if (!drive || !Array.isArray(roles) || !roles.includes(MAY_WRITE)) return
  const at = new Date(clock()).toISOString()
  await writeFile(
    graph,
    drive.driveId,
    FILE,
    `Written by Recording Relay at ${at}, so that OneDrive has something to tell.\n`,
  )
}
