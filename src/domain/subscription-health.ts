// Whether a subscription works is judged by what arrives. That Graph renewed it proves nothing: it renews those that
// it never serves, and never says that it dropped one of ours.
// https://learn.microsoft.com/graph/change-notifications-lifecycle-events

import type { Event } from './event.ts'
import type { HealthState, Subscription, SubscriptionKind, Trouble } from './subscription.ts'
import { provenAt } from './subscription.ts'

export interface Verdict {
  state: HealthState
  reason: string
  /** What a person should do. */
  whatToDo: string
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** How long a new one may take until it is made and looked at. */
const NEWBORN_MS = 5 * MINUTE_MS
// Graph announces drives within a minute on average, and callRecords and recordings at most 150 and 60 minutes late:
// https://learn.microsoft.com/graph/change-notifications-overview#latency
const PATIENCE_MS: Record<SubscriptionKind, number> = {
  drive: 10 * MINUTE_MS,
  callRecords: 3 * HOUR_MS,
  recordings: 1.5 * HOUR_MS,
  transcripts: 1.5 * HOUR_MS,
}
/** A look that is overdue by so many intervals proves nothing any more. */
const STALE_INTERVALS = 3

/** How long after a change its notification counts as late, and then as lost, in ms. */
export function patienceMs(kind: SubscriptionKind): number {
  return PATIENCE_MS[kind]
}

/** The state of a subscription at `now` (epoch ms). Pure. */
export function judge(subscription: Subscription, now: number, sweepIntervalMs: number): Verdict {
  return (
    judgeTrouble(subscription) ??
    judgeLife(subscription, now) ??
    judgeSilence(subscription, now) ??
    judgeProof(subscription, now, sweepIntervalMs)
  )
}

function judgeTrouble({ kind, renewTrouble, lookTrouble }: Subscription): Verdict | undefined {
  const trouble = [renewTrouble, lookTrouble].find((found) => found && found.kind !== 'failing')
  if (!trouble) return undefined
  const { text } = trouble
  switch (trouble.kind) {
    case 'forbidden':
      return { state: 'forbidden', reason: text, whatToDo: whatToGrant(kind, trouble) }
    case 'quota':
      return {
        state: 'forbidden',
        reason: text,
        whatToDo:
          'Graph takes no more subscriptions of this kind: delete those that other apps of the tenant do not need.',
      }
    case 'gone':
      return {
        state: 'dead',
        reason: text,
        whatToDo: 'The drive is gone: restore it, or delete the conferences of its owner.',
      }
    default:
      return {
        state: 'forbidden',
        reason: text,
        whatToDo:
          'Set appRoleAssignmentRequired to false on the service principal of the app: until then Graph sends no validation tokens.',
      }
  }
}

const ROLES: Record<SubscriptionKind, string> = {
  drive: 'Files.Read.All',
  callRecords: 'CallRecords.Read.All',
  recordings: 'OnlineMeetingRecording.Read.All',
  transcripts: 'OnlineMeetingTranscript.Read.All',
}

function whatToGrant(kind: SubscriptionKind, { text }: Trouble): string {
  if (/access policy/i.test(text)) {
    return 'Grant the application access policy (New-CsApplicationAccessPolicy, Grant-CsApplicationAccessPolicy); it takes up to 30 minutes.'
  }
  if (/GraphAccessToTranscriptsDisabled/.test(text)) return 'Let apps read transcripts in the Teams admin center.'
  return `Grant ${ROLES[kind]} to the app, with admin consent; a write permission does not do.`
}

function judgeLife(subscription: Subscription, now: number): Verdict | undefined {
  const { graphId, expiresAt, createdAt, renewTrouble, failures } = subscription
  const reason = renewTrouble?.text ?? 'Graph has no subscription.'
  const whatToDo =
    'It is made anew by itself. If this lasts: npm run doctor tells whether Graph and our public address can be reached.'
  if (!graphId || !expiresAt || Date.parse(expiresAt) <= now) {
    if (failures === 0 && !expiresAt && now - Date.parse(createdAt) < NEWBORN_MS) {
      return { state: 'late', reason: 'It is being made.', whatToDo: 'Wait some minutes.' }
    }
    return { state: 'dead', reason, whatToDo }
  }
  if (!renewTrouble) return undefined
  return { state: 'dying', reason: `It ends at ${expiresAt}, and is not renewed: ${reason}`, whatToDo }
}

function judgeSilence({ kind, silentSince }: Subscription, now: number): Verdict | undefined {
  if (!silentSince) return undefined
  const reason = `Something happened at ${silentSince}, and no notification has announced it.`
  if (now - Date.parse(silentSince) <= PATIENCE_MS[kind]) {
    return { state: 'late', reason, whatToDo: 'Wait: Graph may still announce it.' }
  }
  return {
    state: 'deaf',
    reason,
    whatToDo:
      'Nothing is lost, the sweep finds it, only later. It is made anew once; if it stays deaf, see whether a firewall keeps Graph from our public address.',
  }
}

function judgeProof(subscription: Subscription, now: number, sweepIntervalMs: number): Verdict {
  const { lookTrouble, createdAt } = subscription
  const proven = provenAt(subscription)
  const since = Date.parse(proven ?? createdAt)
  if (lookTrouble) {
    return {
      state: 'late',
      reason: lookTrouble.text,
      whatToDo: 'It is tried again by itself; see the inbox at /admin.',
    }
  }
  if (now - since > STALE_INTERVALS * sweepIntervalMs || !proven) {
    const reason = proven
      ? `Nothing has proven since ${proven} that it works.`
      : 'Nothing has proven yet that it works.'
    return { state: 'late', reason, whatToDo: 'Wait for the next sweep; if none comes, see the inbox at /admin.' }
  }
  return { state: 'healthy', reason: `Proven at ${proven}.`, whatToDo: 'Nothing.' }
}

const UNHEALTHY: readonly HealthState[] = ['deaf', 'dying', 'dead', 'forbidden']

/** The subscription with the state that it is in now, and the events that this causes; the same object where it stays. */
export function withVerdict(subscription: Subscription, now: number, sweepIntervalMs: number): Subscription {
  const verdict = judge(subscription, now, sweepIntervalMs)
  const { health } = subscription
  const isUnhealthy = UNHEALTHY.includes(verdict.state)
  const isNews = health.told ? verdict.state === 'healthy' : isUnhealthy
  if (verdict.state === health.state && !isNews) return subscription
  const at = new Date(now).toISOString()
  const since = verdict.state === health.state ? health.since : at
  const judged = { ...subscription, health: { state: verdict.state, since, told: health.told !== isNews } }
  return isNews ? withEvent(judged, verdict, at) : judged
}

function withEvent(subscription: Subscription, { state, reason, whatToDo }: Verdict, at: string): Subscription {
  const { id, kind, resource, health, eventCount, outbox, outboxAt } = subscription
  const event: Event = {
    id: `evt_${id}_${eventCount + 1}`,
    type: health.told ? 'subscription.unhealthy' : 'subscription.recovered',
    timestamp: at,
    data: { subscriptionId: id, kind, resource, state, since: health.since, reason, whatToDo },
  }
  return { ...subscription, eventCount: eventCount + 1, outbox: [...outbox, event], outboxAt: outboxAt ?? at }
}
