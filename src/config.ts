// The one place that reads the environment. A wrong value stops the start with a sentence that names the variable.

import { createPublicKey, X509Certificate } from 'node:crypto'
import {
  ConfigError,
  list,
  readCidrs,
  readDatabaseUrl,
  readDuration,
  readKey,
  readLogLevel,
  readPort,
  readSecret,
  readShare,
  readUrl,
} from './config-values.ts'
import { VARIABLES, type Variable } from './config-variables.ts'
import type { SubscriptionKind } from './domain/subscription.ts'

export interface Config {
  /** Without a slash at its end. */
  publicUrl: string
  host: string
  port: number
  databaseUrl: string
  appSecret: string
  appSecretPrevious: string | null
  azure: AzureConfig
  graphUrl: string
  recordingAdminEmail: string | null
  driveId: string | null
  watch: SubscriptionKind[]
  /** Newest first. */
  encryption: EncryptionCertificate[]
  apiKeys: { name: string; key: string }[]
  adminKey: string | null
  firstEndpoint: { url: string; secret: string } | null
  egressAllow: string[]
  deliveryScheduleMs: number[]
  sweepIntervalMs: number
  /** Share of a subscription's life, from 0 to 1. */
  renewAt: number
  inboxLeaseMs: number
  deliveryTimeoutMs: number
  grantTtlMs: number
  logLevel: string
}

export interface AzureConfig {
  tenantId: string
  clientId: string
  credential: AzureCredential
  authorityHost: string
}

export type AzureCredential =
  | { kind: 'secret'; secret: string }
  | { kind: 'certificate'; pem: string }
  | { kind: 'managedIdentity' }

export interface EncryptionCertificate {
  /** The SHA-256 fingerprint of the certificate: Graph hands it back with what it encrypted. */
  id: string
  /** DER as base64, as Graph takes it. */
  certificate: string
  privateKey: string
  expiresAt: string
}

export type Environment = Partial<Record<string, string>>

/** Deadline of one request to Graph, in ms; an inbox lease has to outlive it. */
export const GRAPH_TIMEOUT_MS = 20_000
const LEASE_MARGIN_MS = 5_000

/**
 * Gives the configuration that the environment describes.
 *
 * @param readFile reads a PEM file as text; an argument, because not every runtime has files
 * @throws ConfigError a sentence that names the variable and what it should be
 */
export function readConfig(environment: Environment, readFile: (path: string) => string): Config {
  const read = (name: Variable) => environment[name]?.trim() || defaultOf(name)
  const config: Config = {
    publicUrl: readUrl('PUBLIC_URL', required(read, 'PUBLIC_URL')),
    host: required(read, 'HOST'),
    port: readPort(required(read, 'PORT')),
    databaseUrl: readDatabaseUrl(required(read, 'DATABASE_URL')),
    appSecret: readSecret('APP_SECRET', required(read, 'APP_SECRET')),
    appSecretPrevious: optional(read('APP_SECRET_PREVIOUS'), (value) => readSecret('APP_SECRET_PREVIOUS', value)),
    azure: {
      tenantId: required(read, 'AZURE_TENANT_ID'),
      clientId: required(read, 'AZURE_CLIENT_ID'),
      credential: readCredential(read, readFile),
      authorityHost: readUrl('AZURE_AUTHORITY_HOST', required(read, 'AZURE_AUTHORITY_HOST')),
    },
    graphUrl: readUrl('GRAPH_URL', required(read, 'GRAPH_URL')),
    recordingAdminEmail: read('TEAMS_RECORDING_ADMIN_EMAIL') ?? null,
    driveId: read('TEAMS_ONEDRIVE_DRIVE_ID') ?? null,
    watch: readWatch(required(read, 'WATCH')),
    encryption: readEncryption(read, readFile),
    apiKeys: readApiKeys(read('API_KEYS')),
    adminKey: optional(read('ADMIN_KEY'), (value) => readKey('ADMIN_KEY', value)),
    firstEndpoint: readFirstEndpoint(read),
    egressAllow: readCidrs(read('EGRESS_ALLOW')),
    deliveryScheduleMs: list(required(read, 'DELIVERY_SCHEDULE')).map((step) =>
      readDuration('DELIVERY_SCHEDULE', step),
    ),
    sweepIntervalMs: readDuration('SWEEP_INTERVAL', required(read, 'SWEEP_INTERVAL')),
    renewAt: readShare('RENEW_AT', required(read, 'RENEW_AT')),
    inboxLeaseMs: readDuration('INBOX_LEASE', required(read, 'INBOX_LEASE')),
    deliveryTimeoutMs: readDuration('DELIVERY_TIMEOUT', required(read, 'DELIVERY_TIMEOUT')),
    grantTtlMs: readDuration('GRANT_TTL', required(read, 'GRANT_TTL')),
    logLevel: readLogLevel(required(read, 'LOG_LEVEL')),
  }
  checkLease(config)
  checkEncryption(config)
  return config
}

type Read = (name: Variable) => string | undefined

function defaultOf(name: Variable): string | undefined {
  const variable = VARIABLES[name]
  return 'default' in variable ? variable.default : undefined
}

function required(read: Read, name: Variable): string {
  const value = read(name)
  if (value === undefined) throw new ConfigError(`${name} is missing: ${VARIABLES[name].meaning}.`)
  return value
}

function optional<T>(value: string | undefined, parse: (value: string) => T): T | null {
  return value === undefined ? null : parse(value)
}

function readCredential(read: Read, readFile: (path: string) => string): AzureCredential {
  const secret = read('AZURE_CLIENT_SECRET')
  const path = read('AZURE_CLIENT_CERTIFICATE_PATH')
  const managed = read('AZURE_USE_MANAGED_IDENTITY') === 'true'
  if ([secret, path, managed].filter(Boolean).length !== 1) {
    throw new ConfigError(
      'Set one of AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH and AZURE_USE_MANAGED_IDENTITY=true, and only one.',
    )
  }
  if (secret) return { kind: 'secret', secret }
  if (path) return { kind: 'certificate', pem: readPem('AZURE_CLIENT_CERTIFICATE_PATH', path, readFile) }
  return { kind: 'managedIdentity' }
}

function readPem(name: Variable, path: string, readFile: (path: string) => string): string {
  try {
    const pem = readFile(path)
    if (pem.includes('-----BEGIN ')) return pem
  } catch (cause) {
    throw new ConfigError(`${name} names a file that cannot be read: ${path}.`, { cause })
  }
  throw new ConfigError(`${name} must name a PEM file; ${path} is none.`)
}

function readWatch(value: string): SubscriptionKind[] {
  const kinds: Record<string, SubscriptionKind> = {
    drives: 'drive',
    callRecords: 'callRecords',
    recordings: 'recordings',
    transcripts: 'transcripts',
  }
  return list(value).map((word) => {
    const kind = kinds[word]
    if (!kind) throw new ConfigError(`WATCH knows ${Object.keys(kinds).join(', ')}; not "${word}".`)
    return kind
  })
}

function readEncryption(read: Read, readFile: (path: string) => string): EncryptionCertificate[] {
  const certificates = list(read('GRAPH_CERTIFICATE_PATH') ?? '')
  const keys = list(read('GRAPH_PRIVATE_KEY_PATH') ?? '')
  if (certificates.length !== keys.length) {
    throw new ConfigError(
      'GRAPH_CERTIFICATE_PATH and GRAPH_PRIVATE_KEY_PATH must name equally many files, in one order.',
    )
  }
  return certificates.map((path, index) => {
    const certificate = new X509Certificate(readPem('GRAPH_CERTIFICATE_PATH', path, readFile))
    const privateKey = readPem('GRAPH_PRIVATE_KEY_PATH', keys[index] ?? '', readFile)
    checkCertificate(certificate, privateKey, path)
    return {
      id: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      certificate: certificate.raw.toString('base64'),
      privateKey,
      expiresAt: new Date(certificate.validTo).toISOString(),
    }
  })
}

/** https://learn.microsoft.com/graph/change-notifications-with-resource-data#creating-a-subscription */
function checkCertificate({ publicKey }: X509Certificate, privateKey: string, path: string): void {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (publicKey.asymmetricKeyType !== 'rsa' || bits < 2_048 || bits > 4_096)
    throw new ConfigError(`GRAPH_CERTIFICATE_PATH must name certificates with RSA keys of 2048 to 4096 bits: ${path}.`)
  const derived = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  if (!derived.equals(publicKey.export({ type: 'spki', format: 'der' })))
    throw new ConfigError(
      `GRAPH_PRIVATE_KEY_PATH must name the private key of each certificate; that of ${path} does not fit.`,
    )
}

function readApiKeys(value: string | undefined): Config['apiKeys'] {
  return list(value ?? '').map((pair) => {
    const separator = pair.indexOf(':')
    if (separator < 1) throw new ConfigError('API_KEYS must be a list of name:key pairs, separated by commas.')
    return { name: pair.slice(0, separator), key: readKey('API_KEYS', pair.slice(separator + 1)) }
  })
}

function readFirstEndpoint(read: Read): Config['firstEndpoint'] {
  const url = read('LMS_ENDPOINT_URL')
  const secret = read('LMS_ENDPOINT_SECRET')
  if (!url && !secret) return null
  if (!url || !secret) throw new ConfigError('LMS_ENDPOINT_URL and LMS_ENDPOINT_SECRET must be set together.')
  if (!URL.canParse(url)) throw new ConfigError('LMS_ENDPOINT_URL must be a web address.')
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length
  if (bytes < 24 || bytes > 64) {
    throw new ConfigError('LMS_ENDPOINT_SECRET must be whsec_ and the base64 of 24 to 64 random bytes.')
  }
  return { url, secret }
}

function checkLease({ inboxLeaseMs, deliveryTimeoutMs }: Config): void {
  const needed = Math.max(deliveryTimeoutMs, GRAPH_TIMEOUT_MS) + LEASE_MARGIN_MS
  if (inboxLeaseMs >= needed) return
  throw new ConfigError(
    `INBOX_LEASE must be at least ${needed / 1000}s: a lease has to outlive the deadlines inside it.`,
  )
}

function checkEncryption({ watch, encryption }: Config): void {
  const rich = watch.includes('recordings') || watch.includes('transcripts')
  if (!rich || encryption.length > 0) return
  throw new ConfigError(
    'WATCH with recordings or transcripts needs GRAPH_CERTIFICATE_PATH and GRAPH_PRIVATE_KEY_PATH: Graph encrypts them.',
  )
}
