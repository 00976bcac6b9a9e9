// Loaded into the service before its own code: time passes faster, and the process ends at a named point of its work
// when it finds the order to.

import fs from 'node:fs'
import { Socket } from 'node:net'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { BETWEEN_TWO_WRITES, type Order, orderPath, readOrder } from './order.ts'

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
    const [, point] = /"msg":"([^"]+)"/.exec(line) ?? []
    if (point) pass(point)
    process.nextTick(given.at(-1), null, bytes)
  },
})

// Every commit that changed something in SQLite is a point between two writes, and so is every such command to MongoDB.
// Looking for work that is not there does not count.
const CHANGING_COMMANDS = ['insert\0', 'update\0']
let hasChanges = false

StatementSync.prototype.all = new Proxy(StatementSync.prototype.all, {
  apply: (all, self, given) => {
    const rows = Reflect.apply(all, self, given)
    if (rows.length > 0 && !self.sourceSQL.startsWith('SELECT')) hasChanges = true
    return rows
  },
})

DatabaseSync.prototype.exec = new Proxy(DatabaseSync.prototype.exec, {
  apply: (exec, self, given) => {
    if (given[0] === 'COMMIT' && hasChanges) pass(BETWEEN_TWO_WRITES)
    hasChanges = false
    return Reflect.apply(exec, self, given)
  },
})

Socket.prototype.write = new Proxy(Socket.prototype.write, {
  apply: (write, self, given) => {
    const [bytes] = given
    if (Buffer.isBuffer(bytes) && CHANGING_COMMANDS.some((name) => bytes.includes(name))) pass(BETWEEN_TWO_WRITES)
    return Reflect.apply(write, self, given)
  },
})

const obeyed = new Map<string, Order>()

function pass(point: string): void {
  const order = obeyed.get(point) ?? take(point)
  if (!order) return
  obeyed.set(point, order)
  if (order.passes > 0) {
    order.passes -= 1
    return
  }
  obeyed.delete(point)
  process.kill(process.pid, order.signal)
}

/** Removing the file takes the order: no other replica obeys it as well. */
function take(point: string): Order | undefined {
  const path = orderPath(orders, point)
  try {
    const order = readOrder(path)
    fs.unlinkSync(path)
    return order
  } catch {
    return undefined
  }
}
