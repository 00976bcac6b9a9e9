// The one place that reads the environment. A wrong value stops the start with a sentence that names the variable.

import { X509Certificate } from 'node:crypto'
import ipaddr from 'ipaddr.js'
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
}

/** Every variable, its default and what it means; `.env.example` and the README are held against this list. */
export const VARIABLES = {
  PUBLIC_URL: { meaning: 'https address under which Graph and viewers reach us (http only on loopback)' },
  HOST: { default: '0.0.0.0', meaning: 'where we listen' },
  PORT: { default: '8080', meaning: 'where we listen' },
  DATABASE_URL: { default: 'sqlite:./data/relay.db', meaning: 'mongodb://, mongodb+srv:// or sqlite:PATH' },
  APP_SECRET: { meaning: 'at least 32 bytes; clientState, grants, cookies and secrets at rest are keyed from it' },
  APP_SECRET_PREVIOUS: { meaning: 'the secret before this one, during a rotation' },
  AZURE_TENANT_ID: { meaning: 'the tenant of the app registration' },
  AZURE_CLIENT_ID: { meaning: 'the app registration' },
  AZURE_CLIENT_SECRET: { meaning: 'a client secret of the app registration' },
  AZURE_CLIENT_CERTIFICATE_PATH: { meaning: 'PEM with key and certificate, instead of the secret' },
  AZURE_USE_MANAGED_IDENTITY: { meaning: 'true: the managed identity of the machine, instead of both' },
  AZURE_AUTHORITY_HOST: { default: 'https://login.microsoftonline.com', meaning: 'sign-in host of a national cloud' },
  GRAPH_URL: { default: 'https://graph.microsoft.com', meaning: 'Graph host of a national cloud' },
  TEAMS_RECORDING_ADMIN_EMAIL: { meaning: 'the account whose OneDrive holds the recordings (service-account set-up)' },
  TEAMS_ONEDRIVE_DRIVE_ID: { meaning: 'the drive that holds the recordings, where it is known' },
  WATCH: { default: 'drives,callRecords', meaning: 'what is watched; also recordings and transcripts' },
  GRAPH_CERTIFICATE_PATH: { meaning: 'PEM certificates for encrypted notifications, newest first' },
  GRAPH_PRIVATE_KEY_PATH: { meaning: 'PEM private keys, in the order of the certificates' },
  API_KEYS: { meaning: 'name:key,... for LMS systems; a key has at least 24 characters' },
  ADMIN_KEY: { meaning: 'signs a person in at /admin; at least 24 characters' },
  LMS_ENDPOINT_URL: { meaning: 'a first endpoint, made at start-up if it is not there' },
  LMS_ENDPOINT_SECRET: { meaning: 'its Standard Webhooks secret (whsec_...)' },
  EGRESS_ALLOW: { meaning: 'CIDRs that endpoints may reach though they are private (on-premise LMS)' },
  DELIVERY_SCHEDULE: { default: '0s,5s,5m,30m,2h,5h,10h,14h,20h,24h', meaning: 'attempts of a delivery' },
  SWEEP_INTERVAL: { default: '15m', meaning: 'how often every drive is swept' },
  RENEW_AT: { default: '0.5', meaning: "share of a subscription's life after which it is renewed" },
  INBOX_LEASE: { default: '60s', meaning: 'how long a worker holds an entry; longer than every deadline inside it' },
  DELIVERY_TIMEOUT: { default: '15s', meaning: 'deadline of one attempt' },
  GRANT_TTL: { default: '4h', meaning: 'default life of a grant' },
  LOG_LEVEL: { default: 'info', meaning: 'fatal, error, warn, info, debug, trace or silent' },
} as const satisfies Record<string, { default?: string; meaning: string }>

export type Variable = keyof typeof VARIABLES
export type Environment = Partial<Record<string, string>>

/** Deadline of one request to Graph, in ms; an inbox lease has to outlive it. */
export const GRAPH_TIMEOUT_MS = 20_000
const LEASE_MARGIN_MS = 5_000

export class ConfigError extends Error {
  override name = 'ConfigError'
}

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

function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}

function readUrl(name: Variable, value: string): string {
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new ConfigError(`${name} must be an https address, not "${value}".`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new ConfigError(`${name} must use https; plain http is accepted on loopback only, not for "${url.hostname}".`)
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new ConfigError(`${name} must be a plain address without user, query or fragment.`)
  }
  return value.replace(/\/+$/, '')
}

/** Whether a URL's host name is this machine itself. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function readPort(value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(`PORT must be 0 to 65535, not "${value}".`)
  return port
}

function readDatabaseUrl(value: string): string {
  if (/^(mongodb(\+srv)?:\/\/|sqlite:).+/.test(value)) return value
  throw new ConfigError('DATABASE_URL must begin with mongodb://, mongodb+srv:// or sqlite: followed by a path.')
}

function readSecret(name: Variable, value: string): string {
  if (Buffer.byteLength(value) >= 32) return value
  throw new ConfigError(`${name} must have at least 32 bytes; it has ${Buffer.byteLength(value)}.`)
}

function readKey(name: Variable, value: string): string {
  if (value.length >= 24) return value
  throw new ConfigError(`${name} must have at least 24 characters; it has ${value.length}.`)
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
    return {
      id: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      certificate: certificate.raw.toString('base64'),
      privateKey,
    }
  })
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

function readCidrs(value: string | undefined): string[] {
  return list(value ?? '').map((cidr) => {
    if (!ipaddr.isValidCIDR(cidr)) throw new ConfigError(`EGRESS_ALLOW must be a list of CIDRs; "${cidr}" is none.`)
    return cidr
  })
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function readDuration(name: Variable, value: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(value) ?? []
  const factor = UNITS[unit ?? '']
  if (!amount || !factor)
    throw new ConfigError(`${name} takes lengths of time such as 500ms, 15s, 5m or 2h; not "${value}".`)
  return Number(amount) * factor
}

function readShare(name: Variable, value: string): number {
  const share = Number(value)
  if (share > 0 && share < 1) return share
  throw new ConfigError(`${name} must be a number between 0 and 1, not "${value}".`)
}

function readLogLevel(value: string): string {
  const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
  if (levels.includes(value)) return value
  throw new ConfigError(`LOG_LEVEL must be one of ${levels.join(', ')}; not "${value}".`)
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
