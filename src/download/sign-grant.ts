import { errors, jwtVerify, SignJWT } from 'jose'
import type { Grant } from '../domain/grant.ts'
import { RelayError } from '../errors.ts'
import { newest } from '../keys.ts'

const AUDIENCE = 'recording-relay:content'

/** The grant as a signed text that fits into a URL. */
export function signGrant(keys: Buffer[], { recordingId, viewer, download, expiresAt }: Grant): Promise<string> {
  return new SignJWT({ name: viewer.name, download })
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience(AUDIENCE)
    .setSubject(viewer.id)
    .setJti(recordingId)
    .setExpirationTime(new Date(expiresAt))
    .sign(newest(keys))
}

/** @throws RelayError `grant_expired` or `grant_invalid` (reject, 403) */
export async function verifyGrant(keys: Buffer[], text: string, recordingId: string, now: Date): Promise<Grant> {
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(text, key, { algorithms: ['HS256'], audience: AUDIENCE, currentDate: now })
      if (payload.jti !== recordingId) break
      return {
        recordingId,
        viewer: { id: payload.sub ?? '', name: typeof payload.name === 'string' ? payload.name : null },
        download: payload.download === true,
        expiresAt: new Date((payload.exp ?? 0) * 1000).toISOString(),
      }
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw refused('grant_expired', 'The link has expired; open the recording from the course again.')
    }
  }
  throw refused('grant_invalid', 'The link is not valid for this recording; open the recording from the course again.')
}

function refused(code: string, sentence: string): RelayError {
  return new RelayError(code, 'reject', sentence, { status: 403 })
}
