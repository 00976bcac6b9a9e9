// Graph's subscriptions: what it accepts, and for how long.
// https://learn.microsoft.com/graph/api/resources/subscription

import { randomUUID, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from './clock.ts'
import { badRequest, GraphError } from './graph-error.ts'

const NewSubscription = z.object({
  changeType: z.string().optional(),
  notificationUrl: z.string().optional(),
  lifecycleNotificationUrl: z.string().optional(),
  resource: z.string().optional(),
  expirationDateTime: z.string().optional(),
  clientState: z.string().optional(),
  includeResourceData: z.boolean().optional(),
  encryptionCertificate: z.string().optional(),
  encryptionCertificateId: z.string().optional(),
  latestSupportedTlsVersion: z.string().optional(),
})

const Patch = NewSubscription.pick({
  expirationDateTime: true,
  notificationUrl: true,
  encryptionCertificate: true,
  encryptionCertificateId: true,
}).strict()

export type ResourceKind = 'drive' | 'callRecords' | 'recordings' | 'transcripts'

export interface BookedSubscription {
  id: string
  kind: ResourceKind
  changeType: string
  resource: string
  notificationUrl: string
  lifecycleNotificationUrl: string | null
  expirationDateTime: string
  clientState: string | null
  includeResourceData: boolean
  encryptionCertificate: string | null
  encryptionCertificateId: string | null
}

const MINUTE_MS = 60_000
const SHORTEST_MS = 45 * MINUTE_MS
const LONGEST_MS = {
  drive: 42_300 * MINUTE_MS,
  callRecords: 4_230 * MINUTE_MS,
  recordings: 4_320 * MINUTE_MS,
  transcripts: 4_320 * MINUTE_MS,
}

export class SubscriptionBook {
  /** Ids that a list leaves out, though they live. */
  readonly unlisted = new Set<string>()
  /** How many were ever booked. */
  booked = 0
  /** A list shows those that have expired as well. */
  listsExpired = false
  readonly #clock: Clock
  #subscriptions = new Map<string, BookedSubscription>()
  #expired: BookedSubscription[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Those that have not expired. */
  list(): BookedSubscription[] {
    const now = this.#clock.iso()
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.expirationDateTime > now) continue
      this.#subscriptions.delete(subscription.id)
      this.#expired.push(subscription)
    }
    return [...this.#subscriptions.values()]
  }

  /** What a list shows, which can differ: https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/906 */
  listed(): BookedSubscription[] {
    const living = this.list().filter(({ id }) => !this.unlisted.has(id))
    return this.listsExpired ? [...this.#expired, ...living] : living
  }

  get(id: string): BookedSubscription {
    const found = this.list().find((subscription) => subscription.id === id)
    if (!found) throw new GraphError(404, 'ResourceNotFound', 'The object was not found.')
    return found
  }

  /** Forgets everything. */
  clear(): void {
    this.#subscriptions.clear()
    this.#expired = []
    this.unlisted.clear()
    this.listsExpired = false
    this.booked = 0
  }

  /** Drops a subscription without a word, as Graph does. */
  remove(id: string): void {
    this.#subscriptions.delete(id)
  }

  /** Checks a request; nothing is booked before the addresses were confirmed. */
  check(body: unknown): BookedSubscription {
    const request = NewSubscription.safeParse(body)
    if (!request.success) throw badRequest('Invalid request body.')
    const { resource, changeType, notificationUrl, expirationDateTime, clientState } = request.data
    if (!resource || !changeType || !notificationUrl || !expirationDateTime) {
      throw badRequest(
        'One or more required properties are missing: changeType, notificationUrl, resource, expirationDateTime.',
      )
    }
    if (clientState && clientState.length > 128)
      throw badRequest('Subscription clientState must not exceed 128 characters.')
    const kind = kindOf(resource)
    const booked: BookedSubscription = {
      id: randomUUID(),
      kind,
      changeType,
      resource,
      notificationUrl,
      lifecycleNotificationUrl: request.data.lifecycleNotificationUrl ?? null,
      expirationDateTime: this.#expiry(kind, expirationDateTime),
      clientState: clientState ?? null,
      includeResourceData: request.data.includeResourceData ?? false,
      encryptionCertificate: request.data.encryptionCertificate ?? null,
      encryptionCertificateId: request.data.encryptionCertificateId ?? null,
    }
    this.#checkRules(booked)
    return booked
  }

  book(subscription: BookedSubscription): void {
    if (!this.#subscriptions.has(subscription.id)) this.booked += 1
    this.#subscriptions.set(subscription.id, subscription)
  }

  change(id: string, body: unknown): BookedSubscription {
    const subscription = this.get(id)
    const patch = Patch.safeParse(body)
    if (!patch.success) throw badRequest('The property cannot be updated on a subscription.')
    const { expirationDateTime, ...rest } = patch.data
    const changed = { ...subscription, ...rest }
    if (expirationDateTime) changed.expirationDateTime = this.#expiry(subscription.kind, expirationDateTime)
    if (changed.includeResourceData) checkCertificate(changed)
    this.book(changed)
    return changed
  }

  #expiry(kind: ResourceKind, asked: string): string {
    const now = this.#clock.now()
    const expiry = Date.parse(asked)
    if (Number.isNaN(expiry) || expiry <= now) throw badRequest('Subscription expiration must be in the future.')
    if (expiry - now > LONGEST_MS[kind]) {
      const minutes = LONGEST_MS[kind] / MINUTE_MS
      throw badRequest(`Subscription expiration can only be ${minutes} minutes in the future.`, 'ExtensionError')
    }
    return new Date(Math.max(expiry, now + SHORTEST_MS)).toISOString()
  }

  #checkRules(subscription: BookedSubscription): void {
    const { kind, changeType, resource, expirationDateTime, lifecycleNotificationUrl } = subscription
    checkUrl(subscription.notificationUrl)
    if (lifecycleNotificationUrl) checkUrl(lifecycleNotificationUrl)
    checkChangeType(kind, changeType)
    const isLong = Date.parse(expirationDateTime) - this.#clock.now() > 60 * MINUTE_MS
    if (kind !== 'drive' && isLong && !lifecycleNotificationUrl) {
      throw badRequest(
        'lifecycleNotificationUrl is required for subscription creation on this resource when the expirationDateTime value exceeds 1 hour',
      )
    }
    if (subscription.includeResourceData) checkRich(subscription)
    const twin = this.list().find((known) => sameResource(known.resource, resource) && known.changeType === changeType)
    if (twin)
      throw new GraphError(409, 'Conflict', `Subscription Id ${twin.id} already exists for the requested combination`)
  }
}

export function isValidNotificationUrl(url: string): boolean {
  const parsed = URL.parse(url)
  if (!parsed) return false
  return parsed.protocol === 'https:' || (parsed.protocol === 'http:' && parsed.hostname === '127.0.0.1')
}

function checkUrl(url: string): void {
  if (!isValidNotificationUrl(url))
    throw badRequest('Subscription notificationUrl must be a valid HTTPS URL.', 'ValidationError')
}

function kindOf(resource: string): ResourceKind {
  const path = resource.replace(/^\/+/, '')
  if (/^(drives\/[^/]+\/root|users\/[^/]+\/drive\/root)$/.test(path)) return 'drive'
  if (path === 'communications/callRecords') return 'callRecords'
  const [, what] = /^(?:communications|users\/[^/]+)\/onlineMeetings\/getAll(Recordings|Transcripts)$/.exec(path) ?? []
  if (what === 'Recordings') return 'recordings'
  if (what === 'Transcripts') return 'transcripts'
  throw badRequest(`resource '${resource}' is not supported.`)
}

function checkChangeType(kind: ResourceKind, changeType: string): void {
  const allowed = {
    drive: ['updated'],
    callRecords: ['created', 'updated'],
    recordings: ['created'],
    transcripts: ['created'],
  }[kind]
  const wrong = changeType.split(',').find((type) => !allowed.includes(type))
  if (wrong) throw badRequest(`changeType '${wrong}' is not supported for this resource.`)
}

function checkRich(subscription: BookedSubscription): void {
  if (subscription.kind === 'drive') throw badRequest('File Services workload is not enabled for rich notifications.')
  if (subscription.kind === 'callRecords') throw badRequest('Resource data is not supported for this resource.')
  checkCertificate(subscription)
}

function checkCertificate({ encryptionCertificate, encryptionCertificateId }: BookedSubscription): void {
  if (!encryptionCertificate || !encryptionCertificateId) {
    throw badRequest('encryptionCertificate and encryptionCertificateId are required when includeResourceData is true.')
  }
  if (encryptionCertificateId.length > 128) throw badRequest('encryptionCertificateId must not exceed 128 characters.')
  const bits = keyBits(encryptionCertificate)
  if (bits === undefined) throw badRequest('Certificate validation error: Cannot find the requested object.')
  if (bits < 2_048 || bits > 4_096)
    throw badRequest('Certificate validation error: the RSA key must have 2048 to 4096 bits.')
}

function keyBits(certificate: string): number | undefined {
  try {
    return new X509Certificate(Buffer.from(certificate, 'base64')).publicKey.asymmetricKeyDetails?.modulusLength
  } catch {
    return undefined
  }
}

export function sameResource(a: string, b: string): boolean {
  const path = (resource: string) => resource.replace(/^\/+/, '').toLowerCase()
  return path(a) === path(b)
}
