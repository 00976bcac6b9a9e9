import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'

export interface Listening {
  url: string
  close(): Promise<void>
}

type Fetch = (request: Request) => Response | Promise<Response>

/** Serves on a free port of the loopback interface. */
export async function listen(fetch: Fetch): Promise<Listening> {
  return new Promise((resolve) => {
    const server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }: AddressInfo) => {
      resolve({
        url: `http://127.0.0.1:${port}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            if ('closeAllConnections' in server) server.closeAllConnections()
          }),
      })
    })
  })
}
