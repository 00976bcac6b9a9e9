// What has to be reached: the drive, the meetings of an organizer, and ourselves from outside.

import { z } from 'zod'
import { messageOf } from '../../src/errors.ts'
import { deltaPages, driveById, driveOfPerson } from '../../src/graph/drives.ts'
import { isRefusal } from '../../src/graph/refusal.ts'
import { scrub } from '../../src/log.ts'
import { type Check, type Finding, fail, ok, skipped, warn } from './finding.ts'

/** Whether the configured drive is there, and its changes can be read. */
export const checkDrive: Check = async ({ config, graph }) => {
  const { driveId, recordingAdminEmail } = config
  if (!driveId && !recordingAdminEmail) return ok('none is configured: the drives of the organizers are watched')
  try {
    const found = driveId ? await driveById(graph, driveId) : await driveOfPerson(graph, recordingAdminEmail ?? '')
    for await (const _page of deltaPages(graph, found.driveId, null)) break
    return ok(`the drive of ${found.ownerEmail ?? found.driveId} can be read`)
  } catch (error) {
    const name = driveId ? 'TEAMS_ONEDRIVE_DRIVE_ID' : 'TEAMS_RECORDING_ADMIN_EMAIL'
    if (isRefusal(error, 404)) {
      return fail(`Graph knows no such drive`, `Correct ${name}; an account has no OneDrive before its first sign-in.`)
    }
    if (isRefusal(error, 401, 403)) return fail('Graph refuses the drive', 'Grant Files.Read.All with admin consent.')
    return fail(scrub(messageOf(error)), `See whether Microsoft Graph can be reached, and ${name}.`)
  }
}

/** Whether an application access policy lets us see the meetings of an organizer. */
export const checkAccessPolicy: Check = async ({ config, graph, organizer }) => {
  const person = organizer ?? config.recordingAdminEmail
  if (!person)
    return skipped('nobody to try it with', 'Name an organizer: npm run doctor -- --organizer ada@example.edu')
  const nobodysUrl = 'https://teams.microsoft.com/l/meetup-join/19%3ameeting_nobody%40thread.v2/0'
  const filter = encodeURIComponent(`JoinWebUrl eq '${nobodysUrl}'`)
  const path = `/users/${encodeURIComponent(person)}/onlineMeetings?$filter=${filter}`
  try {
    await graph.get(path, z.looseObject({ value: z.array(z.unknown()) }))
    return ok(`the meetings of ${person} can be read`)
  } catch (error) {
    if (isRefusal(error, 403) && /access policy/i.test(error.message)) {
      return fail(
        `no application access policy covers ${person}`,
        [
          `New-CsApplicationAccessPolicy -Identity RecordingRelay -AppIds "${config.azure.clientId}"`,
          'Grant-CsApplicationAccessPolicy -PolicyName RecordingRelay -Global',
          '(it takes up to 30 minutes)',
        ].join('; '),
      )
    }
    if (isRefusal(error, 404)) return fail(`Graph knows nobody called ${person}`, 'Name somebody of this tenant.')
    if (isRefusal(error, 401, 403)) {
      return warn('Graph refuses online meetings', 'Grant OnlineMeetings.ReadWrite.All where meetings are made here.')
    }
    return fail(scrub(messageOf(error)), 'See whether Microsoft Graph can be reached.')
  }
}

const WITHIN_MS = 10_000
const FIRST_ATTEMPT_MS = 3_000
const SENTENCE = 'Validation: Testing client application reachability for subscription Request-Id: of the doctor'

/** Graph's own handshake with our public address, as Graph does it. */
export const checkPublicAddress: Check = async ({ config, fetch, clock }) => {
  const began = clock()
  for (const path of ['/graph/notifications', '/graph/lifecycle']) {
    const problem = await shakeHands(`${config.publicUrl}${path}`, fetch)
    if (problem) return problem
  }
  const ms = Math.round((clock() - began) / 2)
  if (ms <= FIRST_ATTEMPT_MS) return ok(`${config.publicUrl} answers Graph's handshake in ${ms} ms`)
  return warn(
    `the handshake takes ${ms} ms`,
    'Graph waits 3 s and then delays or drops notifications: find what is slow.',
  )
}

async function shakeHands(address: string, fetch: typeof globalThis.fetch): Promise<Finding | undefined> {
  const url = new URL(address)
  url.searchParams.set('validationToken', SENTENCE)
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  const signal = AbortSignal.timeout(WITHIN_MS)
  const answer = await fetch(url, { method: 'POST', headers, signal, redirect: 'manual' }).catch(() => undefined)
  if (!answer) {
    return fail(
      `nobody answers at ${address}`,
      'Start the service, and see that PUBLIC_URL leads to it through DNS, proxy and firewall.',
    )
  }
  const isText = answer.headers.get('content-type')?.startsWith('text/plain') === true
  if (answer.status === 200 && isText && (await answer.text()) === SENTENCE) return undefined
  return fail(
    `${address} answers ${answer.status}, and not the handshake`,
    'Something else stands at PUBLIC_URL, or a proxy changes the answer: it must be 200, text/plain, the text unchanged.',
  )
}
