import { createMiddleware } from 'hono/factory'
import { GraphError } from './graph-error.ts'

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
