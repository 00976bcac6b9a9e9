// Whether the configured tenant, address, certificates and store are as they have to be: `npm run doctor`.
//   --json                for machines
//   --organizer EMAIL     somebody whose meetings the app should reach

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { examine, type Report } from './doctor/examine.ts'

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skipped: '--  ' }

function print({ checks }: Report): void {
  for (const { name, state, found, todo } of checks) {
    console.log(`${MARKS[state]}  ${name.padEnd(15)} ${found}`)
    if (todo) console.log(`      ${' '.repeat(15)} -> ${todo}`)
  }
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, organizer: { type: 'string' } } })
const report = await examine({
  environment: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
  fetch,
  clock: Date.now,
  organizer: values.organizer ?? null,
})
if (values.json) console.log(JSON.stringify(report, null, 2))
else print(report)
process.exitCode = report.ok ? 0 : 1
