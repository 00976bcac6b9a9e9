// https://learn.microsoft.com/graph/change-notifications-with-resource-data

import { constants, createCipheriv, createHmac, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto'

export interface Encrypted {
  data: string
  dataSignature: string
  dataKey: string
  encryptionCertificateId: string
  encryptionCertificateThumbprint: string
}

/** A resource as a rich notification carries it: a fresh key for each, wrapped for the subscriber's certificate. */
export function encryptResource(resource: unknown, certificate: string, certificateId: string): Encrypted {
  const x509 = new X509Certificate(Buffer.from(certificate, 'base64'))
  const key = randomBytes(32)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16))
  const data = Buffer.concat([cipher.update(JSON.stringify(resource), 'utf8'), cipher.final()])
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return {
    data: data.toString('base64'),
    dataSignature: createHmac('sha256', key).update(data).digest('base64'),
    dataKey: publicEncrypt({ key: x509.publicKey, padding, oaepHash: 'sha1' }, key).toString('base64'),
    encryptionCertificateId: certificateId,
    encryptionCertificateThumbprint: x509.fingerprint.replaceAll(':', ''),
  }
}
