import { type Collection, type Document, MongoClient, type MongoClientOptions } from 'mongodb'
import { RelayError } from '../../errors.ts'

const DEFAULT_DATABASE = 'recording-relay'

const OPTIONS: MongoClientOptions = {
  appName: 'recording-relay',
  writeConcern: { w: 'majority', journal: true },
  // A document read from a secondary may be older than the version that a write must name.
  readPreference: 'primary',
  // Graph waits three seconds for an answer; a database that is gone must be noticed before that.
  serverSelectionTimeoutMS: 2_500,
  waitQueueTimeoutMS: 2_500,
  connectTimeoutMS: 5_000,
}

/** Connects with the first command, once for all; may be used again after `close`. */
export class Connection {
  readonly #url: string
  #client: MongoClient | undefined

  constructor(url: string) {
    this.#url = url
  }

  collection<T extends Document>(name: string): Collection<T> {
    return this.#database().collection<T>(name)
  }

  async ping(): Promise<void> {
    await this.#database().command({ ping: 1 })
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  #database() {
    this.#client ??= clientOf(this.#url)
    return this.#client.db(databaseNameOf(this.#url))
  }
}

/** What the driver says of an address that it cannot read may hold the password, and is left out. */
function clientOf(url: string): MongoClient {
  try {
    return new MongoClient(url, OPTIONS)
  } catch {
    throw new RelayError('store_address_invalid', 'reject', 'The address of the MongoDB database cannot be read.')
  }
}

export function databaseNameOf(url: string): string {
  const name = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/.exec(url)?.[1]
  return name ? decodeURIComponent(name) : DEFAULT_DATABASE
}
