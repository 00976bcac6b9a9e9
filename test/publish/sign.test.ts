import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { sign } from '../../src/publish/sign.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const timestamp = 1614265330

describe('signature', () => {
  it.each([
    ['{"test": 2432232314}', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    ['{"title":"Lektion über Größe – 数学"}', 'v1,rzptHvt4+oB57rQVZBAv2lhVK90ciTBxvS8cAs1aDOY='],
  ])('is the one of the Standard Webhooks vectors for %s', (body, expected) => {
    expect(sign(secret, { id, timestamp, body })).toBe(expected)
  })

  it('is accepted by the reference library', () => {
    const now = Math.floor(Date.now() / 1000)
    const body = '{"type":"recording.available"}'
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(now),
      'webhook-signature': sign(secret, { id, timestamp: now, body }),
    }
    expect(new Webhook(secret).verify(body, headers)).toEqual({ type: 'recording.available' })
  })
})
