// Graph's two addresses. Verify, remember, answer: nothing else happens before the answer, for Graph waits 3 seconds
// and drops notifications of an endpoint that is often slower:
// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks

import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { InboxEntry } from '../domain/notification.ts'
import { RelayError } from '../errors.ts'
import { inboxEntry } from '../inbox/entry.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Queue } from '../store/store.ts'
import type { Wake } from '../wake.ts'
import { within } from '../within.ts'
import { NotificationBody, readLifecycle, readNotifications, type Trust } from './notifications.ts'
import type { SlowShare } from './slow-share.ts'

export interface ReceiveOptions {
  inbox: Queue<InboxEntry>
  trust: Trust
  clock: () => number
  metrics: Metrics
  slowShare: SlowShare
  log: Log
  wake: Wake
}

const LARGEST_BODY_BYTES = 4 * 1024 * 1024
const ANSWER_WITHIN_MS = 2_500

type Reader = (body: NotificationBody, trust: Trust, notifiedAt: string) => InboxEntry[]

export function receiveRoutes(options: ReceiveOptions): Hono {
  const { inbox, trust, clock, metrics, log, wake } = options

  const receive = (read: Reader) => async (c: Context) => {
    const validationToken = c.req.query('validationToken')
    if (validationToken !== undefined) return answerHandshake(c, validationToken)
    const body = await parseBody(c)
    const entries = read(body, trust, new Date(clock()).toISOString())
    const believed = entries.filter(({ kind }) => kind !== 'heard').length
    metrics.notifications.inc({ outcome: 'refused' }, body.value.length - believed)
    if (entries.length > 0) {
      await within(ANSWER_WITHIN_MS, inbox.knock(entries.map((entry) => inboxEntry(entry))), storeSlow)
      metrics.notifications.inc({ outcome: 'stored' }, believed)
      log.debug({ entries: entries.length }, 'notifications stored')
      wake.ring()
    }
    return c.body(null, 202)
  }

  const app = new Hono()
  app.use('*', async (_c, next) => {
    const end = metrics.receiveSeconds.startTimer()
    await next()
    options.slowShare.note(end() * 1000)
  })
  app.use('*', limitBody())
  app.post('/notifications', receive(readNotifications))
  app.post('/lifecycle', receive(readLifecycle))
  return app
}

/** The token is a sentence; it goes back decoded, as plain text, so that no browser ever reads it as a page. */
function answerHandshake(c: Context, validationToken: string): Response {
  return c.text(validationToken, 200, { 'X-Content-Type-Options': 'nosniff' })
}

async function parseBody(c: Context): Promise<NotificationBody> {
  const json: unknown = await c.req.json().catch(() => undefined)
  const body = NotificationBody.safeParse(json)
  if (body.success) return body.data
  throw new RelayError('notification_malformed', 'reject', 'A notification is JSON with a list named "value".', {
    status: 400,
  })
}

function limitBody() {
  return bodyLimit({
    maxSize: LARGEST_BODY_BYTES,
    onError: () => {
      throw new RelayError('notification_too_large', 'reject', 'A notification has at most 4 MiB.', { status: 413 })
    },
  })
}

/** Graph tries again later, and the endpoint does not count as slow. */
function storeSlow(): RelayError {
  return new RelayError('store_slow', 'retry', 'The store did not answer in time; send it again.', { status: 503 })
}
