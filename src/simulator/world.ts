// The tenant: people, their drives and their meetings, in which things happen.

import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'
import { Drive, type Item } from './drive.ts'
import { callRecordingId, driveId, joinUrlOf, meetingId, threadId } from './identifiers.ts'
import type {
  CallRecord,
  CallRecording,
  HoldOptions,
  Meeting,
  NewMeeting,
  NewPerson,
  Person,
  RecordOptions,
  Transcript,
} from './people.ts'
import { fileNameOf, transcriptOf } from './recorded.ts'
import { ROLES } from './roles.ts'

/** Something that Graph may announce. */
export type Change =
  | { kind: 'drive'; driveId: string }
  | { kind: 'callRecord'; callRecord: CallRecord; changeType: 'created' | 'updated' }
  | { kind: 'callRecording'; callRecording: CallRecording }
  | { kind: 'callTranscript'; transcript: Transcript }

export interface WorldOptions {
  clock: Clock
  tenantId: string
  /** What a meeting leaves behind when it is recorded. */
  lecture: { bytes: Uint8Array; durationMs: number }
}

export class World {
  /** What the app was granted; take one away to see it refused. */
  readonly roles = new Set(ROLES)
  readonly people: Person[] = []
  /** What the tenant lets apps read of transcripts. */
  transcriptPolicy: 'allowed' | 'unattributed' | 'disabled' = 'allowed'
  readonly drives = new Map<string, Drive>()
  readonly meetings: Meeting[] = []
  readonly callRecords = new Map<string, CallRecord>()
  /** How much Graph puts on one page of what meetings leave behind; make it less to see it paged. */
  readonly pageSizes = { callRecords: 60, sessions: 60, participants: 130, recordings: 20, transcripts: 20 }
  readonly #options: WorldOptions
  #listeners: ((change: Change) => void)[] = []

  constructor(options: WorldOptions) {
    this.#options = options
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener)
  }

  addPerson(given: NewPerson): Person {
    const person: Person = {
      id: randomUUID(),
      driveId: driveId(),
      hasDrive: true,
      recordingPolicy: 'allowed',
      accessPolicy: true,
      recordingsFolderName: 'Recordings',
      ...given,
    }
    this.people.push(person)
    if (person.hasDrive) this.drives.set(person.driveId, new Drive(person, this.#options.clock.iso()))
    return person
  }

  findPerson(idOrEmail: string): Person | undefined {
    return this.people.find(({ id, email }) => id === idOrEmail || email.toLowerCase() === idOrEmail.toLowerCase())
  }

  driveOf(person: Person): Drive {
    const drive = this.drives.get(person.driveId)
    if (!drive) throw new Error(`${person.email} has no OneDrive`)
    return drive
  }

  /** A meeting in the organizer's calendar. */
  scheduleMeeting(given: NewMeeting): Meeting {
    return this.#addMeeting(given, randomUUID())
  }

  /** A meeting without a calendar event, for which Graph has no recordings API. */
  createBareMeeting(given: NewMeeting): Meeting {
    return this.#addMeeting(given, null)
  }

  findMeeting(joinUrl: string): Meeting | undefined {
    return this.meetings.find((meeting) => decodeURIComponent(meeting.joinUrl) === decodeURIComponent(joinUrl))
  }

  /** The meeting takes place; its callRecord is there at once and announced, unless told otherwise. */
  hold(meeting: Meeting, options: HoldOptions): CallRecord {
    const { startedAt, endedAt, notify = true, participants = 1, youngForMs = 0 } = options
    const sessions = options.sessions ?? [{ startedAt, endedAt }]
    const { clock } = this.#options
    const callRecord: CallRecord = {
      id: randomUUID(),
      version: 1,
      meeting,
      startedAt,
      endedAt,
      participants: this.#participants(meeting, participants),
      sessions: sessions.map((times) => ({ id: randomUUID(), ...times })),
      modifiedAt: clock.date(),
      availableAt: new Date(clock.now() + youngForMs),
    }
    this.callRecords.set(callRecord.id, callRecord)
    if (notify) this.#tell({ kind: 'callRecord', callRecord, changeType: 'created' })
    return callRecord
  }

  /** Graph has learnt more of a call, whose last session went on: a higher version. */
  updateCall(callRecord: CallRecord, change: { endedAt?: Date; participants?: number }): void {
    const { endedAt = callRecord.endedAt, participants } = change
    const who = participants ? this.#participants(callRecord.meeting, participants) : callRecord.participants
    const last = callRecord.sessions.at(-1)
    const sessions = callRecord.sessions.map((session) => (session === last ? { ...session, endedAt } : session))
    const modifiedAt = this.#options.clock.date()
    Object.assign(callRecord, { endedAt, sessions, participants: who, modifiedAt, version: callRecord.version + 1 })
    this.#tell({ kind: 'callRecord', callRecord, changeType: 'updated' })
  }

  /** A recording of the meeting is ready: a file in the organizer's OneDrive, and a callRecording. */
  record(meeting: Meeting, options: RecordOptions): { item: Item; callRecording: CallRecording } {
    const { clock, lecture, tenantId } = this.#options
    const { startedAt, endedAt, transcript = false, notify = {} } = options
    const drive = this.driveOf(meeting.organizer)
    const bytes = options.bytes ?? lecture.bytes
    const name = options.fileName ?? fileNameOf(meeting.subject, startedAt)
    const file = {
      name,
      parentId: this.#recordingsFolder(drive).id,
      bytes,
      mimeType: 'video/mp4',
      durationMs: lecture.durationMs,
    }
    const item = drive.add(file, clock.iso())
    const callRecording: CallRecording = {
      id: callRecordingId(meeting.organizer.id, tenantId),
      meeting,
      callId: randomUUID(),
      contentCorrelationId: `${randomUUID()}-0`,
      startedAt,
      endedAt,
      bytes,
    }
    meeting.callRecordings.push(callRecording)
    if (notify.drive ?? true) this.#tell({ kind: 'drive', driveId: drive.id })
    if (notify.callRecording ?? true) this.#tell({ kind: 'callRecording', callRecording })
    if (transcript) {
      const written = transcriptOf(callRecording, transcript)
      meeting.transcripts.push(written)
      if (notify.transcript ?? true) this.#tell({ kind: 'callTranscript', transcript: written })
    }
    return { item, callRecording }
  }

  /** A file that has nothing to do with a meeting. */
  upload(person: Person, file: { name: string; folder?: Item; bytes: Uint8Array; mimeType?: string }): Item {
    const drive = this.driveOf(person)
    const { name, folder = drive.root, bytes, mimeType = 'application/octet-stream' } = file
    const item = drive.add({ name, parentId: folder.id, bytes, mimeType }, this.#options.clock.iso())
    this.#tell({ kind: 'drive', driveId: drive.id })
    return item
  }

  /** A file in the root of a drive, in the place of the one of that name. */
  overwrite(person: Person, name: string, bytes: Uint8Array): Item {
    const drive = this.driveOf(person)
    const known = drive.find((item) => item.parentId === drive.root.id && item.name === name)
    if (!known) return this.upload(person, { name, bytes, mimeType: 'text/plain' })
    this.#change(known, { bytes })
    return known
  }

  rename(item: Item, name: string): void {
    this.#change(item, { name })
  }

  move(item: Item, parentId: string): void {
    this.#change(item, { parentId })
  }

  deleteItem(item: Item): void {
    this.#change(item, { deleted: true })
  }

  /** Out of the recycle bin, as it was. */
  restore(item: Item): void {
    this.#change(item, { deleted: false })
  }

  bytesOf(item: Item): Uint8Array {
    return item.bytes
  }

  #change(item: Item, change: Partial<Item>): void {
    this.drives.get(item.driveId)?.change(item, change, this.#options.clock.iso())
    this.#tell({ kind: 'drive', driveId: item.driveId })
  }

  /** Teams makes the folder when it is first needed. */
  #recordingsFolder(drive: Drive): Item {
    const known = drive.find(({ special }) => special === 'recordings')
    if (known) return known
    const { recordingsFolderName: name } = drive.owner
    return drive.add(
      { name, parentId: drive.root.id, isFolder: true, special: 'recordings' },
      this.#options.clock.iso(),
    )
  }

  #addMeeting({ organizer, subject, startsAt, endsAt }: NewMeeting, eventId: string | null): Meeting {
    const thread = threadId()
    const meeting: Meeting = {
      id: meetingId(organizer.id, thread),
      eventId,
      joinUrl: joinUrlOf(thread, this.#options.tenantId, organizer.id),
      organizer,
      subject,
      startsAt,
      endsAt,
      recordAutomatically: false,
      allowTranscription: true,
      allowRecording: true,
      callRecordings: [],
      transcripts: [],
    }
    this.meetings.push(meeting)
    return meeting
  }

  /** The organizer, and as many strangers as it takes. */
  #participants({ organizer }: Meeting, count: number): CallRecord['participants'] {
    const strangers = Array.from({ length: count - 1 }, (_, index) => ({
      id: randomUUID(),
      displayName: `Guest ${index}`,
    }))
    return [organizer, ...strangers]
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }
}
