import { createHash, timingSafeEqual } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { jwtVerify, SignJWT } from 'jose'
import { newest } from '../keys.ts'
import { signInPage } from './page.ts'

export interface SignInOptions {
  adminKey: string | null
  cookieKeys: Buffer[]
  clock: () => number
  publicUrl: string
}

const COOKIE = 'relay_admin'
const AUDIENCE = 'recording-relay:admin'
const LIFE_SECONDS = 8 * 60 * 60

/** `/admin/sign-in` and `/admin/sign-out`. */
export function signInRoutes({ adminKey, cookieKeys, clock, publicUrl }: SignInOptions): Hono {
  const { origin, protocol } = new URL(publicUrl)
  const secure = protocol === 'https:'
  const app = new Hono()
  // Behind a proxy the request's own address is not the one that the browser sees.
  app.use(csrf({ origin: (from, c) => from === origin || from === new URL(c.req.url).origin }))
  app.get('/sign-in', (c) => c.html(signInPage(adminKey ? null : 'ADMIN_KEY is not set, so nobody can sign in.')))
  app.post('/sign-in', async (c) => {
    const { key } = await c.req.parseBody()
    if (!adminKey || typeof key !== 'string' || !sameKey(key, adminKey))
      return c.html(signInPage('That is not the key.'), 401)
    const value = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(AUDIENCE)
      .setExpirationTime(new Date(clock() + LIFE_SECONDS * 1000))
      .sign(newest(cookieKeys))
    setCookie(c, COOKIE, value, { httpOnly: true, sameSite: 'Strict', secure, path: '/admin', maxAge: LIFE_SECONDS })
    return c.redirect('/admin', 303)
  })
  app.post('/sign-out', (c) => {
    deleteCookie(c, COOKIE, { path: '/admin' })
    return c.redirect('/admin/sign-in', 303)
  })
  return app
}

/** Sends everyone who is not signed in to the sign-in page. */
export function requireAdmin(options: SignInOptions): MiddlewareHandler {
  return async (c, next) => {
    if (!(await isSignedIn(c, options))) return c.redirect('/admin/sign-in', 303)
    return next()
  }
}

async function isSignedIn(c: Context, { adminKey, cookieKeys, clock }: SignInOptions): Promise<boolean> {
  const cookie = getCookie(c, COOKIE)
  if (!adminKey || !cookie) return false
  for (const key of cookieKeys) {
    const options = { algorithms: ['HS256'], audience: AUDIENCE, currentDate: new Date(clock()) }
    const valid = await jwtVerify(cookie, key, options).then(
      () => true,
      () => false,
    )
    if (valid) return true
  }
  return false
}

function sameKey(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
