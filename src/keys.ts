// Everything that APP_SECRET protects has a key of its own, derived from it. Keys of the previous secret come second
// and are accepted, never used for anything new.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { RelayError } from './errors.ts'

export interface Keys {
  clientState: Buffer[]
  grant: Buffer[]
  cookie: Buffer[]
  seal: Buffer[]
}

export function deriveKeys(appSecret: string, appSecretPrevious: string | null): Keys {
  const secrets = appSecretPrevious ? [appSecret, appSecretPrevious] : [appSecret]
  const derive = (purpose: string) =>
    secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, 'recording-relay', purpose, 32)))
  return { clientState: derive('clientState'), grant: derive('grant'), cookie: derive('cookie'), seal: derive('seal') }
}

/** The key that new things are made with. */
export function newest(keys: Buffer[]): Buffer {
  const [key] = keys
  if (!key) throw new Error('there is always a newest key')
  return key
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Encrypts a secret for the store (AES-256-GCM). */
export function seal(keys: Buffer[], secret: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', newest(keys), nonce)
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** @throws RelayError `seal_broken` (bury): APP_SECRET changed without APP_SECRET_PREVIOUS, or the store was changed */
export function unseal(keys: Buffer[], sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url')
  for (const key of keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      // Another key may fit.
    }
  }
  throw new RelayError(
    'seal_broken',
    'bury',
    'A stored secret cannot be read: set APP_SECRET_PREVIOUS to the secret it was written with, or rotate it.',
  )
}
