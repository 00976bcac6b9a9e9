import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { endedBy, untilEnded } from '../child-process.ts'
import type { MongoServer } from './launch.ts'

const START_MS = 30_000

/** A mongod of its own, with a data folder that goes away with it. */
export async function startMongod(): Promise<MongoServer> {
  const folder = await mkdtemp(join(tmpdir(), 'recording-relay-mongod-'))
  const port = await freePort()
  const url = `mongodb://127.0.0.1:${port}`
  const args = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--quiet']
  const child = spawn('mongod', args, { stdio: 'ignore' })
  const stop = async () => {
    await endedBy(child, 'SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
  const client = new MongoClient(url, { serverSelectionTimeoutMS: START_MS })
  try {
    await Promise.race([client.db().command({ ping: 1 }), untilEnded(child, 'mongod')])
  } catch (error) {
    await stop()
    throw error
  } finally {
    await client.close()
  }
  return { url, describedAs: 'a mongod started for this run', stop }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('There is no free port')
  return address.port
}
