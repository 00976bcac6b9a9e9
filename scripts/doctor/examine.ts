// Every check in its order. One that fails never keeps the others from being made.

import { type Environment, readConfig } from '../../src/config.ts'
import { ConfigError } from '../../src/config-values.ts'
import { messageOf } from '../../src/errors.ts'
import { graphClient } from '../../src/graph/client.ts'
import { msalTokens } from '../../src/graph/token.ts'
import { scrub } from '../../src/log.ts'
import { within } from '../../src/within.ts'
import { type Check, type Finding, fail, ok, type Patient, skipped } from './finding.ts'
import { checkCertificate, checkClock, checkStore } from './here.ts'
import { checkAccessPolicy, checkDrive, checkPublicAddress } from './reach.ts'
import { checkRoles, checkToken } from './token.ts'

export interface DoctorOptions {
  environment: Environment
  readFile: (path: string) => string
  fetch: typeof fetch
  /** Epoch ms. */
  clock: () => number
  organizer: string | null
}

export interface Report {
  ok: boolean
  checks: ({ name: string } & Finding)[]
}

interface NamedCheck {
  name: string
  check: Check
  needsToken?: boolean
}

const CHECKS: NamedCheck[] = [
  { name: 'token', check: checkToken },
  { name: 'roles', check: checkRoles, needsToken: true },
  { name: 'drive', check: checkDrive, needsToken: true },
  { name: 'access policy', check: checkAccessPolicy, needsToken: true },
  { name: 'public address', check: checkPublicAddress },
  { name: 'certificate', check: checkCertificate },
  { name: 'clock', check: checkClock },
  { name: 'store', check: checkStore },
]
const LONGEST_CHECK_MS = 60_000

export async function examine(options: DoctorOptions): Promise<Report> {
  const patient = admit(options)
  if ('state' in patient) {
    const others = CHECKS.map(({ name }) => ({ name, ...skipped('the configuration comes first') }))
    return { ok: false, checks: [{ name: 'configuration', ...patient }, ...others] }
  }
  const checks: Report['checks'] = [{ name: 'configuration', ...ok('complete') }]
  for (const { name, check, needsToken } of CHECKS) {
    const hasToken = checks.find((done) => done.name === 'token')?.state === 'ok'
    const finding = needsToken && !hasToken ? skipped('there is no token') : await make(check, patient)
    checks.push({ name, ...finding })
  }
  return { ok: checks.every(({ state }) => state !== 'fail'), checks }
}

function admit({ environment, readFile, fetch, clock, organizer }: DoctorOptions): Patient | Finding {
  try {
    const config = readConfig(environment, readFile)
    const token = msalTokens(config.azure, config.graphUrl)
    const graph = graphClient({ graphUrl: config.graphUrl, token, clock, fetch })
    return { config, graph, token, fetch, clock, organizer }
  } catch (error) {
    if (error instanceof ConfigError) return fail(error.message, 'Correct this variable; .env.example has them all.')
    throw error
  }
}

async function make(check: Check, patient: Patient): Promise<Finding> {
  try {
    return await within(LONGEST_CHECK_MS, check(patient), () => new Error('it took longer than a minute'))
  } catch (error) {
    return fail(scrub(messageOf(error)), 'This check could not be made; the sentence says why.')
  }
}
