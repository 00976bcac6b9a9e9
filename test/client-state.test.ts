import { describe, expect, it } from 'vitest'
import { issueClientState, verifyClientState } from '../src/client-state.ts'
import { deriveKeys } from '../src/keys.ts'

const { clientState: keys } = deriveKeys('a secret that has at least 32 bytes', null)

describe('clientState', () => {
  it('names the subscription and fits into what Graph keeps', () => {
    const clientState = issueClientState(keys, 'drive_0123456789abcdefghijkl')
    expect(verifyClientState(keys, clientState)).toBe('drive_0123456789abcdefghijkl')
    expect(clientState.length).toBeLessThanOrEqual(128)
  })

  it.each(['', '.', 'drive_1', 'drive_1.', `drive_1.${'A'.repeat(43)}`, 'ö.ö'])('refuses %j', (forged) => {
    expect(verifyClientState(keys, forged)).toBeUndefined()
  })

  it('is bound to its subscription', () => {
    const [, signature] = issueClientState(keys, 'drive_1').split('.')
    expect(verifyClientState(keys, `drive_2.${signature}`)).toBeUndefined()
  })

  it('is still known while the secret is rotated, and not after', () => {
    const old = issueClientState(keys, 'drive_1')
    const next = 'another secret that has 32 bytes or more'
    expect(verifyClientState(deriveKeys(next, 'a secret that has at least 32 bytes').clientState, old)).toBe('drive_1')
    expect(verifyClientState(deriveKeys(next, null).clientState, old)).toBeUndefined()
  })
})
