// https://learn.microsoft.com/graph/change-notifications-with-resource-data#decrypting-resource-data-from-change-notifications

import { createDecipheriv, createHmac, createPrivateKey, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { EncryptionCertificate } from '../config.ts'
import type { EncryptedContent } from '../domain/notification.ts'
import { RelayError } from '../errors.ts'

const KEY_BYTES = 32
const IV_BYTES = 16
// Operations on one imported key wait for each other; two copies keep two cores busy.
const COPIES = 2

/** Gives the resource that a notification carries. */
export type Decrypt = (content: EncryptedContent) => Promise<unknown>

/**
 * The signature is checked over the encrypted bytes, and nothing is decrypted before it is right. RSA runs on the
 * thread pool, so that answers to Graph do not wait for it.
 *
 * @throws RelayError `notification_undecryptable` (bury) from what it gives
 */
export function createDecrypt(certificates: EncryptionCertificate[]): Decrypt {
  const unwraps = new Map(certificates.map(({ id, privateKey }) => [id, unwrapWith(privateKey)]))
  return async (content) => {
    const unwrap = unwraps.get(content.encryptionCertificateId)
    if (!unwrap) throw undecryptable('no private key is configured for its certificate')
    const key = await unwrap(Buffer.from(content.dataKey, 'base64'))
    const data = Buffer.from(content.data, 'base64')
    const expected = createHmac('sha256', createSecretKey(key)).update(data).digest()
    const given = Buffer.from(content.dataSignature, 'base64')
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw undecryptable('its signature is wrong')
    return readResource(key, data)
  }
}

function readResource(key: Buffer, data: Buffer): unknown {
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, IV_BYTES))
    return JSON.parse(decipher.update(data, undefined, 'utf8') + decipher.final('utf8'))
  } catch {
    throw undecryptable('its data is damaged')
  }
}

function unwrapWith(privateKey: string): (dataKey: Buffer) => Promise<Buffer> {
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-1' }
  const importKey = () => {
    const pkcs8 = createPrivateKey(privateKey).export({ type: 'pkcs8', format: 'der' })
    return crypto.subtle.importKey('pkcs8', Uint8Array.from(pkcs8), algorithm, false, ['decrypt'])
  }
  const copies: ReturnType<typeof importKey>[] = []
  let turn = 0
  return async (dataKey) => {
    turn = (turn + 1) % COPIES
    copies[turn] ??= importKey()
    try {
      const key = Buffer.from(
        await crypto.subtle.decrypt(algorithm, await (copies[turn] ?? importKey()), Uint8Array.from(dataKey)),
      )
      if (key.length === KEY_BYTES) return key
    } catch {
      // Said below, for a wrong key and a wrong length alike.
    }
    throw undecryptable('its key was not made for our certificate')
  }
}

function undecryptable(reason: string): RelayError {
  return new RelayError('notification_undecryptable', 'bury', `An encrypted notification cannot be read: ${reason}.`)
}
