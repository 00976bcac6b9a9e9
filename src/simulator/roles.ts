import { createMiddleware } from 'hono/factory'
import { GraphError } from './graph-error.ts'

/** Every permission that the app can be granted here. */
export const ROLES = [
  'Files.Read.All',
  'Sites.Read.All',
  'CallRecords.Read.All',
  'OnlineMeetingRecording.Read.All',
  'OnlineMeetingTranscript.Read.All',
  'OnlineMeetings.ReadWrite.All',
  'OnlineMeetingArtifact.Read.All',
  'Calendars.ReadWrite',
  'Chat.Read.All',
]

/** What is known of a request to Graph once its bearer was verified. */
export interface GraphEnv {
  Variables: { roles: Set<string> }
}

/** 403 unless the token carries one of the roles. */
export function requireRole(...roles: string[]) {
  return createMiddleware<GraphEnv>(async (c, next) => {
    if (!roles.some((role) => c.get('roles').has(role))) {
      throw new GraphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
    }
    await next()
  })
}
