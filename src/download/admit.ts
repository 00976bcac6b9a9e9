import type { Context } from 'hono'
import type { Recording } from '../domain/recording.ts'
import type { CheckKey } from '../http/api.ts'
import { notFound } from '../http/problem.ts'
import type { Store } from '../store/store.ts'
import { verifyGrant } from './sign-grant.ts'

export interface AdmitOptions {
  store: Store
  grantKeys: Buffer[]
  checkKey: CheckKey
  clock: () => number
}

/** The recording that the grant, or an API key, gives access to. */
export async function admit(c: Context, id: string, options: AdmitOptions): Promise<Recording> {
  const grant = c.req.query('grant')
  if (grant === undefined) options.checkKey(c)
  else await verifyGrant(options.grantKeys, grant, id, new Date(options.clock()))
  const stored = await options.store.recordings.get(id)
  if (!stored) throw notFound('recording', id)
  return stored.document
}
