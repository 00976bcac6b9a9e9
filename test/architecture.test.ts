import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')
const STAGES = ['receive', 'inbox', 'resolve', 'match', 'publish', 'download', 'subscriptions', 'conferences', 'admin']
// Files beside the folders that anybody but the domain may use.
const GROUND = [
  'config',
  'config-values',
  'config-variables',
  'errors',
  'holdings',
  'ids',
  'keys',
  'log',
  'metrics',
  'wake',
  'within',
  'client-state',
]

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))

interface Import {
  from: string
  to: string
}

function importsOf(path: string): string[] {
  const source = readFileSync(join(SRC, path), 'utf8')
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].flatMap(([, specifier]) => specifier ?? [])
}

const imports: Import[] = files.flatMap((from) =>
  importsOf(from)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ from, to: relative(SRC, join(SRC, dirname(from), specifier)) })),
)

/** The room a file lives in: its folder, or its own name where it lies beside the folders. */
function roomOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : path.replace(/\.ts$/, '')
}

function isAllowed({ from, to }: Import): boolean {
  const [a, b] = [roomOf(from), roomOf(to)]
  if (a === b) return true
  if (b === 'domain') return true
  if (a === 'domain') return false
  if (GROUND.includes(b)) return true
  if (GROUND.includes(a)) return false
  switch (a) {
    case 'graph':
    case 'simulator':
      return false
    case 'store':
      return false
    case 'http':
      return to === 'store/store.ts'
    case 'service':
      return STAGES.includes(b) || b === 'graph' || to === 'store/store.ts'
    case 'app':
      return b === 'service' || b === 'http' || STAGES.includes(b)
    case 'loops':
      return b === 'service'
    case 'node':
      return b !== 'simulator'
  }
  if (!STAGES.includes(a)) return false
  return b === 'graph' || b === 'http' || b === 'inbox' || to === 'store/store.ts'
}

describe('architecture', () => {
  it('lets every import point along the arrows of the design', () => {
    const wrong = imports.filter((found) => !isAllowed(found)).map(({ from, to }) => `${from} -> ${to}`)
    expect(wrong).toEqual([])
  })

  it('reads enough files to mean something', () => {
    expect(files.length).toBeGreaterThan(60)
    expect(imports.length).toBeGreaterThan(150)
  })

  it('has no circle of imports', () => {
    const next = Map.groupBy(imports, ({ from }) => from)
    const done = new Set<string>()
    const findCircle = (file: string, path: string[]): string[] | undefined => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
      if (done.has(file)) return undefined
      for (const { to } of next.get(file) ?? []) {
        const circle = findCircle(to, [...path, file])
        if (circle) return circle
      }
      done.add(file)
      return undefined
    }
    expect(files.map((file) => findCircle(file, [])).find(Boolean)).toBeUndefined()
  })

  it('keeps the domain free of every package', () => {
    const foreign = files
      .filter((file) => file.startsWith('domain/'))
      .flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))
      .filter(({ specifier }) => !specifier.startsWith('./'))
    expect(foreign).toEqual([])
  })

  // https://developers.cloudflare.com/workers/runtime-apis/nodejs/
  it('keeps what Cloudflare Workers lack inside the files that name a runtime', () => {
    const everywhere = [
      'assert',
      'async_hooks',
      'buffer',
      'crypto',
      'dns',
      'events',
      'net',
      'path',
      'stream',
      'url',
      'util',
    ]
    const nodeOnly = (file: string) =>
      file === 'node.ts' || file === 'store/sql/node-sqlite.ts' || file.startsWith('simulator/')
    const misplaced = files
      .filter((file) => !nodeOnly(file))
      .flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))
      .filter(({ specifier }) => specifier.startsWith('node:') && !everywhere.includes(specifier.slice('node:'.length)))
    expect(misplaced).toEqual([])
  })

  it('lets nothing but the runtime files import a package that needs sockets or a runtime of its own', () => {
    const allowed: Record<string, string[]> = {
      '@hono/node-server': ['node.ts', 'simulator/'],
      undici: ['publish/egress.ts'],
      mongodb: ['store/mongo/'],
    }
    const misplaced = files.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => allowed[specifier] && !allowed[specifier].some((place) => file.startsWith(place)))
        .map((specifier) => `${file} -> ${specifier}`),
    )
    expect(misplaced).toEqual([])
    expect(imports.filter(({ to }) => to === 'publish/egress.ts').map(({ from }) => from)).toContain('node.ts')
  })
})
