// What is here: certificates, the clock, the store.

import { constants, createPrivateKey, privateDecrypt, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto'
import type { EncryptionCertificate } from '../../src/config.ts'
import type { Conference } from '../../src/domain/conference.ts'
import { messageOf } from '../../src/errors.ts'
import { scrub } from '../../src/log.ts'
import { openStore } from '../../src/store/open-store.ts'
import { type Check, type Finding, fail, ok, skipped, warn } from './finding.ts'

const DAY_MS = 24 * 60 * 60_000
const WARN_DAYS = [3, 14, 30]

/** Each certificate for encrypted notifications: valid, and its key opens what was encrypted for it. */
export const checkCertificate: Check = async ({ config, clock }) => {
  const [newest] = config.encryption
  if (!newest) return ok('not needed: nothing that is watched is encrypted')
  const findings = config.encryption.map((certificate) => examine(certificate, clock()))
  const order = ['fail', 'warn', 'ok', 'skipped']
  return findings.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))[0] ?? skipped('there is none')
}

function examine({ id, certificate, privateKey }: EncryptionCertificate, now: number): Finding {
  const x509 = new X509Certificate(Buffer.from(certificate, 'base64'))
  const name = id.slice(0, 8)
  const days = Math.floor((Date.parse(x509.validTo) - now) / DAY_MS)
  const rotate = 'Make another with npm run certificate and put it first.'
  if (days < 0) return fail(`certificate ${name} expired on ${x509.validTo}`, rotate)
  if (Date.parse(x509.validFrom) > now) return fail(`certificate ${name} is not valid before ${x509.validFrom}`, rotate)
  if (!opens(x509, privateKey)) {
    return fail(
      `the key does not fit certificate ${name}`,
      'GRAPH_PRIVATE_KEY_PATH must name the keys in the order of the certificates.',
    )
  }
  const due = WARN_DAYS.find((limit) => days < limit)
  return due
    ? warn(`certificate ${name} ends in ${days} days`, rotate)
    : ok(`certificate ${name} is good for ${days} days`)
}

/** As Graph encrypts the key of a notification. */
function opens({ publicKey }: X509Certificate, privateKey: string): boolean {
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
  const secret = randomBytes(32)
  try {
    const wrapped = publicEncrypt({ key: publicKey, ...padding }, secret)
    return privateDecrypt({ key: createPrivateKey(privateKey), ...padding }, wrapped).equals(secret)
  } catch {
    return false
  }
}

const BAD_SKEW_MS = 300_000
const ODD_SKEW_MS = 30_000

/** Our clock against Graph's: tokens and signatures carry times. */
export const checkClock: Check = async ({ config, fetch, clock }) => {
  const answer = await fetch(`${config.graphUrl}/v1.0/$metadata`, {
    method: 'HEAD',
    signal: AbortSignal.timeout(10_000),
  })
  const date = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isNaN(date)) return warn('Graph did not say what time it is', 'Compare the clock of this machine by hand.')
  const seconds = Math.round((clock() - date) / 1000)
  const found = `the clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} Graph's`
  if (Math.abs(seconds * 1000) > BAD_SKEW_MS)
    return fail(found, 'Synchronise the clock (NTP): tokens and signatures fail.')
  return Math.abs(seconds * 1000) > ODD_SKEW_MS ? warn(found, 'Synchronise the clock (NTP).') : ok(found)
}

/** Whether something can be written to the store, read and taken away again. */
export const checkStore: Check = async ({ config, clock }) => {
  const kind = config.databaseUrl.split(':')[0]
  try {
    const store = await openStore(config.databaseUrl, clock)
    try {
      await store.open()
      const probe = probeAt(new Date(clock()).toISOString())
      await store.conferences.insert(probe)
      const stored = await store.conferences.get(probe.id)
      const isGone = stored && (await store.conferences.remove(probe.id, stored.version))
      if (isGone) return ok(`${kind} takes what is written`)
      return fail(`${kind} does not keep what is written`, 'Look at the database.')
    } finally {
      await store.close()
    }
  } catch (error) {
    const path = kind === 'sqlite' ? 'The directory must be there and writable.' : 'See that the server can be reached.'
    return fail(`${kind} cannot be written to: ${scrub(messageOf(error))}`, `Check DATABASE_URL. ${path}`)
  }
}

/** A conference that nobody has, for a moment. */
function probeAt(now: string): Conference {
  return {
    id: `doctor-${crypto.randomUUID()}`,
    title: 'Doctor',
    startsAt: now,
    endsAt: now,
    organizerId: null,
    organizerEmail: null,
    joinUrl: null,
    joinUrlKey: null,
    onlineMeetingId: null,
    courseId: null,
    metadata: {},
    meeting: null,
    createdAt: now,
    updatedAt: now,
  }
}
