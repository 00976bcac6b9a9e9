// A notification that carries its resource: it is believed when Microsoft's token vouches for it, and when what was
// encrypted is what the notification says that it is.

import type { RichNotification } from '../domain/notification.ts'
import { messageOf, RelayError } from '../errors.ts'
import type { Decrypt } from './decrypt.ts'
import { clearTrouble, noteTrouble } from './look.ts'
import type { ResolveOptions } from './options.ts'
import type { TokenVerifier } from './validation-tokens.ts'

export interface RichOptions extends ResolveOptions {
  decrypt: Decrypt
  verifyTokens: TokenVerifier
}

/**
 * The resource of a notification, verified and parsed.
 *
 * @throws RelayError `notification_unproven`, `notification_empty`, `notification_undecryptable`,
 *   `notification_foreign` (all bury)
 */
export async function openRich<T>(
  entry: RichNotification,
  read: (content: unknown) => T & { resourceId: string },
  options: RichOptions,
): Promise<T> {
  await verify(entry, options)
  if (!entry.encryptedContent) {
    throw new RelayError('notification_empty', 'bury', 'An encrypted notification came without its content.')
  }
  const resource = parse(await options.decrypt(entry.encryptedContent), read)
  // Both are signed, but not together: the content of one could be put into another.
  if (entry.resource.includes(`'${resource.resourceId}'`)) return resource
  throw new RelayError('notification_foreign', 'bury', 'The content of a notification belongs to another resource.')
}

async function verify(entry: RichNotification, options: RichOptions): Promise<void> {
  if (entry.validationTokens.length === 0) {
    const text = 'Graph sends encrypted notifications without validation tokens, so none can be believed.'
    await noteTrouble(entry.subscriptionId, 'unproven', text, options)
  }
  await options.verifyTokens(entry.validationTokens, entry.tenantId, new Date(entry.notifiedAt))
  await clearTrouble(entry.subscriptionId, 'unproven', options)
}

function parse<T>(content: unknown, read: (content: unknown) => T): T {
  try {
    return read(content)
  } catch (error) {
    throw new RelayError(
      'notification_foreign',
      'bury',
      `The content is not what was subscribed to: ${messageOf(error)}`,
    )
  }
}
