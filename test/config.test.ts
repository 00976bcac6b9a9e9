import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'
import { ConfigError } from '../src/config-values.ts'
import { VARIABLES } from '../src/config-variables.ts'

const ENVIRONMENT = {
  PUBLIC_URL: 'https://relay.example.edu/',
  APP_SECRET: 'a secret that has at least 32 bytes',
  AZURE_TENANT_ID: '11111111-1111-1111-1111-111111111111',
  AZURE_CLIENT_ID: '22222222-2222-2222-2222-222222222222',
  AZURE_CLIENT_SECRET: 'client secret',
}

function noFile(path: string): string {
  throw new Error(`no such file: ${path}`)
}

function read(changes: Record<string, string | undefined> = {}) {
  return readConfig({ ...ENVIRONMENT, ...changes }, noFile)
}

describe('configuration', () => {
  it('has a default for everything that can have one', () => {
    expect(read()).toMatchObject({
      publicUrl: 'https://relay.example.edu',
      host: '0.0.0.0',
      port: 8080,
      databaseUrl: 'sqlite:./data/relay.db',
      graphUrl: 'https://graph.microsoft.com',
      watch: ['drive', 'callRecords'],
      sweepIntervalMs: 900_000,
      renewAt: 0.5,
      inboxLeaseMs: 60_000,
      deliveryTimeoutMs: 15_000,
      grantTtlMs: 14_400_000,
    })
    expect(read().deliveryScheduleMs).toHaveLength(10)
  })

  it.each([
    ['PUBLIC_URL', { PUBLIC_URL: undefined }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://relay.example.edu' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://relay.example.edu/?x=1' }],
    ['APP_SECRET', { APP_SECRET: 'short' }],
    ['APP_SECRET_PREVIOUS', { APP_SECRET_PREVIOUS: 'short' }],
    ['AZURE_TENANT_ID', { AZURE_TENANT_ID: '  ' }],
    ['AZURE_CLIENT_SECRET', { AZURE_CLIENT_SECRET: undefined }],
    ['AZURE_CLIENT_SECRET', { AZURE_USE_MANAGED_IDENTITY: 'true' }],
    ['AZURE_CLIENT_CERTIFICATE_PATH', { AZURE_CLIENT_SECRET: undefined, AZURE_CLIENT_CERTIFICATE_PATH: '/none.pem' }],
    ['GRAPH_URL', { GRAPH_URL: 'http://graph.example.com' }],
    ['PORT', { PORT: 'eighty' }],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://x' }],
    ['WATCH', { WATCH: 'drives,everything' }],
    ['GRAPH_CERTIFICATE_PATH', { WATCH: 'recordings' }],
    ['GRAPH_PRIVATE_KEY_PATH', { GRAPH_CERTIFICATE_PATH: 'a.pem' }],
    ['API_KEYS', { API_KEYS: 'moodle:tooshort' }],
    ['API_KEYS', { API_KEYS: 'keywithoutanamebutlongenough' }],
    ['ADMIN_KEY', { ADMIN_KEY: 'tooshort' }],
    ['LMS_ENDPOINT_SECRET', { LMS_ENDPOINT_URL: 'https://lms.example.edu/hook' }],
    ['LMS_ENDPOINT_SECRET', { LMS_ENDPOINT_URL: 'https://lms.example.edu/hook', LMS_ENDPOINT_SECRET: 'whsec_YWJj' }],
    ['EGRESS_ALLOW', { EGRESS_ALLOW: '10.0.0.1' }],
    ['DELIVERY_SCHEDULE', { DELIVERY_SCHEDULE: '0s,soon' }],
    ['RENEW_AT', { RENEW_AT: '1.5' }],
    ['INBOX_LEASE', { INBOX_LEASE: '10s' }],
    ['INBOX_LEASE', { DELIVERY_TIMEOUT: '2m' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
  ])('stops the start with a sentence that names %s', (name, changes) => {
    expect(() => read(changes)).toThrow(ConfigError)
    expect(() => read(changes)).toThrow(new RegExp(`\\b${name}\\b`))
  })

  it('never repeats a secret in its sentences', () => {
    expect(() => read({ APP_SECRET: 'hunter2' })).not.toThrow(/hunter2/)
    expect(() => read({ API_KEYS: 'moodle:hunter2' })).not.toThrow(/hunter2/)
  })

  it('accepts plain http on loopback only', () => {
    expect(read({ PUBLIC_URL: 'http://127.0.0.1:8080' }).publicUrl).toBe('http://127.0.0.1:8080')
    expect(read({ GRAPH_URL: 'http://localhost:9' }).graphUrl).toBe('http://localhost:9')
  })

  it.each(['.env.example', 'README.md'])('is the same in %s', (file) => {
    const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8')
    for (const [name, variable] of Object.entries(VARIABLES)) {
      expect(text).toContain(name)
      if ('default' in variable) expect(text).toContain(variable.default)
    }
  })
})
