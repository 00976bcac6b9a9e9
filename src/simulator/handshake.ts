import { randomUUID } from 'node:crypto'
import { badRequest } from './graph-error.ts'

const WITHIN_MS = 10_000

/**
 * Calls an address back before a subscription is accepted.
 * https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation
 */
export async function confirmAddress(url: string): Promise<void> {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`
  const address = new URL(url)
  address.searchParams.set('validationToken', token)
  const answer = await ask(address)
  if (answer.status !== 200) {
    throw invalid(
      `HTTP status code is '${answer.status}'. Notification endpoint must respond with 200 OK to validation request.`,
    )
  }
  if (!answer.type.startsWith('text/plain')) throw invalid('Notification endpoint must respond with text/plain.')
  if (answer.body !== token) throw invalid('Notification endpoint must respond with 200 OK to validation request.')
}

async function ask(address: URL): Promise<{ status: number; type: string; body: string }> {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(WITHIN_MS),
    })
    return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() }
  } catch {
    throw badRequest('Subscription validation request timed out.')
  }
}

function invalid(reason: string) {
  return badRequest(`Subscription validation request failed. ${reason}`, 'ValidationError')
}
