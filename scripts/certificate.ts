// Makes a certificate for Graph's encrypted notifications and says what to set: `npm run certificate`.
//   --bits 2048|3072|4096   --days 365   --out certificates

import { X509Certificate } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generate } from 'selfsigned'
import { messageOf } from '../src/errors.ts'

const DAY_MS = 24 * 60 * 60_000
const BITS = [2_048, 3_072, 4_096]
const MOST_DAYS = 1_095
const WARNING_DAYS = [30, 14, 3]

interface Wish {
  bits: number
  days: number
  out: string
}

/** @throws Error a sentence that names the option and what it should be */
function readWish(args: string[]): Wish {
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const
  const options = { bits: option('2048'), days: option('365'), out: option('certificates') }
  const { values } = parseArgs({ args, options })
  const [bits, days] = [Number(values.bits), Number(values.days)]
  if (!BITS.includes(bits)) throw new Error(`--bits is one of ${BITS.join(', ')}, not "${values.bits}".`)
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
    throw new Error(`--days is a number from 1 to ${MOST_DAYS}, not "${values.days}".`)
  return { bits, days, out: values.out }
}

interface Made {
  certificatePath: string
  privateKeyPath: string
  expiresAt: Date
}

async function make({ bits, days, out }: Wish): Promise<Made> {
  const now = new Date()
  const expiresAt = new Date(now.getTime() + days * DAY_MS)
  const pems = await generate([{ name: 'commonName', value: 'recording-relay' }], {
    keySize: bits,
    algorithm: 'sha256',
    notBeforeDate: now,
    notAfterDate: expiresAt,
  })
  const fingerprint = new X509Certificate(pems.cert).fingerprint256.replaceAll(':', '').toLowerCase()
  const base = join(out, `graph-${now.toISOString().slice(0, 10)}-${fingerprint.slice(0, 8)}`)
  const [certificatePath, privateKeyPath] = [`${base}.crt.pem`, `${base}.key.pem`]
  await mkdir(out, { recursive: true })
  await writeFile(privateKeyPath, pems.private, { flag: 'wx', mode: 0o600 })
  await writeFile(certificatePath, pems.cert, { flag: 'wx' })
  return { certificatePath, privateKeyPath, expiresAt }
}

/** What to set, with what is set already behind it: its keys are needed until nothing refers to them. */
function advise({ certificatePath, privateKeyPath, expiresAt }: Made, environment: NodeJS.ProcessEnv): string {
  const { GRAPH_CERTIFICATE_PATH: certificates, GRAPH_PRIVATE_KEY_PATH: privateKeys } = environment
  const isRotation = certificates && privateKeys
  const before = (list: string | undefined) => (isRotation ? `,${list}` : '')
  const lines = [
    'Set these two, newest first, and start the service again:',
    '',
    `GRAPH_CERTIFICATE_PATH=${certificatePath}${before(certificates)}`,
    `GRAPH_PRIVATE_KEY_PATH=${privateKeyPath}${before(privateKeys)}`,
    '',
    `It ends on ${expiresAt.toISOString().slice(0, 10)}; health warns ${WARNING_DAYS.join(', ')} days before.`,
  ]
  const rotation =
    'Take the old ones out of both lists, and delete them, when /v1/health says that no subscription uses them any more.'
  return [...lines, ...(isRotation ? [rotation] : [])].join('\n')
}

try {
  console.log(advise(await make(readWish(process.argv.slice(2))), process.env))
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 2
}
