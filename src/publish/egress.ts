// The way out to addresses that a customer chose. Private, loopback and platform addresses are refused where the socket
// is opened, after the name was resolved, so that no name can lead inside. Needs sockets: only Node has them.

import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, buildConnector, request } from 'undici'
import { RelayError } from '../errors.ts'

export interface Post {
  url: string
  headers: Record<string, string>
  body: string
  /** Deadline in ms for everything: name, connection, answer. */
  timeoutMs: number
}

export interface Answer {
  status: number
  retryAfter: string | null
}

export type Send = (post: Post) => Promise<Answer>

const CONNECT_TIMEOUT_MS = 5_000
const LARGEST_ANSWER_BYTES = 64 * 1024

// ipaddr.js calls these unicast: Azure's platform endpoint, and IPv4 addresses written as IPv6.
const NEVER = ['168.63.129.16/32', '::/96'].map((cidr) => ipaddr.parseCIDR(cidr))
// Whatever is allowed, these stay closed: link-local addresses hold the cloud's credentials.
const ALWAYS_CLOSED = ['169.254.0.0/16', 'fe80::/10', '168.63.129.16/32'].map((cidr) => ipaddr.parseCIDR(cidr))

/**
 * Sends to public https addresses, and to those that the operator allowed; to the latter by plain http as well.
 * Redirects are not followed.
 *
 * @param allow CIDRs
 */
export function createEgress(allow: string[]): { send: Send; close(): Promise<void> } {
  const allowed = allow.map((cidr) => ipaddr.parseCIDR(cidr))
  const agent = new Agent({ maxResponseSize: LARGEST_ANSWER_BYTES, connect: guardedConnector(allowed) })

  async function send({ url, headers, body, timeoutMs }: Post): Promise<Answer> {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await request(url, { method: 'POST', headers, body, signal, dispatcher: agent })
    // The status decides; a body that is too long or never ends does not make a success a failure.
    await response.body.dump({ limit: LARGEST_ANSWER_BYTES, signal }).catch(() => undefined)
    const retryAfter = response.headers['retry-after']
    return { status: response.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : null }
  }

  return { send, close: () => agent.close() }
}

type Cidr = ReturnType<typeof ipaddr.parseCIDR>

function guardedConnector(allowed: Cidr[]): buildConnector.connector {
  const connectors = { 'https:': connectorFor(false), 'http:': connectorFor(true) }

  function connectorFor(plain: boolean) {
    const isOpen = (address: string) => isReachable(address, allowed, plain)
    return { isOpen, connect: buildConnector({ lookup: guardedLookup(isOpen), timeout: CONNECT_TIMEOUT_MS }) }
  }

  return (options, callback) => {
    const { isOpen, connect } = connectors[options.protocol === 'http:' ? 'http:' : 'https:']
    const host = options.hostname.replace(/^\[|\]$/g, '')
    // A lookup is never asked for an address that is written out.
    if (isIP(host) && !isOpen(host)) callback(blocked(host), null)
    else connect(options, callback)
  }
}

function guardedLookup(isOpen: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      const closed = addresses.find(({ address }) => !isOpen(address))
      if (closed) return callback(blocked(closed.address), '')
      const [first] = addresses
      if (options.all || !first) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })
  }
}

function isReachable(address: string, allowed: Cidr[], plain: boolean): boolean {
  const parsed = ipaddr.process(address.split('%')[0] ?? address)
  const within = (cidrs: Cidr[]) =>
    cidrs.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))
  if (within(ALWAYS_CLOSED)) return false
  if (within(allowed)) return true
  return !plain && parsed.range() === 'unicast' && !within(NEVER)
}

function blocked(address: string): RelayError {
  return new RelayError(
    'address_blocked',
    'retry',
    `${address} is not a public https address. The operator can allow it with EGRESS_ALLOW.`,
  )
}
