// A clientState that validates itself: it names our subscription and carries a keyed hash over that name, so that a
// notification is authenticated without asking the store. Graph keeps at most 128 characters.

import { createHmac, timingSafeEqual } from 'node:crypto'
import { newest } from './keys.ts'

export function issueClientState(keys: Buffer[], subscriptionId: string): string {
  return `${subscriptionId}.${sign(newest(keys), subscriptionId)}`
}

/** Names the key that new clientStates are signed with, and says nothing of it. */
export function clientStateKeyId(keys: Buffer[]): string {
  return sign(newest(keys), 'the name of this key').slice(0, 8)
}

/** Gives the subscription's id, or undefined where the clientState is not ours. Compared in constant time. */
export function verifyClientState(keys: Buffer[], clientState: string): string | undefined {
  const separator = clientState.lastIndexOf('.')
  const subscriptionId = clientState.slice(0, separator)
  const given = Buffer.from(clientState.slice(separator + 1))
  const valid = keys.filter((key) => {
    const expected = Buffer.from(sign(key, subscriptionId))
    return expected.length === given.length && timingSafeEqual(expected, given)
  })
  return separator > 0 && valid.length > 0 ? subscriptionId : undefined
}

function sign(key: Buffer, subscriptionId: string): string {
  return createHmac('sha256', key).update(subscriptionId).digest('base64url')
}
