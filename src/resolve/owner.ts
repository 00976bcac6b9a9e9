import { inboxEntry } from '../inbox/entry.ts'
import type { ResolveOptions } from './options.ts'

/** Something happened that leaves a file in this person's drive: look there, whether or not Graph announces it. */
export async function knockDrivesOf(ownerId: string, { store }: Pick<ResolveOptions, 'store'>): Promise<void> {
  const drives = await store.subscriptions.find({ where: { ownerId, kind: 'drive' }, orderBy: 'createdAt', limit: 20 })
  await store.inbox.knock(drives.map(({ id }) => inboxEntry({ kind: 'drive', subscriptionId: id })))
}
