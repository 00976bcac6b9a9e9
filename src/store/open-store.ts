import type { Store } from './store.ts'

/**
 * The store that DATABASE_URL names. Each kind is loaded only where it is used.
 *
 * @param clock epoch ms
 */
export async function openStore(databaseUrl: string, clock: () => number): Promise<Store> {
  if (databaseUrl.startsWith('sqlite:')) {
    const { sqliteStore } = await import('./sql/sqlite-store.ts')
    return sqliteStore({ path: databaseUrl.slice('sqlite:'.length), clock })
  }
  const { mongoStore } = await import('./mongo/mongo-store.ts')
  return mongoStore({ url: databaseUrl, clock })
}
