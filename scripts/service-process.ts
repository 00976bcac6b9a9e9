// The service as a process of its own, started as a user would, on a free port of this machine.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Simulator } from '../src/simulator/simulator.ts'
import { endedBy } from './child-process.ts'

export const API_KEY = 'demo-key-of-the-small-lms'
export const ADMIN_KEY = 'demo-key-of-the-admin-page'

export interface ServiceProcess {
  url: string
  /** What it logged, line by line. */
  log: string[]
  /** Ends it and resolves when it is gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** SIGSTOP makes it stand still, SIGCONT go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Resolves when it is gone, whoever ended it. */
  gone(): Promise<void>
  /** Starts it again on the same address with the same data; resolves when it is ready. */
  restart(): Promise<void>
}

const READY_WITHIN_MS = 20_000

export async function startServiceProcess(
  simulator: Simulator,
  environment: Record<string, string>,
): Promise<ServiceProcess> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const address = { HOST: '127.0.0.1', PORT: String(port) }
  const env = { ...process.env, ...environmentFor(simulator, url), ...address, ...environment }
  const log: string[] = []
  let child = launch(env, log)
  await untilReady(child, url, log)
  return {
    url,
    log,
    kill: (signal) => endedBy(child, signal),
    signal: (signal) => void child.kill(signal),
    gone: async () => {
      if (isRunning(child)) await once(child, 'exit')
    },
    restart: async () => {
      await endedBy(child, 'SIGKILL')
      child = launch(env, log)
      await untilReady(child, url, log)
    },
  }
}

/** What the service has to know to live in the simulated world. */
export function environmentFor(simulator: Simulator, url: string): Record<string, string> {
  return {
    PUBLIC_URL: url,
    APP_SECRET: 'a secret for this machine alone, nothing more',
    AZURE_TENANT_ID: simulator.tenantId,
    AZURE_CLIENT_ID: simulator.clientId,
    AZURE_CLIENT_SECRET: simulator.clientSecret,
    AZURE_AUTHORITY_HOST: simulator.authorityUrl,
    GRAPH_URL: simulator.graphUrl,
    API_KEYS: `lms:${API_KEY}`,
    ADMIN_KEY,
    LMS_ENDPOINT_URL: simulator.lms.url,
    LMS_ENDPOINT_SECRET: simulator.lms.secret,
    EGRESS_ALLOW: '127.0.0.0/8',
  }
}

function launch(env: NodeJS.ProcessEnv, log: string[]): ChildProcess {
  const main = join(import.meta.dirname, '../src/node.ts')
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => log.push(...text.split('\n').filter(Boolean)))
  }
  return child
}

async function untilReady(child: ChildProcess, url: string, log: string[]): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  while (Date.now() < deadline && isRunning(child)) {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  child.kill('SIGKILL')
  throw new Error(`the service did not start:\n${log.slice(-10).join('\n')}`)
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address && typeof address === 'object') return address.port
  throw new Error('this machine gave no port')
}
