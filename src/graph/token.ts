import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  ConfidentialClientApplication,
  type Configuration,
  ManagedIdentityApplication,
  type NodeAuthOptions,
} from '@azure/msal-node'
import type { AzureConfig } from '../config.ts'
import { isLoopback } from '../config-values.ts'
import { RelayError } from '../errors.ts'

/** Gives a bearer for Graph; a new one where `fresh` is true, for Graph may refuse one before it expires. */
export type TokenSource = (fresh?: boolean) => Promise<string>

interface TokenClient {
  acquire(fresh: boolean): Promise<string | undefined>
}

/**
 * Bearers through MSAL, which caches them. Calls at the same time share one request: MSAL itself would send one for
 * each while its cache is cold.
 */
export function msalTokens(azure: AzureConfig, graphUrl: string): TokenSource {
  const scope = isLoopback(new URL(graphUrl).hostname) ? 'https://graph.microsoft.com/.default' : `${graphUrl}/.default`
  let client: TokenClient | undefined
  let pending: Promise<string> | undefined

  async function acquire(fresh: boolean): Promise<string> {
    client ??= azure.credential.kind === 'managedIdentity' ? managedIdentity(scope) : confidentialClient(azure, scope)
    try {
      const token = await client.acquire(fresh)
      if (token) return token
      throw new Error('the sign-in authority answered without a token')
    } catch (cause) {
      // After a refusal MSAL answers from memory for a while, even when the authority is well again: start afresh.
      client = undefined
      throw new RelayError('token_refused', 'retry', 'The sign-in authority gave no token for Microsoft Graph.', {
        cause,
      })
    }
  }

  return (fresh = false) => {
    pending ??= acquire(fresh).finally(() => {
      pending = undefined
    })
    return pending
  }
}

function confidentialClient(azure: AzureConfig, scope: string): TokenClient {
  const application = new ConfidentialClientApplication(msalConfiguration(azure))
  return {
    acquire: async (skipCache) =>
      (await application.acquireTokenByClientCredential({ scopes: [scope], skipCache }))?.accessToken,
  }
}

function managedIdentity(scope: string): TokenClient {
  const application = new ManagedIdentityApplication()
  const resource = scope.replace('/.default', '')
  return { acquire: async (forceRefresh) => (await application.acquireToken({ resource, forceRefresh })).accessToken }
}

function msalConfiguration(azure: AzureConfig): Configuration {
  const auth: NodeAuthOptions = { clientId: azure.clientId, ...authority(azure), ...credential(azure) }
  return { auth }
}

/** MSAL refuses an authority on plain http, but takes endpoints as metadata; that serves loopback. */
function authority({ authorityHost, tenantId }: AzureConfig): Pick<NodeAuthOptions, 'authority' | 'authorityMetadata'> {
  if (!authorityHost.startsWith('http:')) return { authority: `${authorityHost}/${tenantId}` }
  const base = `${authorityHost}/${tenantId}`
  return {
    authority: `https://login.microsoftonline.com/${tenantId}`,
    authorityMetadata: JSON.stringify({
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    }),
  }
}

function credential({ credential }: AzureConfig): Pick<NodeAuthOptions, 'clientSecret' | 'clientCertificate'> {
  if (credential.kind === 'secret') return { clientSecret: credential.secret }
  if (credential.kind !== 'certificate') return {}
  const certificate = new X509Certificate(credential.pem)
  return {
    clientCertificate: {
      thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
      privateKey: createPrivateKey(credential.pem).export({ type: 'pkcs8', format: 'pem' }).toString(),
      x5c: certificate.toString(),
    },
  }
}
