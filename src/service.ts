// The service, wired in the order of the flow. It knows no runtime: what differs comes in as an argument.

import type { Config } from './config.ts'
import type { Conference } from './domain/conference.ts'
import { type GraphClient, graphClient } from './graph/client.ts'
import { msalTokens, type TokenSource } from './graph/token.ts'
import { Holdings } from './holdings.ts'
import type { Handlers } from './inbox/dispatch.ts'
import { drainInbox } from './inbox/drain.ts'
import { deriveKeys, type Keys } from './keys.ts'
import type { Log } from './log.ts'
import { rematchAround } from './match/conference.ts'
import { matchRecording } from './match/recording.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { deliverDue } from './publish/deliver.ts'
import type { Send } from './publish/egress.ts'
import { ensureFirstEndpoint } from './publish/endpoints.ts'
import { fanOutDue } from './publish/fan-out.ts'
import { SlowShare } from './receive/slow-share.ts'
import { resolveCall } from './resolve/call.ts'
import { resolveCallRecording } from './resolve/call-recording.ts'
import { findTranscript, resolveCallTranscript } from './resolve/call-transcript.ts'
import { createDecrypt } from './resolve/decrypt.ts'
import { checkAbsence, confirmDeletion, lookAgain } from './resolve/deletion.ts'
import { visitDrive } from './resolve/drive.ts'
import { lookThrough } from './resolve/tenant-wide.ts'
import { validationTokenVerifier } from './resolve/validation-tokens.ts'
import type { Store } from './store/store.ts'
import { sing } from './subscriptions/canary.ts'
import { noteHeard, obeyLifecycle } from './subscriptions/lifecycle.ts'
import { reconcileEvery } from './subscriptions/reconcile.ts'
import { registerConfigured, watchDrive } from './subscriptions/register.ts'
import { renewDue } from './subscriptions/renew.ts'
import { sweepDue } from './subscriptions/sweep.ts'
import { Wake } from './wake.ts'

export interface Runtime {
  store: Store
  log: Log
  /** Epoch ms. */
  clock: () => number
  fetch: typeof fetch
  send: Send
}

const RECONCILE_EVERY_MS = 60 * 60_000

/** One bounded step; gives how much there was to do. */
export type Step = () => Promise<number>

export interface Service extends Runtime {
  config: Config
  keys: Keys
  graph: GraphClient
  metrics: Metrics
  /** How late this process answers Graph. */
  slowShare: SlowShare
  wake: Wake
  /** What the steps have in their hands at the moment. */
  holdings: Holdings
  /** Makes sure that what the configuration names is there. Safe on every start and every replica. */
  register(): Promise<void>
  /** Looks for a conference's recordings at once. */
  lookNow(conference: Conference): Promise<void>
  /** Asks whether a recording's file is there again, and takes it back if it is. */
  lookAgain(recordingId: string): Promise<boolean>
  /** Believes a person that a recording's file is gone. */
  confirmDeletion(recordingId: string): Promise<void>
  steps: Record<'drainInbox' | 'fanOutDue' | 'deliverDue' | 'reconcileDue' | 'renewDue' | 'sweepDue', Step>
}

export function createService(config: Config, runtime: Runtime): Service {
  const { store, log, clock } = runtime
  const keys = deriveKeys(config.appSecret, config.appSecretPrevious)
  const metrics = createMetrics()
  const token = msalTokens(config.azure, config.graphUrl)
  const graph = graphClient({ ...runtime, graphUrl: config.graphUrl, token })
  const by = `relay-${crypto.randomUUID()}`
  const holdings = new Holdings()
  const { inboxLeaseMs: leaseMs, sweepIntervalMs } = config
  const base = { store, graph, clock, log, metrics, holdings, by, leaseMs, sweepIntervalMs }
  const registering = { ...base, watch: config.watch }
  const handlers = createHandlers(config, runtime, { graph, token })
  const renewing = { ...base, ...config, clientStateKeys: keys.clientState }
  const delivering = { ...base, ...runtime, sealKeys: keys.seal, timeoutMs: config.deliveryTimeoutMs }

  return {
    ...runtime,
    ...{ config, keys, graph, metrics, holdings, wake: new Wake(), slowShare: new SlowShare(clock) },
    register: async () => {
      await ensureFirstEndpoint(config.firstEndpoint, { ...base, ...config, sealKeys: keys.seal })
      await registerConfigured(config, registering)
    },
    lookNow: async (conference) => {
      const person = conference.organizerId ?? conference.organizerEmail ?? ''
      const subscriptionId = await watchDrive({ drive: { person } }, registering)
      const seen = subscriptionId ? await visitDrive({ subscriptionId, because: 'sweep' }, base) : []
      for (const recordingId of seen) await matchRecording(recordingId, base)
    },
    lookAgain: async (recordingId) => {
      const found = await lookAgain(recordingId, base)
      await matchRecording(recordingId, base)
      return found
    },
    confirmDeletion: async (recordingId) => {
      await confirmDeletion(recordingId, base)
      await matchRecording(recordingId, base)
    },
    steps: {
      drainInbox: () => drainInbox({ ...base, inbox: store.inbox, handlers }),
      fanOutDue: () => fanOutDue({ ...base, firstDelayMs: config.deliveryScheduleMs[0] ?? 0 }),
      deliverDue: () => deliverDue({ ...delivering, scheduleMs: config.deliveryScheduleMs }),
      reconcileDue: reconcileEvery(RECONCILE_EVERY_MS, renewing),
      renewDue: () => renewDue(renewing),
      sweepDue: () => sweepDue(base),
    },
  }
}

/** The way to Graph, and what opens it. */
interface ToGraph {
  graph: GraphClient
  token: TokenSource
}

/** Which stage looks at what lies in the inbox. */
function createHandlers(config: Config, { store, log, clock, fetch }: Runtime, { graph, token }: ToGraph): Handlers {
  const base = { store, graph, clock, log, sweepIntervalMs: config.sweepIntervalMs }
  const verifyTokens = validationTokenVerifier(config.azure, fetch)
  const rich = { ...base, verifyTokens, decrypt: createDecrypt(config.encryption) }
  return {
    watch: async (entry) => {
      await watchDrive(entry, { ...base, watch: config.watch })
    },
    heard: (entry) => noteHeard(entry, base),
    drive: async (entry) => {
      await visitDrive(entry, base)
    },
    look: (entry) => lookThrough(entry, base),
    canary: (entry) => sing(entry, { ...base, token }),
    call: (entry) => resolveCall(entry, base),
    callRecording: (entry) => resolveCallRecording(entry, rich),
    callTranscript: (entry) => resolveCallTranscript(entry, rich),
    transcript: async (entry) => {
      await findTranscript(entry.recordingId, base)
    },
    absence: (entry) => checkAbsence(entry.recordingId, base),
    lifecycle: (entry) => obeyLifecycle(entry, base),
    conference: (entry) => rematchAround(entry.conferenceId, base),
    recording: (entry) => matchRecording(entry.recordingId, base),
  }
}
