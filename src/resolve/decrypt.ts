// https://learn.microsoft.com/graph/change-notifications-with-resource-data#decrypting-resource-data-from-change-notifications

import { constants, createDecipheriv, createHmac, createPrivateKey, privateDecrypt, timingSafeEqual } from 'node:crypto'
import type { EncryptionCertificate } from '../config.ts'
import type { EncryptedContent } from '../domain/notification.ts'
import { RelayError } from '../errors.ts'

const IV_BYTES = 16

/**
 * The resource that a notification carries. The signature is checked over the encrypted bytes, and nothing is
 * decrypted before it is right.
 *
 * @throws RelayError `notification_undecryptable` (bury)
 */
export function decryptContent(content: EncryptedContent, certificates: EncryptionCertificate[]): unknown {
  const certificate = certificates.find(({ id }) => id === content.encryptionCertificateId)
  if (!certificate)
    throw undecryptable(`no private key is configured for certificate "${content.encryptionCertificateId}"`)
  const key = unwrapKey(content.dataKey, certificate.privateKey)
  const data = Buffer.from(content.data, 'base64')
  const expected = createHmac('sha256', key).update(data).digest()
  const given = Buffer.from(content.dataSignature, 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw undecryptable('its signature is wrong')
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, IV_BYTES))
    return JSON.parse(decipher.update(data, undefined, 'utf8') + decipher.final('utf8'))
  } catch {
    throw undecryptable('its data is damaged')
  }
}

function unwrapKey(dataKey: string, privateKey: string): Buffer {
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    return privateDecrypt(
      { key: createPrivateKey(privateKey), padding, oaepHash: 'sha1' },
      Buffer.from(dataKey, 'base64'),
    )
  } catch {
    throw undecryptable('its key was not made for our certificate')
  }
}

function undecryptable(reason: string): RelayError {
  return new RelayError('notification_undecryptable', 'bury', `An encrypted notification cannot be read: ${reason}.`)
}
