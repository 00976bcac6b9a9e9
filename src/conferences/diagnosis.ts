// "Why is my recording not here?" One cause, who can mend it, and what to do.

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Call } from '../domain/call.ts'
import type { Conference } from '../domain/conference.ts'
import type { Recording } from '../domain/recording.ts'
import type { Subscription } from '../domain/subscription.ts'
import { answer, createApi, problem } from '../http/api.ts'
import type { Store } from '../store/store.ts'
import { recordingsOf } from './recordings.ts'
import { ConferenceId, loadConference } from './routes.ts'

const DiagnosisBody = z
  .object({
    cause: z.string(),
    explanation: z.string(),
    whoCanMendIt: z.enum(['nobody', 'teacher', 'admin', 'lms']),
    whatToDo: z.string(),
  })
  .openapi('Diagnosis')

export type Diagnosis = z.output<typeof DiagnosisBody>

export interface DiagnosisOptions {
  store: Store
  clock: () => number
}

interface Findings {
  conference: Conference
  recordings: Recording[]
  /** Recordings that wait for a person and name this conference as a candidate. */
  inReview: Recording[]
  drives: Subscription[]
  calls: Call[]
  now: number
}

const HOUR_MS = 60 * 60_000
// The latest that Graph promises a callRecord, and with it the end of what can still be on its way:
// https://learn.microsoft.com/graph/change-notifications-overview#latency
const LATEST_MS = 2.5 * HOUR_MS

export function diagnosisRoutes(options: DiagnosisOptions): OpenAPIHono {
  const api = createApi()
  api.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/diagnosis',
      summary: 'Why is my recording not here?',
      request: { params: ConferenceId },
      responses: { 200: answer('One cause, and who can mend it', DiagnosisBody), 404: problem('No such conference') },
    }),
    async (c) => c.json(diagnose(await gather(c.req.valid('param').id, options)), 200),
  )
  return api
}

async function gather(id: string, { store, clock }: DiagnosisOptions): Promise<Findings> {
  const conference = await loadConference(id, store)
  const review = await store.recordings.find({
    where: { status: 'review' },
    orderBy: 'createdAt',
    descending: true,
    limit: 500,
  })
  const { organizerId, joinUrlKey } = conference
  return {
    conference,
    recordings: await recordingsOf(id, store),
    inReview: review.filter(({ match }) => match.candidates.some(({ conferenceId }) => conferenceId === id)),
    drives: await drivesOf(conference, store),
    calls: await (joinUrlKey
      ? store.calls.find({
          where: { joinUrlKey, endedAt: { gte: conference.startsAt } },
          orderBy: 'endedAt',
          limit: 50,
        })
      : organizerId
        ? store.calls.find({
            where: { organizerId, endedAt: { gte: conference.startsAt } },
            orderBy: 'endedAt',
            limit: 50,
          })
        : []),
    now: clock(),
  }
}

async function drivesOf({ organizerId, organizerEmail }: Conference, store: Store): Promise<Subscription[]> {
  const where = organizerId ? { ownerId: organizerId } : { ownerEmail: organizerEmail }
  return store.subscriptions.find({ where: { ...where, kind: 'drive' }, orderBy: 'createdAt', limit: 20 })
}

export function diagnose(findings: Findings): Diagnosis {
  return fromRecordings(findings) ?? fromDrives(findings) ?? fromTime(findings)
}

function fromRecordings({ recordings, inReview }: Findings): Diagnosis | undefined {
  const available = recordings.filter(({ status }) => status === 'available')
  if (available.some(({ visibility }) => visibility === 'visible')) {
    return diagnosis(
      'available',
      'The recording is here.',
      'lms',
      'If the course does not show it, look at the deliveries.',
    )
  }
  if (available.length > 0)
    return diagnosis('hidden', 'The recording was hidden.', 'teacher', 'Show it again in the LMS.')
  if (inReview.length > 0) {
    const text = `${inReview.length} recording(s) could belong here, and that is not certain.`
    return diagnosis('in_review', text, 'admin', 'Assign the recording at /admin or with PATCH /v1/recordings/{id}.')
  }
  if (recordings.some(({ status }) => status === 'waiting')) {
    return diagnosis(
      'file_missing',
      'Teams recorded it; its file is not in OneDrive yet.',
      'nobody',
      'Wait some minutes.',
    )
  }
  if (recordings.some(({ status }) => status === 'deleted')) {
    return diagnosis(
      'deleted_upstream',
      'The file was deleted in OneDrive.',
      'teacher',
      "Restore it from OneDrive's recycle bin.",
    )
  }
  return undefined
}

function fromDrives({ drives }: Findings): Diagnosis | undefined {
  const [drive] = drives
  if (!drive) {
    const text = "The organizer's OneDrive is not watched."
    return diagnosis(
      'drive_not_watched',
      text,
      'admin',
      'See the inbox at /admin: the drive may not exist, or Files.Read.All be missing.',
    )
  }
  const trouble = drive.lookTrouble ?? drive.renewTrouble
  if (trouble && !drive.drive?.lastVisitAt) {
    return diagnosis(
      'drive_unreachable',
      `Graph refuses the organizer's OneDrive: ${trouble.text}`,
      'admin',
      'Grant Files.Read.All.',
    )
  }
  return undefined
}

function fromTime({ conference, calls, now }: Findings): Diagnosis {
  if (now < Date.parse(conference.endsAt)) {
    return diagnosis('not_over', 'The conference is not over yet.', 'nobody', `Look again after ${conference.endsAt}.`)
  }
  const ended = calls.at(-1)?.endedAt ?? conference.endsAt
  const latest = Date.parse(ended) + LATEST_MS
  if (now < latest) {
    const text = 'Teams may still be working on the recording.'
    return diagnosis('processing', text, 'nobody', `Look again after ${new Date(latest).toISOString()}.`)
  }
  if (calls.length === 0) {
    return diagnosis(
      'not_held',
      'Teams knows of no call at that time.',
      'teacher',
      'Was the conference held with another link?',
    )
  }
  return diagnosis(
    'not_recorded',
    'The conference was held, and nobody recorded it.',
    'teacher',
    'Have the meeting made with automatic recording next time: POST /v1/conferences/{id}/meeting.',
  )
}

function diagnosis(
  cause: string,
  explanation: string,
  whoCanMendIt: Diagnosis['whoCanMendIt'],
  whatToDo: string,
): Diagnosis {
  return { cause, explanation, whoCanMendIt, whatToDo }
}
