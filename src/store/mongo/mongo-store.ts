import { guarded } from '../guarded.ts'
import type { Store } from '../store.ts'
import { Connection } from './connection.ts'
import { MongoDocuments } from './mongo-documents.ts'
import { MongoEventLog } from './mongo-event-log.ts'
import { MongoQueue } from './mongo-queue.ts'
import { makeIndexes } from './schema.ts'

const NAME = 'MongoDB'

/** Uses only what MongoDB, standalone or not, and Cosmos DB have in common. */
export function mongoStore({ url, clock }: { url: string; clock: () => number }): Store {
  const connection = new Connection(url)
  return {
    conferences: guarded(new MongoDocuments(connection, 'conferences'), NAME),
    calls: guarded(new MongoDocuments(connection, 'calls'), NAME),
    recordings: guarded(new MongoDocuments(connection, 'recordings'), NAME),
    transcripts: guarded(new MongoDocuments(connection, 'transcripts'), NAME),
    subscriptions: guarded(new MongoDocuments(connection, 'subscriptions'), NAME),
    endpoints: guarded(new MongoDocuments(connection, 'endpoints'), NAME),
    inbox: guarded(new MongoQueue(connection, 'inbox', clock), NAME),
    deliveries: guarded(new MongoQueue(connection, 'deliveries', clock), NAME),
    events: guarded(new MongoEventLog(connection), NAME),
    ...guarded(
      {
        open: () => makeIndexes(connection),
        ping: () => connection.ping(),
        close: () => connection.close(),
      },
      NAME,
    ),
  }
}
