// How single values of the environment are read. Each says what it should be, and never repeats a secret.

import ipaddr from 'ipaddr.js'
import type { Variable } from './config-variables.ts'

export class ConfigError extends Error {
  override name = 'ConfigError'
}

export function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}

export function readUrl(name: Variable, value: string): string {
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

export function readPort(value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(`PORT must be 0 to 65535, not "${value}".`)
  return port
}

export function readDatabaseUrl(value: string): string {
  if (/^(mongodb(\+srv)?:\/\/|sqlite:).+/.test(value)) return value
  throw new ConfigError('DATABASE_URL must begin with mongodb://, mongodb+srv:// or sqlite: followed by a path.')
}

export function readSecret(name: Variable, value: string): string {
  if (Buffer.byteLength(value) >= 32) return value
  throw new ConfigError(`${name} must have at least 32 bytes; it has ${Buffer.byteLength(value)}.`)
}

export function readKey(name: Variable, value: string): string {
  if (value.length >= 24) return value
  throw new ConfigError(`${name} must have at least 24 characters; it has ${value.length}.`)
}

export function readCidrs(value: string | undefined): string[] {
  return list(value ?? '').map((cidr) => {
    if (!ipaddr.isValidCIDR(cidr)) throw new ConfigError(`EGRESS_ALLOW must be a list of CIDRs; "${cidr}" is none.`)
    return cidr
  })
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function readDuration(name: Variable, value: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(value) ?? []
  const factor = UNITS[unit ?? '']
  if (!amount || !factor)
    throw new ConfigError(`${name} takes lengths of time such as 500ms, 15s, 5m or 2h; not "${value}".`)
  return Number(amount) * factor
}

export function readShare(name: Variable, value: string): number {
  const share = Number(value)
  if (share > 0 && share < 1) return share
  throw new ConfigError(`${name} must be a number between 0 and 1, not "${value}".`)
}

export function readLogLevel(value: string): string {
  const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
  if (levels.includes(value)) return value
  throw new ConfigError(`LOG_LEVEL must be one of ${levels.join(', ')}; not "${value}".`)
}
