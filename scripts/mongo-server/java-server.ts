import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { endedBy, untilEnded } from '../child-process.ts'
import type { MongoServer } from './launch.ts'

const HERE = import.meta.dirname
const DOWNLOADS = join(HERE, '../../.mongo')
const LIBRARIES = join(DOWNLOADS, 'lib')

/** mongo-java-server keeps everything in memory, and one thread, so that `findOneAndUpdate` is a snapshot. */
export async function startJavaServer(): Promise<MongoServer> {
  if (!existsSync(LIBRARIES)) await download()
  const args = ['-Dio.netty.eventLoopThreads=1', '-cp', join(LIBRARIES, '*'), join(HERE, 'Server.java')]
  // It ends with its standard input: it does not outlive a test run that was killed.
  const child = spawn('java', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [port] = await Promise.race([once(createInterface(child.stdout), 'line'), untilEnded(child, 'java')])
  return {
    url: `mongodb://127.0.0.1:${port}`,
    describedAs: 'mongo-java-server, in memory',
    stop: () => endedBy(child, 'SIGTERM'),
  }
}

/** Renamed into place when complete: a download that was cut off, or that ran twice, leaves no half folder. */
async function download(): Promise<void> {
  await mkdir(DOWNLOADS, { recursive: true })
  const folder = await mkdtemp(join(DOWNLOADS, 'download-'))
  const pom = join(HERE, 'pom.xml')
  await promisify(execFile)('mvn', ['-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`])
  try {
    await rename(folder, LIBRARIES)
  } catch (error) {
    if (!existsSync(LIBRARIES)) throw error
    await rm(folder, { recursive: true })
  }
}
