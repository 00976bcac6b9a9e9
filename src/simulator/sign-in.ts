// The sign-in authority: tokens for Graph, tokens that prove a notification, and the keys to check both.

import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Clock } from './clock.ts'
import { type Listening, listen } from './listen.ts'

export interface SignInOptions {
  clock: Clock
  tenantId: string
  clientId: string
  clientSecret: string
  /** Roles that a token carries when it is issued. */
  roles: () => string[]
}

const GRAPH = 'https://graph.microsoft.com'
/** Microsoft Graph Change Tracking: it signs what proves a notification. */
export const CHANGE_TRACKING = '0bf30f3b-4a52-48df-9a82-234910c4a086'
const KEY_ID = 'simulator-key-1'

export interface ValidationTokenOptions {
  version?: '1.0' | '2.0'
  claims?: JWTPayload
}

export class SignIn {
  readonly #options: SignInOptions
  /** How often somebody read the keys. */
  keysAsked = 0
  #keys: Awaited<ReturnType<typeof generateKeyPair>>
  #keyId = KEY_ID
  #listening: Listening | undefined

  private constructor(options: SignInOptions, keys: Awaited<ReturnType<typeof generateKeyPair>>) {
    this.#options = options
    this.#keys = keys
  }

  static async create(options: SignInOptions): Promise<SignIn> {
    return new SignIn(options, await generateKeyPair('RS256'))
  }

  /** From now on another key signs, and only that one is published. */
  async rotateKeys(): Promise<void> {
    this.#keys = await generateKeyPair('RS256')
    this.#keyId = `simulator-key-${randomUUID()}`
  }

  get url(): string {
    return this.#listening?.url ?? ''
  }

  async start(): Promise<void> {
    this.#listening = await listen(this.#app().fetch)
  }

  async stop(): Promise<void> {
    await this.#listening?.close()
  }

  /** Throws where the bearer is not one of ours for Graph, or has expired. Gives its roles. */
  async verifyBearer(bearer: string): Promise<Set<string>> {
    const { payload } = await jwtVerify(bearer, this.#keys.publicKey, {
      audience: GRAPH,
      currentDate: this.#options.clock.date(),
      clockTolerance: 5,
    })
    return new Set(Array.isArray(payload.roles) ? payload.roles.map(String) : [])
  }

  /** What accompanies an encrypted notification. */
  validationToken({ version = '2.0', claims = {} }: ValidationTokenOptions = {}): Promise<string> {
    const { tenantId, clientId } = this.#options
    const app = version === '1.0' ? { appid: CHANGE_TRACKING } : { azp: CHANGE_TRACKING }
    const issuer = version === '1.0' ? `https://sts.windows.net/${tenantId}/` : `${this.url}/${tenantId}/v2.0`
    return this.#sign({ iss: issuer, aud: clientId, tid: tenantId, ver: version, ...app, ...claims }, 8 * 60 * 60)
  }

  #sign(claims: JWTPayload, lifeSeconds: number): Promise<string> {
    const now = Math.floor(this.#options.clock.now() / 1000)
    return new SignJWT({ iat: now, nbf: now - 5, exp: now + lifeSeconds, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: this.#keyId, typ: 'JWT' })
      .sign(this.#keys.privateKey)
  }

  #app(): Hono {
    const app = new Hono()
    const { tenantId } = this.#options
    const keys = async () => {
      this.keysAsked += 1
      return { keys: [{ ...(await exportJWK(this.#keys.publicKey)), kid: this.#keyId, use: 'sig', alg: 'RS256' }] }
    }
    for (const path of ['/common/discovery/keys', '/common/discovery/v2.0/keys', '/:tenant/discovery/v2.0/keys']) {
      app.get(path, async (c) => c.json(await keys()))
    }
    app.get('/:tenant/v2.0/.well-known/openid-configuration', (c) =>
      c.json({
        issuer: `${this.url}/${tenantId}/v2.0`,
        token_endpoint: `${this.url}/${tenantId}/oauth2/v2.0/token`,
        authorization_endpoint: `${this.url}/${tenantId}/oauth2/v2.0/authorize`,
        jwks_uri: `${this.url}/common/discovery/v2.0/keys`,
      }),
    )
    app.post('/:tenant/oauth2/v2.0/token', async (c) => {
      const form = new URLSearchParams(await c.req.text())
      const refusal = this.#refuse(c.req.param('tenant'), form)
      if (refusal)
        return c.json({ error: refusal.error, error_description: refusal.text, error_codes: [refusal.code] }, 401)
      const claims = {
        aud: GRAPH,
        iss: `https://sts.windows.net/${tenantId}/`,
        tid: tenantId,
        appid: form.get('client_id'),
      }
      const token = await this.#sign({ ...claims, roles: this.#options.roles() }, 3_599)
      return c.json({ token_type: 'Bearer', expires_in: 3_599, ext_expires_in: 3_599, access_token: token })
    })
    return app
  }

  #refuse(tenant: string, form: URLSearchParams): { error: string; text: string; code: number } | undefined {
    const { tenantId, clientId, clientSecret } = this.#options
    if (tenant !== tenantId)
      return { error: 'invalid_request', text: `AADSTS90002: Tenant '${tenant}' not found.`, code: 90_002 }
    if (form.get('grant_type') !== 'client_credentials') {
      return {
        error: 'unsupported_grant_type',
        text: 'AADSTS70003: The app requested an unsupported grant type.',
        code: 70_003,
      }
    }
    if (!form.get('scope')?.includes('/.default')) {
      return {
        error: 'invalid_scope',
        text: 'AADSTS1002012: The provided value for scope is not valid.',
        code: 1_002_012,
      }
    }
    if (form.get('client_id') !== clientId) {
      return {
        error: 'unauthorized_client',
        text: 'AADSTS700016: Application was not found in the directory.',
        code: 700_016,
      }
    }
    const assertion = form.get('client_assertion')
    if (assertion ? decodeJwt(assertion).iss === clientId : form.get('client_secret') === clientSecret) return undefined
    return { error: 'invalid_client', text: 'AADSTS7000215: Invalid client secret provided.', code: 7_000_215 }
  }
}
