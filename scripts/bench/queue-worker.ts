// A replica that claims and finishes as many entries as it is told to, and says how long it took.

import { z } from 'zod'
import { openStore } from '../../src/store/open-store.ts'

const Order = z.object({ by: z.string(), count: z.number() })

const BATCH = 4
const LEASE_MS = 60_000

const store = await openStore(process.env.DATABASE_URL ?? '', Date.now)

process.on('message', async (message) => {
  const { by, count } = Order.parse(message)
  const begun = performance.now()
  for (let done = 0; done < count; ) {
    const claims = await store.inbox.claim({ by, limit: Math.min(BATCH, count - done), leaseMs: LEASE_MS })
    await Promise.all(claims.map((claim) => store.inbox.finish(claim)))
    done += claims.length
  }
  process.send?.(performance.now() - begun)
})
