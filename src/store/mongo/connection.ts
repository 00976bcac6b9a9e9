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

/** A heartbeat ends within the timeout of its connection; one that awaits news also waits for those. */
const LONGEST_HEARTBEAT_MS = 7_000
const LONGEST_AWAITED_HEARTBEAT_MS = 20_000

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
    this.#client ??= this.#connect()
    return this.#client.db(databaseNameOf(this.#url))
  }

  #connect(): MongoClient {
    const client = clientOf(this.#url)
    onHangingHeartbeat(client, () => {
      if (this.#client !== client) return
      this.#client = undefined
      // It is given up either way; a close that fails must not end the process.
      client.close().catch(() => undefined)
    })
    return client
  }
}

/**
 * A heartbeat that is written to a socket in the moment of its end waits for ever (driver 7.9): the driver then takes the
 * server for lost until the process ends.
 */
function onHangingHeartbeat(client: MongoClient, renew: () => void): void {
  const timers = new Map<string, NodeJS.Timeout>()
  const ended = ({ connectionId }: { connectionId: string }) => clearTimeout(timers.get(connectionId))
  client.on('serverHeartbeatStarted', (heartbeat) => {
    ended(heartbeat)
    const longest = heartbeat.awaited ? LONGEST_AWAITED_HEARTBEAT_MS : LONGEST_HEARTBEAT_MS
    timers.set(heartbeat.connectionId, setTimeout(renew, longest).unref())
  })
  client.on('serverHeartbeatSucceeded', ended)
  client.on('serverHeartbeatFailed', ended)
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
