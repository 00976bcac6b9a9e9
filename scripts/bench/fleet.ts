// What it costs to keep the subscriptions of ten thousand drives alive for a month, with one process.

import { createApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { createEgress } from '../../src/publish/egress.ts'
import { createService, type Service } from '../../src/service.ts'
import { Clock } from '../../src/simulator/clock.ts'
import { listen } from '../../src/simulator/listen.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { openStore } from '../../src/store/open-store.ts'
import { environmentFor } from '../service-process.ts'
import { number, type Table } from './table.ts'

const DRIVES = 10_000
const DAYS = 60
const HOUR_MS = 60 * 60_000
/** How often the service looks for what is due, and so the shortest time that can be told apart here. */
const POLL_MS = 5_000
/** A simulated second while the fleet is made: Graph's limits count seconds. */
const HURRY = 400

export async function benchFleet(): Promise<Table> {
  // It stands still unless it is told otherwise, so that the peak is the service's and not the machine's.
  const clock = new Clock(HURRY)
  const simulator = await startSimulator({ clock })
  const service = await startService(simulator)
  try {
    const making = await makeFleet(simulator, service)
    const month = await keepAlive(simulator, service)
    const pages = await listOnce(simulator, service)
    return {
      title: `A fleet of ${number(DRIVES)} drives, kept alive by one process`,
      head: ['', 'requests an hour', 'most in 5 s', 'subscriptions lost'],
      rows: [
        ['making all of them', `${number(making)} in all`, '', ''],
        [
          `${DAYS} days of renewals, in batches of up to 20`,
          (month.requests / (DAYS * 24)).toFixed(1),
          number(month.peak),
          number(month.lost),
        ],
        ['the list, once an hour, 20 on a page', number(pages), number(pages), ''],
      ],
      note: [
        `${number(month.renewals)} renewals went into ${number(month.requests)} requests. Drives live for 29 days and are renewed after 12 to 15 of them, each`,
        'at a time of its own. How many subscriptions Graph puts on a page of its list is not documented; the simulator',
        'puts 20. Each process lets no more than 40 requests to subscriptions go in a second, after a burst of 800.',
      ].join('\n'),
    }
  } finally {
    await service.stop()
    await simulator.stop()
  }
}

interface Fleet extends Service {
  stop(): Promise<void>
}

async function startService(simulator: Simulator): Promise<Fleet> {
  let answer: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 })
  const listening = await listen((request) => answer(request))
  const clock = () => simulator.clock.now()
  const config = readConfig({ ...environmentFor(simulator, listening.url), WATCH: 'drives' }, () => '')
  const store = await openStore('sqlite::memory:', clock)
  await store.open()
  const egress = createEgress(config.egressAllow)
  const service = createService(config, { store, clock, log: createLog('fatal'), fetch, send: egress.send })
  answer = createApp(service).fetch
  return {
    ...service,
    stop: async () => {
      await listening.close()
      await egress.close()
      await store.close()
    },
  }
}

async function makeFleet({ world, requests, subscriptions }: Simulator, service: Fleet): Promise<number> {
  for (let drive = 0; drive < DRIVES; drive++) {
    const { driveId } = world.addPerson({ displayName: `Teacher ${drive}`, email: `teacher-${drive}@example.edu` })
    const entry = { kind: 'watch' as const, drive: { driveId } }
    await service.store.inbox.knock([{ id: `watch_${drive}`, lane: 'watch', body: entry }])
  }
  while ((await service.store.subscriptions.count({})) < DRIVES) await service.steps.drainInbox()
  requests.length = 0
  while (subscriptions.list().length < DRIVES) await service.steps.renewDue()
  return requests.length
}

async function keepAlive({ clock, requests, subscriptions }: Simulator, { steps, store }: Fleet) {
  requests.length = 0
  let lost = 0
  let all = 0
  let peak = 0
  let renewals = 0
  const end = clock.now() + DAYS * 24 * HOUR_MS
  for (;;) {
    const [next] = await store.subscriptions.find({ orderBy: 'renewAt', limit: 1 })
    const due = Math.ceil(Date.parse(next?.renewAt ?? '') / POLL_MS) * POLL_MS
    if (Number.isNaN(due) || due >= end) break
    clock.set(new Date(Math.max(due, clock.now())))
    while ((await steps.renewDue()) > 0) lost = Math.max(lost, DRIVES - subscriptions.list().length)
    const asked = requests.filter(({ path }) => path.includes('/subscriptions/')).length
    renewals += asked
    const sent = requests.filter(({ path }) => path.endsWith('/$batch')).length || asked
    all += sent
    peak = Math.max(peak, sent)
    requests.length = 0
  }
  return { requests: all, peak, lost, renewals }
}

async function listOnce({ clock, requests }: Simulator, { steps }: Fleet): Promise<number> {
  requests.length = 0
  clock.advance(2 * HOUR_MS)
  await steps.reconcileDue()
  return requests.filter(({ method, path }) => method === 'GET' && path.includes('/subscriptions')).length
}
