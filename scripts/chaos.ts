// Shows that nothing is lost and nothing is told twice, whatever fails: `npm run chaos -- --seeds 100`.
//   --seeds N        so many runs of each set-up (default 10)
//   --seed S         the first seed (default 1)
//   --store sqlite|mongo   only this store; default: SQLite with one replica and MongoDB with three
//   --replicas R     so many replicas
//   --parallel P     so many runs at once (default 2)

import { parseArgs } from 'node:util'
import { runSeed, type SeedResult } from './chaos/run-seed.ts'
import { HOW_TO_HAVE_ONE, launchMongoServer } from './mongo-server/launch.ts'

interface SetUp {
  store: 'sqlite' | 'mongo'
  replicas: number
}

interface Totals {
  runs: number
  failed: number
  recordings: number
  lost: number
  double: number
  ended: number
}

const SET_UPS: SetUp[] = [
  { store: 'sqlite', replicas: 1 },
  { store: 'mongo', replicas: 3 },
]

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      store: { type: 'string' },
      replicas: { type: 'string' },
      parallel: { type: 'string', default: '2' },
    },
  })
  const setUps = SET_UPS.filter(({ store }) => !values.store || values.store === store)
  if (setUps.length === 0) throw new Error(`--store is sqlite or mongo, not "${values.store}"`)
  const first = wholeNumber('--seed', values.seed)
  const seeds = Array.from({ length: wholeNumber('--seeds', values.seeds) }, (_, index) => first + index)
  for (const setUp of setUps) {
    const chosen = { ...setUp, replicas: wholeNumber('--replicas', values.replicas ?? String(setUp.replicas)) }
    await runAll(chosen, seeds, wholeNumber('--parallel', values.parallel))
  }
}

/** A run without seeds would look like one without faults. */
function wholeNumber(flag: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new Error(`${flag} is a whole number from 1 on, not "${text}"`)
}

async function runAll({ store, replicas }: SetUp, seeds: number[], parallel: number): Promise<void> {
  const server = store === 'mongo' ? await launchMongoServer() : undefined
  if (store === 'mongo' && !server) throw new Error(`there is no MongoDB server: ${HOW_TO_HAVE_ONE}`)
  console.log(`\n${server?.describedAs ?? 'SQLite'}, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`)
  const totals: Totals = { runs: 0, failed: 0, recordings: 0, lost: 0, double: 0, ended: 0 }
  const waiting = [...seeds]
  const work = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const result = await runSeed({ seed, replicas, ...(server ? { mongoUrl: server.url } : {}) })
      print(seed, { store, replicas }, result)
      add(totals, result)
    }
  }
  try {
    await Promise.all(Array.from({ length: parallel }, work))
  } finally {
    await server?.stop()
  }
  const { runs, failed, recordings, lost, double, ended } = totals
  console.log(
    `${runs} runs, ${failed} failed: ${recordings} recordings, ${lost} lost, ${double} double; ${ended} deaths`,
  )
  if (failed > 0) process.exitCode = 1
}

function print(seed: number, { store, replicas }: SetUp, result: SeedResult): void {
  const { faults, befell, recordings, events, posts, ended, tookMs, logPath } = result
  const counts = `${recordings} recordings, ${events} events, ${posts} posts, ${ended} deaths`
  console.log(`${faults.length === 0 ? '✓' : '✗'} seed ${seed}: ${counts}, ${(tookMs / 1000).toFixed(1)} s`)
  if (faults.length === 0) return
  for (const fault of faults) console.log(`    ${fault}`)
  console.log(`    ${befell.join(', ')}`)
  console.log(`    logs: ${logPath}`)
  console.log(`    again: npm run chaos -- --store ${store} --replicas ${replicas} --seed ${seed} --seeds 1`)
}

function add(totals: Totals, { faults, recordings, ended }: SeedResult): void {
  const count = (kind: string) => faults.filter((fault) => fault.startsWith(kind)).length
  totals.runs += 1
  totals.failed += faults.length > 0 ? 1 : 0
  totals.recordings += recordings
  totals.lost += count('LOST')
  totals.double += count('DOUBLE')
  totals.ended += ended
}

await main()
