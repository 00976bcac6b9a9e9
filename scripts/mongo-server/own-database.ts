import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'

/** The address of a database on that server that nobody else uses. */
export function ownDatabase(serverUrl: string): string {
  return serverUrl.replace(/^([a-z+]+:\/\/[^/?]+)(?:\/[^?]*)?/, `$1/test-${randomUUID()}`)
}

export async function dropDatabase(url: string): Promise<void> {
  const client = new MongoClient(url)
  await client.db().dropDatabase()
  await client.close()
}
