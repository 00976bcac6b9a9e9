// Proof that an encrypted notification comes from Microsoft Graph, for us, about this tenant.
// https://learn.microsoft.com/graph/change-notifications-with-resource-data#validating-the-authenticity-of-notifications

import { createRemoteJWKSet, customFetch, decodeJwt, type JWTPayload, jwtVerify } from 'jose'
import type { AzureConfig } from '../config.ts'
import { messageOf, RelayError } from '../errors.ts'

/** Microsoft Graph Change Tracking, the app that signs them. */
const PUBLISHER = '0bf30f3b-4a52-48df-9a82-234910c4a086'

// Microsoft rotates them about daily, and a token with an unknown key has them read again, but not for every forgery.
const KEYS_KEPT_MS = 6 * 60 * 60_000
const KEYS_ASKED_AT_MOST_EVERY_MS = 60_000

/** Resolves where one of the tokens vouches for the tenant, as seen at the time it was received. */
export type TokenVerifier = (tokens: string[], tenantId: string, receivedAt: Date) => Promise<void>

/** @throws RelayError `notification_unproven` (bury) from the verifier */
export function validationTokenVerifier(azure: AzureConfig, fetch: typeof globalThis.fetch): TokenVerifier {
  const keySet = (path: string) =>
    createRemoteJWKSet(new URL(`${azure.authorityHost}${path}`), {
      [customFetch]: fetch,
      cacheMaxAge: KEYS_KEPT_MS,
      cooldownDuration: KEYS_ASKED_AT_MOST_EVERY_MS,
    })
  const versions = {
    '1.0': {
      keys: keySet('/common/discovery/keys'),
      issuer: (tid: string) => `https://sts.windows.net/${tid}/`,
      app: 'appid',
    },
    '2.0': {
      keys: keySet('/common/discovery/v2.0/keys'),
      issuer: (tid: string) => `${azure.authorityHost}/${tid}/v2.0`,
      app: 'azp',
    },
  }

  async function verify(token: string, tenantId: string, currentDate: Date): Promise<void> {
    const version = decodeJwt(token).ver === '1.0' ? versions['1.0'] : versions['2.0']
    const { payload } = await jwtVerify(token, version.keys, {
      algorithms: ['RS256'],
      audience: azure.clientId,
      issuer: version.issuer(tenantId),
      currentDate,
      clockTolerance: 60,
      requiredClaims: ['exp'],
    })
    if (claim(payload, 'tid') !== tenantId) throw new Error('the token is for another tenant')
    if (claim(payload, version.app) !== PUBLISHER) throw new Error('the token was issued to another app')
  }

  return async (tokens, tenantId, receivedAt) => {
    const failures: string[] = []
    for (const token of tokens) {
      try {
        await verify(token, tenantId, receivedAt)
        return
      } catch (error) {
        if (isOutage(error))
          throw new RelayError('keys_unreachable', 'retry', 'The signing keys cannot be read now.', { cause: error })
        failures.push(messageOf(error))
      }
    }
    const reason =
      failures.join('; ') || 'there is none; set appRoleAssignmentRequired to false on the service principal'
    throw new RelayError(
      'notification_unproven',
      'bury',
      `No validation token vouches for the notification: ${reason}.`,
    )
  }
}

function claim(payload: JWTPayload, name: string): unknown {
  return payload[name]
}

/** The keys could not be fetched, which says nothing about the token. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  return code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC' || error instanceof TypeError
}
