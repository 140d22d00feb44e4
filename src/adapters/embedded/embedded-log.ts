/**
 * The durable log in a folder of the local disk, for one process at a time.
 *
 * Boundary: implements the port over the modules beside it. docs/embedded-log.md describes what lies on the disk, the rule
 * of recovery and the lock.
 * Kept invariants:
 * 1. `append` resolves when its batch has been synced, never before.
 * 2. After any crash the log is the acknowledged batches, and behind them at most whole batches that were not.
 * 3. Damage before the last write is refused with its place named, never repaired in silence.
 */
import { dirname, join, resolve } from 'node:path'
import type {
  Appended,
  EventLog,
  GroupMember,
  LogRecord,
  Membership,
  ReadResult,
  TopicPartition,
} from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import type { Disk } from './disk.ts'
import { systemDisk } from './disk.ts'
import type { FolderLock } from './folder-lock.ts'
import { lockFolder } from './folder-lock.ts'
import type { OpenFolder } from './frame-scanner.ts'
import { FrameScanner } from './frame-scanner.ts'
import { GroupWriter } from './group-writer.ts'
import { checkPlace, MAX_PARTITIONS } from './limits.ts'
import { LogMap } from './log-map.ts'
import type { Meta } from './meta.ts'
import { META_NAME, readMeta, writeMeta } from './meta.ts'
import { readPartition } from './partition-reader.ts'
import { cutTail, judge } from './recovery.ts'
import { SegmentFiles } from './segment-files.ts'
import {
  createSegment,
  DEFAULT_SEGMENT_BYTES,
  MIN_SEGMENT_BYTES,
  nextSegmentBytes,
  segmentHasBytes,
  segmentName,
  segmentNumber,
} from './segment.ts'
import { asLogError } from './system-errors.ts'

export interface EmbeddedLogOptions {
  /** Made when it doesn't exist. */
  readonly folder: string
  /** Partitions of each topic; kept in the folder when the log is made. Default 1, or what the folder has. */
  readonly partitions?: number
  /** Append time, epoch milliseconds. */
  readonly now: () => number
  /** The largest segment file, bytes. Default 32 MiB, minimum 64 KiB; a batch must fit into one. */
  readonly segmentBytes?: number
  /** Told in a sentence what was done about a torn tail. */
  readonly log?: (sentence: string) => void
  /** Default: the system's. */
  readonly disk?: Disk
}

export interface EmbeddedLog extends EventLog {
  /** Absolute path. */
  readonly folder: string
  /** Whether this opening made the log. */
  readonly created: boolean
}

/**
 * Opens the log of a folder for this process alone, making both when they don't exist. Rejects with `LogError`: `owned`
 * while another process has it, `corrupt`, `wrong-log`, or `unavailable` when the folder can't be used.
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const { partitions, segmentBytes = DEFAULT_SEGMENT_BYTES, disk = systemDisk() } = options
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions >= 1 && partitions <= MAX_PARTITIONS)) {
    throw new LogError('wrong-log', `partitions: expected 1 to ${MAX_PARTITIONS}, got ${partitions}`)
  }
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes < MIN_SEGMENT_BYTES || segmentBytes % 8 !== 0) {
    throw new LogError(
      'wrong-log',
      `segmentBytes: expected a multiple of 8 from ${MIN_SEGMENT_BYTES}, got ${segmentBytes}`,
    )
  }
  const folder = resolve(options.folder)
  const lock = await prepareFolder(disk, folder)
  try {
    const { meta, created } = await readOrMake(disk, folder, { ...options, segmentBytes })
    if (partitions !== undefined && meta.partitions !== partitions) {
      throw new LogError(
        'wrong-log',
        `${folder} has ${meta.partitions} partitions, not ${partitions}: they can't be changed`,
      )
    }
    const log: OpenFolder = { disk, folder, meta, map: new LogMap() }
    const writer = await recover(log, { ...options, segmentBytes })
    return new FolderLog(log, writer, lock, created)
  } catch (error) {
    lock.release()
    throw asLogError(folder, error)
  }
}

async function prepareFolder(disk: Disk, folder: string): Promise<FolderLock> {
  try {
    await disk.makeFolder(folder)
    // As far as the system lets us: a folder may lie in one that we may not open.
    await disk.syncFolder(dirname(folder)).catch(() => undefined)
    await checkNotForeign(disk, folder)
    return lockFolder(folder)
  } catch (error) {
    throw asLogError(folder, error)
  }
}

/** A folder without a log must be empty but for hidden files and what a making that was cut short has left. */
async function checkNotForeign(disk: Disk, folder: string): Promise<void> {
  const names = await disk.list(folder)
  if (names.includes(META_NAME)) return
  const foreign = names.filter((name) => segmentNumber(name) === null && !/^\.|^lock\.|\.tmp$/.test(name))
  if (foreign.length === 0) return
  throw new LogError('wrong-log', `${folder} has no ${META_NAME} but other files (${foreign[0]}): not a Horolog log`)
}

async function readOrMake(
  disk: Disk,
  folder: string,
  options: EmbeddedLogOptions & { readonly segmentBytes: number },
): Promise<{ meta: Meta; created: boolean }> {
  const names = await disk.list(folder)
  for (const name of names) {
    if (/^(segment-\d+\.log|log\.json)\.tmp$/.test(name)) await disk.remove(join(folder, name))
  }
  const found = await readMeta(disk, folder)
  if (found !== null) return { meta: found, created: false }
  const segments = names.map(segmentNumber).filter((number) => number !== null)
  if (segments.length > 1 || (segments.length === 1 && (await segmentHasBytes(disk, folder, segments[0]!)))) {
    const place = join(folder, META_NAME)
    throw new LogError('corrupt', `${place} is missing, while segments beside it have records`, { position: place })
  }
  const meta: Meta = { partitions: options.partitions ?? 1, createdAt: Math.floor(options.now()) }
  const size = nextSegmentBytes(undefined, options.segmentBytes)
  await createSegment(disk, folder, { number: 0, base: 0, size }, meta)
  await writeMeta(disk, folder, meta)
  return { meta, created: true }
}

async function recover(
  log: OpenFolder,
  options: EmbeddedLogOptions & { readonly segmentBytes: number },
): Promise<GroupWriter> {
  const scanner = new FrameScanner(log)
  try {
    const stop = await judge(log, scanner)
    const cut = await cutTail(log, stop)
    if (cut > 0) {
      const place = `${segmentName(stop.segment)} byte ${stop.byte}`
      options.log?.(`the last write to ${log.folder} was not finished and not acknowledged: cut at ${place}`)
    }
    return await GroupWriter.open(log, stop, options)
  } finally {
    await scanner.close()
  }
}

class FolderLog implements EmbeddedLog {
  readonly folder: string
  readonly created: boolean
  readonly partitions: number
  readonly #log: OpenFolder
  readonly #writer: GroupWriter
  readonly #lock: FolderLock
  readonly #files: SegmentFiles
  #membership: Membership | null = null
  #generation = 0
  #closed: Promise<void> | null = null

  constructor(log: OpenFolder, writer: GroupWriter, lock: FolderLock, created: boolean) {
    this.folder = log.folder
    this.created = created
    this.partitions = log.meta.partitions
    this.#log = log
    this.#writer = writer
    this.#lock = lock
    this.#files = new SegmentFiles(log.disk, log.folder)
  }

  // Not `async`: that would cost three turns of the microtask queue between a write and the next.
  append(to: TopicPartition, records: readonly LogRecord[]): Promise<Appended> {
    try {
      this.#mustBeOpen()
      checkPlace(to, this.partitions)
      return this.#writer.append(to, records)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async read(from: TopicPartition, offset: number, maxBytes: number): Promise<ReadResult> {
    this.#mustBeOpen()
    checkPlace(from, this.partitions)
    try {
      return await readPartition(this.#log.map, this.#files, this.#log.map.at(from), offset, maxBytes)
    } catch (error) {
      throw asLogError(this.folder, error)
    }
  }

  async end(of: TopicPartition): Promise<number> {
    this.#mustBeOpen()
    checkPlace(of, this.partitions)
    return this.#log.map.at(of).end
  }

  watch(place: TopicPartition, listener: () => void): () => void {
    this.#mustBeOpen()
    checkPlace(place, this.partitions)
    return this.#log.map.watch(place, listener)
  }

  async join(member: GroupMember): Promise<Membership> {
    this.#mustBeOpen()
    if (this.#membership !== null) {
      throw new LogError('owned', `${this.folder}: a member has joined already`, { owner: process.pid })
    }
    const membership: Membership = {
      leave: async () => {
        if (this.#membership === membership) this.#membership = null
      },
      commit: () => Promise.reject(noPositions()),
      committed: () => Promise.reject(noPositions()),
    }
    this.#membership = membership
    this.#generation++
    const partitions = Array.from({ length: this.partitions }, (_, partition) => partition)
    const generation = this.#generation
    queueMicrotask(() => {
      if (this.#membership === membership) member.assigned({ partitions, generation })
    })
    return membership
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#membership = null
    try {
      await this.#writer.close()
      await this.#files.close()
    } finally {
      this.#log.map.unwatch()
      this.#lock.release()
    }
  }

  #mustBeOpen(): void {
    if (this.#closed !== null) throw new LogError('closed', `the log in ${this.folder} is closed`)
  }
}

/** Commands and reports are handed over in memory: there is nothing that a group could go on reading. */
function noPositions(): LogError {
  return new LogError('invalid-record', 'a folder keeps no positions of groups')
}
