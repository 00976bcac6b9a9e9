import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { examine, type Report } from '../../scripts/doctor/examine.ts'
import { environmentFor } from '../../scripts/service-process.ts'
import { type Listening, listen } from '../../src/simulator/listen.ts'
import type { Person } from '../../src/simulator/people.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { type Relay, startRelay } from '../relay.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')

let simulator: Simulator
let relay: Relay
let account: Person
let other: Listening | undefined

beforeEach(async () => {
  simulator = await startSimulator()
  account = simulator.world.addPerson({ displayName: 'Recordings', email: 'recordings@example.edu' })
  relay = await startRelay(simulator)
})

afterEach(async () => {
  await other?.close()
  other = undefined
  await relay.stop()
  await simulator.stop()
})

function readFile(path: string): string {
  return readFileSync(join(FIXTURES, path), 'utf8')
}

async function ask(changes: Record<string, string> = {}, clock = () => simulator.clock.now()): Promise<Report> {
  const environment = {
    ...environmentFor(simulator, relay.url),
    DATABASE_URL: 'sqlite::memory:',
    WATCH: 'drives,callRecords,recordings,transcripts',
    TEAMS_RECORDING_ADMIN_EMAIL: account.email,
    GRAPH_CERTIFICATE_PATH: 'current-certificate.pem',
    GRAPH_PRIVATE_KEY_PATH: 'current-key.pem',
    ...changes,
  }
  return examine({ environment, readFile, fetch, clock, organizer: null })
}

function of(report: Report, name: string) {
  return report.checks.find((check) => check.name === name)
}

/** Somebody else who listens at our public address. */
async function stranger(): Promise<string> {
  other = await listen(() => new Response('<html>It works!</html>'))
  return other.url
}

describe('the doctor', () => {
  it('finds nothing where all is well', async () => {
    const { ok, checks } = await ask()
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(checks.map(({ name }) => name)).toEqual([
      'configuration',
      'token',
      'roles',
      'drive',
      'access policy',
      'public address',
      'certificate',
      'clock',
      'store',
    ])
    expect(ok).toBe(true)
  })

  const faults: [string, string, RegExp, () => Promise<Report> | Report][] = [
    ['a variable that is wrong', 'configuration', /WATCH/, () => ask({ WATCH: 'everything' })],
    ['a wrong secret', 'token', /AADSTS7000215/, () => ask({ AZURE_CLIENT_SECRET: 'another secret' })],
    ['a wrong client', 'token', /AADSTS700016/, () => ask({ AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000000' })],
    ['a wrong tenant', 'token', /AADSTS90002/, () => ask({ AZURE_TENANT_ID: '00000000-0000-0000-0000-000000000000' })],
    [
      'a missing permission',
      'roles',
      /CallRecords\.Read\.All/,
      () => {
        simulator.world.roles.delete('CallRecords.Read.All')
        return ask()
      },
    ],
    [
      'an account without a drive',
      'drive',
      /no such drive/,
      () => ask({ TEAMS_RECORDING_ADMIN_EMAIL: 'no@example.edu' }),
    ],
    [
      'a missing access policy',
      'access policy',
      /no application access policy/,
      () => {
        account.accessPolicy = false
        return ask()
      },
    ],
    [
      'nobody at the public address',
      'public address',
      /nobody answers/,
      () => ask({ PUBLIC_URL: 'http://127.0.0.1:9' }),
    ],
    [
      'a stranger at the public address',
      'public address',
      /not the handshake/,
      async () => ask({ PUBLIC_URL: await stranger() }),
    ],
    [
      'an expired certificate',
      'certificate',
      /expired/,
      () => {
        simulator.clock.set(new Date('2127-01-01T00:00:00Z'))
        return ask()
      },
    ],
    [
      'a key of another certificate',
      'configuration',
      /GRAPH_PRIVATE_KEY_PATH/,
      () => ask({ GRAPH_PRIVATE_KEY_PATH: 'previous-key.pem' }),
    ],
    ['a clock that is wrong', 'clock', /ahead of Graph/, () => ask({}, () => simulator.clock.now() + 600_000)],
    [
      'a store that cannot be written',
      'store',
      /cannot be written/,
      () => ask({ DATABASE_URL: `sqlite:${join(FIXTURES, 'current-key.pem', 'relay.db')}` }),
    ],
  ]

  it.each(faults)('names %s', async (_what, name, found, order) => {
    const report = await order()
    expect(report.ok).toBe(false)
    const check = of(report, name)
    expect(check).toMatchObject({ state: 'fail', found: expect.stringMatching(found) })
    expect(check?.todo.length).toBeGreaterThan(20)
    const text = JSON.stringify(report)
    expect(text).not.toContain(simulator.clientSecret)
    expect(text).not.toMatch(/eyJ|PRIVATE KEY/)
  })

  it('warns of permissions that nobody needs, and of a certificate that ends soon', async () => {
    simulator.world.roles.add('Sites.FullControl.All')
    expect(of(await ask(), 'roles')).toMatchObject({ state: 'warn', found: expect.stringContaining('FullControl') })
  })

  it('goes on where one check fails, and says what it left out', async () => {
    const report = await ask({ AZURE_CLIENT_SECRET: 'another secret' })
    expect(of(report, 'drive')).toMatchObject({ state: 'skipped' })
    expect(of(report, 'public address')).toMatchObject({ state: 'ok' })
    expect(of(report, 'store')).toMatchObject({ state: 'ok' })
  })
})
