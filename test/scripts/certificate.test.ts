import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const SCRIPT = join(import.meta.dirname, '../../scripts/certificate.ts')

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'))
})

afterEach(() => rm(folder, { recursive: true }))

function make(args: string[] = [], environment: Record<string, string> = {}) {
  const env = { PATH: process.env.PATH, ...environment }
  return run(process.execPath, [SCRIPT, '--out', folder, ...args], { env })
}

describe('a certificate for encrypted notifications', () => {
  it('is made with its key, and what to set is said', async () => {
    const { stdout } = await make(['--days', '90', '--bits', '3072'])
    const files = (await readdir(folder)).sort()
    expect(files).toEqual([expect.stringMatching(/\.crt\.pem$/), expect.stringMatching(/\.key\.pem$/)])
    const [certificateFile = '', keyFile = ''] = files.map((file) => join(folder, file))
    const certificate = new X509Certificate(await readFile(certificateFile))
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3_072)
    expect(certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile)))).toBe(true)
    const days = (Date.parse(certificate.validTo) - Date.now()) / (24 * 60 * 60_000)
    expect(Math.round(days)).toBe(90)
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    expect(stdout).toContain(`GRAPH_CERTIFICATE_PATH=${certificateFile}\n`)
    expect(stdout).toContain(`GRAPH_PRIVATE_KEY_PATH=${keyFile}\n`)
  })

  it('comes before those that are set already, whose keys are still needed', async () => {
    const { stdout } = await make([], { GRAPH_CERTIFICATE_PATH: 'old.crt', GRAPH_PRIVATE_KEY_PATH: 'old.key' })
    expect(stdout).toMatch(/GRAPH_CERTIFICATE_PATH=.*\.crt\.pem,old\.crt\n/)
    expect(stdout).toMatch(/GRAPH_PRIVATE_KEY_PATH=.*\.key\.pem,old\.key\n/)
    expect(stdout).toContain('/v1/health')
  })

  it.each([
    ['--bits', '1024'],
    ['--days', '0'],
    ['--days', 'many'],
  ])('is refused for %s %s in a sentence', async (option, value) => {
    const refused = await make([option, value]).catch((error: { code: number; stderr: string }) => error)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(value) })
    expect(await readdir(folder)).toEqual([])
  })
})
