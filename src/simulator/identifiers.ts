// Identifiers that look like Graph's own.

import { createHash, randomBytes, randomUUID } from 'node:crypto'

export function driveId(): string {
  return `b!${randomBytes(48).toString('base64url')}`
}

export function itemId(): string {
  return `01${randomBytes(20).toString('hex').toUpperCase().slice(0, 32)}`
}

export function threadId(): string {
  return `19:meeting_${randomBytes(24).toString('base64url')}@thread.v2`
}

export function joinUrlOf(thread: string, tenantId: string, organizerId: string): string {
  const context = encodeURIComponent(JSON.stringify({ Tid: tenantId, Oid: organizerId })).toLowerCase()
  return `https://teams.microsoft.com/l/meetup-join/${encodeURIComponent(thread).replaceAll('%3A', '%3a')}/0?context=${context}`
}

export function meetingId(organizerId: string, thread: string): string {
  return Buffer.from(`1*${organizerId}*0**${thread}`).toString('base64')
}

export function callRecordingId(organizerId: string, tenantId: string): string {
  return Buffer.from(`V2##1${organizerId}${tenantId}##${randomUUID()}`).toString('base64')
}

/** The hash of OneDrive for Business: https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash */
export function quickXorHash(bytes: Uint8Array): string {
  const WIDTH = 160n
  const MASK = (1n << WIDTH) - 1n
  const cells = new Uint8Array(160)
  for (const [index, byte] of bytes.entries()) cells[index % 160] = (cells[index % 160] ?? 0) ^ byte
  let hash = 0n
  for (const [cell, value] of cells.entries()) {
    const shift = BigInt((cell * 11) % 160)
    const moved = BigInt(value) << shift
    hash ^= (moved & MASK) | (moved >> WIDTH)
  }
  hash ^= BigInt(bytes.length) << (WIDTH - 64n)
  const result = Buffer.alloc(20)
  for (let index = 0; index < 20; index++) result[index] = Number((hash >> BigInt(8 * index)) & 0xffn)
  return result.toString('base64')
}

export function etagOf(id: string, version: number): string {
  return `"{${createHash('md5').update(id).digest('hex').toUpperCase()}},${version}"`
}
