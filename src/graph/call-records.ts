import { z } from 'zod'
import type { GraphClient } from './client.ts'
import { readAll } from './pages.ts'

const CallRecordBody = z.object({
  id: z.string(),
  version: z.number(),
  startDateTime: z.string(),
  endDateTime: z.string(),
  joinWebUrl: z.string().nullish(),
  // `organizer` and `participants` have been empty since June 2026.
  organizer_v2: z
    .object({
      id: z.string().nullish(),
      identity: z.object({ user: z.object({ id: z.string().nullish() }).nullish() }).nullish(),
    })
    .nullish(),
})

const Session = z.object({ startDateTime: z.string(), endDateTime: z.string() })

export type CallRecord = z.output<typeof CallRecordBody>

export interface CallSession {
  startedAt: string
  endedAt: string
}

/** A callRecord; Graph keeps it for 30 days. */
export function getCallRecord(graph: GraphClient, id: string): Promise<CallRecord> {
  return graph.get(pathOf(id), CallRecordBody)
}

/** Every session of a call; Graph gives 60 on a page. */
export async function listSessions(graph: GraphClient, id: string): Promise<CallSession[]> {
  const sessions = await readAll(graph, `${pathOf(id)}/sessions`, Session)
  return sessions.map(({ startDateTime, endDateTime }) => ({
    startedAt: new Date(startDateTime).toISOString(),
    endedAt: new Date(endDateTime).toISOString(),
  }))
}

/** How many took part; Graph gives 130 on a page. */
export async function countParticipants(graph: GraphClient, id: string): Promise<number> {
  return (await readAll(graph, `${pathOf(id)}/participants_v2`, z.unknown())).length
}

/**
 * The callRecords of calls that began since then, as far as Graph has them.
 * https://learn.microsoft.com/graph/api/callrecords-cloudcommunications-list-callrecords
 */
export function listCallRecords(graph: GraphClient, since: Date): Promise<CallRecord[]> {
  const filter = encodeURIComponent(`startDateTime ge ${since.toISOString()}`)
  return readAll(graph, `/communications/callRecords?$filter=${filter}`, CallRecordBody)
}

function pathOf(id: string): string {
  return `/communications/callRecords/${encodeURIComponent(id)}`
}
