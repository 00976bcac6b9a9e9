// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { createHmac } from 'node:crypto'

export interface Signed {
  id: string
  /** Whole seconds since 1970, of this attempt. */
  timestamp: number
  body: string
}

/** The `webhook-signature` of a body, with a secret of the form `whsec_` and base64. */
export function sign(secret: string, { id, timestamp, body }: Signed): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
