import { z } from 'zod'
import type { GraphClient } from './client.ts'

const CallRecordBody = z.object({
  id: z.string(),
  version: z.number(),
  startDateTime: z.string(),
  endDateTime: z.string(),
  joinWebUrl: z.string().nullish(),
  organizer_v2: z
    .object({
      id: z.string().nullish(),
      identity: z.object({ user: z.object({ id: z.string().nullish() }).nullish() }).nullish(),
    })
    .nullish(),
})

export type CallRecord = z.output<typeof CallRecordBody>

/** A callRecord; Graph keeps it for 30 days. */
export function getCallRecord(graph: GraphClient, id: string): Promise<CallRecord> {
  return graph.get(`/communications/callRecords/${encodeURIComponent(id)}`, CallRecordBody)
}
