// Loaded into the service before its own code: time passes faster, and the process ends at a named point of its work
// when it finds the order to.

import fs from 'node:fs'
import { join } from 'node:path'

const speed = Number(process.env.CHAOS_SPEED)
const epoch = Number(process.env.CHAOS_EPOCH)
const orders = process.env.CHAOS_ORDERS ?? ''

const realNow = Date.now
const now = () => Math.floor(epoch + (realNow() - epoch) * speed)

globalThis.Date = new Proxy(Date, {
  construct: (date, given, target) => Reflect.construct(date, given.length === 0 ? [now()] : given, target),
  get: (date, key) => (key === 'now' ? now : Reflect.get(date, key)),
})

globalThis.setTimeout = new Proxy(setTimeout, {
  apply: (timer, self, given) => Reflect.apply(timer, self, faster(given)),
})
globalThis.setInterval = new Proxy(setInterval, {
  apply: (timer, self, given) => Reflect.apply(timer, self, faster(given)),
})

const timeoutSignal = AbortSignal.timeout
AbortSignal.timeout = (ms) => timeoutSignal.call(AbortSignal, Math.ceil(ms / speed))

function faster([callback, ms, ...rest]: unknown[]): unknown[] {
  return [callback, Number(ms ?? 0) / speed, ...rest]
}

// The log tells where the work stands. Its lines are written at once here, so that the process ends at that very point.
fs.write = new Proxy(fs.write, {
  apply: (write, self, given) => {
    const [fd, line] = given
    if (fd !== 1 || typeof line !== 'string') return Reflect.apply(write, self, given)
    const bytes = fs.writeSync(fd, line)
    obey(line)
    process.nextTick(given.at(-1), null, bytes)
  },
})

function obey(line: string): void {
  const [, point] = /"msg":"([^"]+)"/.exec(line) ?? []
  if (point && take(point)) process.kill(process.pid, 'SIGKILL')
}

/** Removing the file takes the order: no other replica obeys it as well. */
function take(point: string): boolean {
  try {
    fs.unlinkSync(join(orders, point.replaceAll(' ', '-')))
    return true
  } catch {
    return false
  }
}
