import { describe, expect, inject, it } from 'vitest'
import { dropDatabase, ownDatabase } from '../../scripts/mongo-server/own-database.ts'
import { RelayError } from '../../src/errors.ts'
import { databaseNameOf } from '../../src/store/mongo/connection.ts'
import { mongoStore } from '../../src/store/mongo/mongo-store.ts'
import { describeStore } from './contract.ts'
import { START } from './fixture.ts'

const server = inject('mongoUrl')
const clock = () => START

describe.skipIf(server === null)('with a server', () => {
  const makePlace = async () => {
    const url = ownDatabase(server ?? '')
    return { store: (clock: () => number) => mongoStore({ url, clock }), remove: () => dropDatabase(url) }
  }
  describeStore('MongoDB', makePlace, { modelRuns: 15 })
})

it('takes the name of the database from the address', () => {
  expect(databaseNameOf('mongodb://localhost:27017')).toBe('recording-relay')
  expect(databaseNameOf('mongodb://localhost:27017/?retryWrites=false')).toBe('recording-relay')
  expect(databaseNameOf('mongodb://user:pass@a:1,b:2/lms?replicaSet=rs0')).toBe('lms')
  expect(databaseNameOf('mongodb+srv://user:pass@cluster.example/my%20lms')).toBe('my lms')
})

it('says that the store is unavailable, to be tried again, where no server answers', { timeout: 10_000 }, async () => {
  const store = mongoStore({ url: 'mongodb://relay:s3cret@127.0.0.1:1/lms', clock })
  const failure = await store.inbox
    .add([])
    .then(() => store.ping())
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(RelayError)
  expect(failure).toMatchObject({ code: 'store_unavailable', next: 'retry', status: 503, cause: expect.any(Error) })
  expect(String(failure)).not.toContain('s3cret')
  await store.close()
})

it.each(['mongodb://relay:s3cret@', 'mongodb://relay:s3/cret@localhost', 'postgres://relay:s3cret@localhost'])(
  'does not repeat the password of an address that cannot be read (%s)',
  async (url) => {
    const failure = await mongoStore({ url, clock })
      .ping()
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'store_address_invalid', next: 'reject', cause: undefined })
    expect(String(failure)).not.toContain('cret')
  },
)
