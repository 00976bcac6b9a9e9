// Measures speed and memory, as ratios within one run: `npm run bench`, with `-- --write docs/benchmarks.md` to keep it.
//   --only receive|queue|flow|fleet   only this part

import { writeFile } from 'node:fs/promises'
import { cpus, platform, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchFleet } from './bench/fleet.ts'
import { benchFlow } from './bench/flow.ts'
import { benchQueue } from './bench/queue.ts'
import { benchReceive } from './bench/receive.ts'
import { markdown, type Table } from './bench/table.ts'
import { HOW_TO_HAVE_ONE, launchMongoServer } from './mongo-server/launch.ts'

const JAVA_SERVER = `It compares every document where MongoDB searches an index, and has no journal: its
figures say nothing about the speed of MongoDB. Set MONGODB_URI to measure a real one.`

const PARTS = ['receive', 'queue', 'flow', 'fleet']

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'string' } } })
  if (values.only && !PARTS.includes(values.only)) {
    throw new Error(`--only is one of ${PARTS.join(', ')}, not "${values.only}"`)
  }
  const server = await launchMongoServer()
  const isWanted = (part: string) => !values.only || values.only === part
  const tables: Table[] = []
  try {
    if (isWanted('receive')) tables.push(...(await benchReceive(server?.url)))
    if (isWanted('queue')) tables.push(...(await benchQueue(server?.url)))
    if (isWanted('flow')) tables.push(await benchFlow(server?.url))
    if (isWanted('fleet')) tables.push(await benchFleet())
  } finally {
    await server?.stop()
  }
  const text = [introduction(server?.describedAs), ...tables.map(markdown)].join('\n')
  console.log(text)
  if (values.write) await writeFile(values.write, text)
}

function introduction(mongo: string | undefined): string {
  const [cpu, ...others] = cpus()
  const machine = `${cpu?.model.trim()}, ${others.length + 1} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const about = mongo ? `MongoDB here is ${mongo}.` : `There was no MongoDB server: ${HOW_TO_HAVE_ONE}.`
  const caution = mongo?.startsWith('mongo-java') ? ` ${JAVA_SERVER}` : ''
  return `# Benchmarks

Made by \`npm run bench -- --write docs/benchmarks.md\` on ${machine}, ${platform()} ${release()}, Node ${process.version}.
Compare the ratios: absolute figures are this machine's, and load and service share its cores.

${about}${caution}
`
}

await main()
