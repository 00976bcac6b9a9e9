// Every address of the service, in the order of the flow.

import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { healthRoutes, renderMetrics } from './admin/health.ts'
import { adminRoutes } from './admin/routes.ts'
import { changeRoutes } from './conferences/changes.ts'
import { deletionRoutes } from './conferences/deletions.ts'
import { diagnosisRoutes } from './conferences/diagnosis.ts'
import { meetingRoutes } from './conferences/meeting.ts'
import { conferenceRecordingRoutes, recordingRoutes } from './conferences/recordings.ts'
import { conferenceRoutes } from './conferences/routes.ts'
import { syncRoutes } from './conferences/sync.ts'
import { captionRoutes } from './download/captions.ts'
import { contentRoutes } from './download/content.ts'
import { grantRoutes } from './download/grants.ts'
import { watchRoutes } from './download/watch.ts'
import { keyCheck } from './http/api.ts'
import { describeApi } from './http/openapi.ts'
import { probeRoutes } from './http/probes.ts'
import { onError, problemResponse } from './http/problem.ts'
import { inboxRoutes } from './inbox/routes.ts'
import { deliveryRoutes } from './publish/deliveries.ts'
import { endpointRoutes } from './publish/endpoints.ts'
import { eventRoutes } from './publish/events.ts'
import { receiveRoutes } from './receive/routes.ts'
import type { Service } from './service.ts'
import { driveRoutes, subscriptionRoutes } from './subscriptions/routes.ts'

/** @param isDraining whether the process is on its way out, and new work should go elsewhere */
export function createApp(service: Service, isDraining: () => boolean = () => false): OpenAPIHono {
  const { config, keys, store, clock } = service
  const { publicUrl, sweepIntervalMs, encryption } = config
  const slowAnswers = () => service.slowShare.answers()
  const base = { ...service, publicUrl, sweepIntervalMs, encryption, slowAnswers }
  const checkKey = keyCheck(config.apiKeys)
  const requireKey: MiddlewareHandler = async (c, next) => {
    checkKey(c)
    await next()
  }

  const app = new OpenAPIHono()
  app.onError(onError(service.log))
  app.notFound((c) => problemResponse({ status: 404, code: 'not_found', detail: `There is nothing at ${c.req.path}.` }))

  const trust = { clientStateKeys: keys.clientState, tenantId: config.azure.tenantId }
  app.route('/graph', receiveRoutes({ ...base, inbox: store.inbox, trust }))

  // These are open to people with a grant; everything else under /v1 needs a key.
  app.route('/', contentRoutes({ ...base, grantKeys: keys.grant, checkKey }))
  app.route('/', captionRoutes({ ...base, grantKeys: keys.grant, checkKey }))
  app.route('/', watchRoutes({ store, clock, grantKeys: keys.grant }))

  app.use('/v1/*', requireKey)
  app.use('/conferences/*', requireKey)
  app.route('/v1/conferences', conferenceRoutes(base))
  app.route('/v1/conferences', meetingRoutes(base))
  app.route('/v1/conferences', syncRoutes(base))
  app.route('/v1/conferences', conferenceRecordingRoutes(base))
  app.route('/v1/conferences', diagnosisRoutes(base))
  app.route('/v1/recordings', recordingRoutes(base))
  app.route('/v1/recordings', changeRoutes(base))
  app.route('/v1/recordings', deletionRoutes(base))
  app.route('/v1/recordings', grantRoutes({ ...base, grantKeys: keys.grant, ttlMs: config.grantTtlMs }))
  app.route('/v1/endpoints', endpointRoutes({ ...base, sealKeys: keys.seal, egressAllow: config.egressAllow }))
  app.route('/v1/deliveries', deliveryRoutes(base))
  app.route('/v1/events', eventRoutes(base))
  app.route('/v1/inbox', inboxRoutes({ ...base, inbox: store.inbox }))
  app.route('/v1/subscriptions', subscriptionRoutes(base))
  app.route('/v1/drives', driveRoutes(base))
  app.route('/v1/health', healthRoutes(base))
  // The address of the service before this one.
  app.post('/conferences/:id/sync/', (c) => {
    const path = `/v1/conferences/${encodeURIComponent(c.req.param('id'))}/sync`
    return app.fetch(new Request(new URL(path, c.req.url), c.req.raw), c.env)
  })

  app.route('/admin', adminRoutes({ ...base, adminKey: config.adminKey, cookieKeys: keys.cookie }))
  app.route('/', probeRoutes({ store, isDraining }))
  app.get('/metrics', async (c) => c.text(await renderMetrics(base)))
  describeApi(app, config.publicUrl)
  return app
}
