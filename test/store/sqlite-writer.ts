// A process that adds entries to the inbox without end and prints the id of each one that was acknowledged.

import { sqliteStore } from '../../src/store/sql/sqlite-store.ts'

const [path = '', name = ''] = process.argv.slice(2)
const store = sqliteStore({ path, clock: Date.now })
await store.open()
for (let n = 0; ; n++) {
  const id = `${name}-${n}`
  await store.inbox.add([{ id, lane: 'recording', body: { kind: 'recording', recordingId: id } }])
  process.stdout.write(`${id}\n`)
}
