// Announces what happened to those who subscribed, and again with back-off for four hours until somebody takes it.
// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks

import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'
import { encryptResource } from './encrypt.ts'
import type { Faults } from './faults.ts'
import { callRecordingResource, presentCallRecording } from './graph-recordings.ts'
import { callTranscriptResource, presentCallTranscript } from './graph-transcripts.ts'
import type { SignIn } from './sign-in.ts'
import type { BookedSubscription, SubscriptionBook } from './subscription-book.ts'
import type { Change, World } from './world.ts'

export interface NotificationOptions {
  clock: Clock
  tenantId: string
  world: World
  book: SubscriptionBook
  signIn: SignIn
  faults: Faults
  /** Real ms between a change and its notification. */
  delayMs: number
}

export interface Sent {
  url: string
  body: string
  /** Null where nobody answered in time. */
  status: number | null
  at: string
}

interface Pending {
  url: string
  body: string
  attempts: number
  dueAt: number
  giveUpAt: number
}

/** A resource that rides in its notification. */
interface Rich {
  id: string
  resource: string
  type: string
  content: object
  name: 'EncryptedContent' | 'encryptedContent'
}

export type LifecycleEvent = 'reauthorizationRequired' | 'subscriptionRemoved' | 'missed'

const FIRST_TIMEOUT_MS = 3_000
const RETRY_TIMEOUT_MS = 10_000
const GIVE_UP_MS = 4 * 60 * 60_000
const FIRST_BACK_OFF_MS = 10_000
const PUMP_MS = 20

export class Notifications {
  /** Every attempt. */
  readonly sent: Sent[] = []
  /** Resources, or subscriptions by Graph's id, that live and are never told anything. */
  readonly mute = new Set<string>()
  /** Encrypted notifications come without the tokens that prove them. */
  withoutTokens = false
  readonly #options: NotificationOptions
  #pending: Pending[] = []
  #inFlight = 0
  #pump: NodeJS.Timeout | undefined

  constructor(options: NotificationOptions) {
    this.#options = options
    options.world.onChange((change) => {
      this.#inFlight += 1
      setTimeout(() => void this.#announce(change).finally(() => this.#land()), options.delayMs)
    })
  }

  start(): void {
    this.#pump = setInterval(() => this.#sendDue(), PUMP_MS)
  }

  stop(): void {
    clearInterval(this.#pump)
    this.#pending = []
  }

  /** Resolves when nothing is on its way or due now. */
  async settled(): Promise<void> {
    const isBusy = () => this.#inFlight > 0 || this.#pending.some(({ dueAt }) => dueAt <= this.#options.clock.now())
    while (isBusy()) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  /** Sends a notification once more, as it was. */
  resend({ url, body }: Pick<Sent, 'url' | 'body'>): void {
    this.#enqueue(url, body)
  }

  sendLifecycle(subscriptionId: string, lifecycleEvent: LifecycleEvent): void {
    const subscription = this.#options.book.get(subscriptionId)
    if (!subscription.lifecycleNotificationUrl) return
    const item = { ...this.#envelope(subscription), lifecycleEvent }
    this.#enqueue(subscription.lifecycleNotificationUrl, JSON.stringify({ value: [item] }))
  }

  async #announce(change: Change): Promise<void> {
    const { book, faults } = this.#options
    const concerned = book.list().filter((known) => this.#concerns(known, change))
    for (const subscription of concerned.filter(({ id, resource }) => !this.mute.has(id) && !this.mute.has(resource))) {
      const body = JSON.stringify(await this.#bodyOf(subscription, change))
      for (const delayMs of faults.takeCopies()) this.#enqueue(subscription.notificationUrl, body, delayMs)
    }
  }

  #concerns({ kind, resource, changeType }: BookedSubscription, change: Change): boolean {
    const { world } = this.#options
    if (change.kind === 'callRecord') return kind === 'callRecords' && changeType.split(',').includes(change.changeType)
    if (change.kind !== 'drive') {
      const [, user] = /users\/([^/]+)\//.exec(resource) ?? []
      const isRecording = change.kind === 'callRecording'
      const { meeting } = isRecording ? change.callRecording : change.transcript
      return kind === (isRecording ? 'recordings' : 'transcripts') && (!user || user === meeting.organizer.id)
    }
    const [, driveId] = /drives\/([^/]+)\/root/.exec(resource) ?? []
    const [, person] = /users\/([^/]+)\/drive/.exec(resource) ?? []
    return kind === 'drive' && change.driveId === (driveId ?? world.findPerson(person ?? '')?.driveId)
  }

  async #bodyOf(subscription: BookedSubscription, change: Change): Promise<object> {
    const envelope = { ...this.#envelope(subscription), id: randomUUID() }
    if (change.kind === 'drive') {
      // A tap on the shoulder: no item, and no resource data.
      return { value: [{ ...envelope, changeType: 'updated', resource: subscription.resource, resourceData: null }] }
    }
    if (change.kind === 'callRecord') {
      const { id } = change.callRecord
      const resource = `communications/callRecords/${id}`
      const data = { '@odata.type': '#microsoft.graph.callrecord', '@odata.id': resource, id }
      return { value: [{ ...envelope, changeType: change.changeType, resource, resourceData: data }] }
    }
    return change.kind === 'callRecording'
      ? this.#richBody(subscription, {
          resource: callRecordingResource(change.callRecording),
          type: '#Microsoft.Graph.callRecording',
          content: presentCallRecording(change.callRecording),
          id: change.callRecording.id,
          // With a capital letter, as on the page of Microsoft that tells of recordings.
          name: 'EncryptedContent',
        })
      : this.#richBody(subscription, {
          resource: callTranscriptResource(change.transcript),
          type: '#Microsoft.Graph.callTranscript',
          content: presentCallTranscript(change.transcript),
          id: change.transcript.id,
          name: 'encryptedContent',
        })
  }

  async #richBody(subscription: BookedSubscription, { resource, type, content, id, name }: Rich): Promise<object> {
    const data = { id, '@odata.type': type, '@odata.id': resource }
    const item = {
      ...this.#envelope(subscription),
      ...{ id: randomUUID(), changeType: 'created', resource, resourceData: data },
    }
    const { includeResourceData, encryptionCertificate, encryptionCertificateId } = subscription
    if (!includeResourceData || !encryptionCertificate || !encryptionCertificateId) return { value: [item] }
    const encrypted = encryptResource(content, encryptionCertificate, encryptionCertificateId)
    const validationTokens = this.withoutTokens ? null : [await this.#options.signIn.validationToken()]
    return { value: [{ ...item, [name]: encrypted }], validationTokens }
  }

  #envelope({ id, expirationDateTime, clientState }: BookedSubscription) {
    const { tenantId } = this.#options
    return { subscriptionId: id, subscriptionExpirationDateTime: expirationDateTime, clientState, tenantId }
  }

  #enqueue(url: string, body: string, delayMs = 0): void {
    const dueAt = this.#options.clock.now() + delayMs
    this.#pending.push({ url, body, attempts: 0, dueAt, giveUpAt: dueAt + GIVE_UP_MS })
  }

  #sendDue(): void {
    const now = this.#options.clock.now()
    const due = this.#pending.filter(({ dueAt }) => dueAt <= now)
    this.#pending = this.#pending.filter(({ dueAt }) => dueAt > now)
    for (const pending of due) {
      this.#inFlight += 1
      void this.#send(pending).finally(() => this.#land())
    }
  }

  async #send(pending: Pending): Promise<void> {
    const { url, body, attempts, giveUpAt } = pending
    const signal = AbortSignal.timeout(attempts === 0 ? FIRST_TIMEOUT_MS : RETRY_TIMEOUT_MS)
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const response = await fetch(url, { method: 'POST', headers, body, signal }).catch(() => null)
    await response?.body?.cancel()
    this.sent.push({ url, body, status: response?.status ?? null, at: this.#options.clock.iso() })
    if (response?.ok) return
    const dueAt = this.#options.clock.now() + FIRST_BACK_OFF_MS * 2 ** attempts
    if (dueAt < giveUpAt && this.#pump) this.#pending.push({ ...pending, attempts: attempts + 1, dueAt })
  }

  #land(): void {
    this.#inFlight -= 1
  }
}
