import { decodeJwt } from 'jose'
import type { SubscriptionKind } from '../../src/domain/subscription.ts'
import { messageOf } from '../../src/errors.ts'
import { type Check, fail, ok, warn } from './finding.ts'

// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
const CAUSES: [RegExp, string][] = [
  [/7000215/, 'AZURE_CLIENT_SECRET is wrong: copy the value of the secret, not its id.'],
  [/7000222/, 'The client secret has expired: make another one.'],
  [/700016/, 'AZURE_CLIENT_ID is no app of this tenant.'],
  [/90002/, 'AZURE_TENANT_ID is no tenant.'],
]

/** Whether the sign-in authority gives us a token for Graph. */
export const checkToken: Check = async ({ token, config }) => {
  try {
    await token()
    return ok(`${new URL(config.azure.authorityHost).host} gives tokens for Microsoft Graph`)
  } catch (error) {
    const text = error instanceof Error ? `${messageOf(error)} ${messageOf(error.cause)}` : messageOf(error)
    const [, todo] = CAUSES.find(([code]) => code.test(text)) ?? []
    const code = /AADSTS\d+/.exec(text)?.[0]
    return fail(
      code ? `no token: ${code}` : 'no token for Microsoft Graph',
      todo ?? 'See whether AZURE_AUTHORITY_HOST can be reached from here, and the three other AZURE_ variables.',
    )
  }
}

const NEEDED: Record<SubscriptionKind, string> = {
  drive: 'Files.Read.All',
  callRecords: 'CallRecords.Read.All',
  recordings: 'OnlineMeetingRecording.Read.All',
  transcripts: 'OnlineMeetingTranscript.Read.All',
}
const FOR_MEETINGS = ['OnlineMeetings.ReadWrite.All', 'Calendars.ReadWrite']
// Files.ReadWrite.All serves the canary, in a configured drive.
const FAR_TOO_MUCH =
  /^(Files\.ReadWrite(?!\.All)|Sites\.(ReadWrite|FullControl|Manage)|Directory\.|Mail\.|RoleManagement\.)/

/** The permissions in the token, held against the least that the configuration needs. */
export const checkRoles: Check = async ({ token, config }) => {
  const { roles } = decodeJwt(await token(true))
  const granted = Array.isArray(roles) ? roles.map(String) : []
  const lacking = (wanted: string[]) => wanted.filter((role) => !granted.includes(role))
  const missing = lacking(config.watch.map((kind) => NEEDED[kind]))
  if (missing.length > 0) {
    return fail(
      `missing: ${missing.join(', ')}`,
      'Grant these application permissions with admin consent; a write permission does not stand in for a read permission.',
    )
  }
  const excess = granted.filter((role) => FAR_TOO_MUCH.test(role))
  if (excess.length > 0)
    return warn(`more than needed: ${excess.join(', ')}`, 'Take these away: nothing here uses them.')
  const unmade = lacking(FOR_MEETINGS)
  if (unmade.length > 0) {
    return warn(
      `missing: ${unmade.join(', ')}`,
      'Needed only for POST /v1/conferences/{id}/meeting; grant them where the LMS uses it.',
    )
  }
  return ok(`${granted.length} permissions, all that is needed`)
}
