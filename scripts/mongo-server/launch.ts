// Finds a MongoDB server for tests and scripts: one that is there already, a real one that can be started, or
// mongo-java-server, which is right in what it does but says nothing about speed.

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { startJavaServer } from './java-server.ts'
import { startMongod } from './mongod.ts'

export interface MongoServer {
  url: string
  describedAs: string
  stop(): Promise<void>
}

export const HOW_TO_HAVE_ONE =
  'set MONGODB_URI, put mongod on the PATH, or install Java and Maven (apt-get install -y default-jre-headless maven)'

/** Undefined where this machine has none. */
export async function launchMongoServer(): Promise<MongoServer | undefined> {
  const url = process.env.MONGODB_URI
  if (url) return { url, describedAs: 'the server that MONGODB_URI names', stop: async () => undefined }
  if (isOnPath('mongod')) return startMongod()
  if (isOnPath('java') && isOnPath('mvn')) return startJavaServer()
  return undefined
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}
