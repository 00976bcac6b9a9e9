import { itemId } from './identifiers.ts'
import type { Person } from './people.ts'

/** A file or folder. Its `sequence` is that of its last change: delta tells what came after one. */
export interface Item {
  id: string
  driveId: string
  parentId: string | null
  name: string
  isFolder: boolean
  special: 'recordings' | null
  bytes: Uint8Array
  mimeType: string
  durationMs: number | null
  createdBy: Person
  createdAt: string
  modifiedAt: string
  deleted: boolean
  version: number
  sequence: number
}

export interface NewItem {
  name: string
  parentId: string
  isFolder?: boolean
  special?: 'recordings'
  bytes?: Uint8Array
  mimeType?: string
  durationMs?: number
}

/** One person's OneDrive. */
export class Drive {
  readonly id: string
  readonly owner: Person
  readonly root: Item
  /** Tokens of an older generation have expired. */
  generation = 1
  #sequence = 0
  #items = new Map<string, Item>()
  #hidden = new Set<Item>()

  constructor(owner: Person, now: string) {
    this.id = owner.driveId
    this.owner = owner
    this.root = this.#insert({ name: 'root', parentId: null, isFolder: true }, now)
  }

  get sequence(): number {
    return this.#sequence
  }

  add(item: NewItem, now: string): Item {
    return this.#insert(item, now)
  }

  get(id: string): Item | undefined {
    const item = this.#items.get(id)
    return !item || item.deleted || this.#hidden.has(item) ? undefined : item
  }

  find(predicate: (item: Item) => boolean): Item | undefined {
    return [...this.#items.values()].find((item) => !item.deleted && predicate(item))
  }

  change(item: Item, change: Partial<Item>, now: string): void {
    Object.assign(item, change, { modifiedAt: now, version: item.version + 1, sequence: ++this.#sequence })
  }

  /** The drive behaves as if the item had never been there, without a tombstone. */
  hide(item: Item): void {
    this.#hidden.add(item)
  }

  unhide(item: Item): void {
    this.#hidden.delete(item)
  }

  /** What changed after a sequence, in order; an enumeration from zero leaves out what is gone. */
  changesAfter(sequence: number): Item[] {
    return [...this.#items.values()]
      .filter((item) => item.sequence > sequence && (sequence > 0 || !item.deleted) && !this.#hidden.has(item))
      .sort((a, b) => a.sequence - b.sequence)
  }

  #insert(item: Omit<NewItem, 'parentId'> & { parentId: string | null }, now: string): Item {
    const inserted: Item = {
      id: itemId(),
      driveId: this.id,
      parentId: item.parentId,
      name: item.name,
      isFolder: item.isFolder ?? false,
      special: item.special ?? null,
      bytes: item.bytes ?? new Uint8Array(),
      mimeType: item.mimeType ?? 'application/octet-stream',
      durationMs: item.durationMs ?? null,
      createdBy: this.owner,
      createdAt: now,
      modifiedAt: now,
      deleted: false,
      version: 1,
      sequence: ++this.#sequence,
    }
    this.#items.set(inserted.id, inserted)
    return inserted
  }
}
