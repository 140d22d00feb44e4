/**
 * The log of a folder for reading, while another process writes it or none does.
 *
 * Boundary: never writes, takes no lock. It sees a batch when it is whole in the file, which may be an instant before the
 * writer has synced it.
 * Kept invariant: an incomplete tail is the end for now, and is looked at again by the next read.
 */
import { join, resolve } from 'node:path'
import type { Appended, EventLog, Membership, ReadResult, TopicPartition } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import type { Disk } from './disk.ts'
import { systemDisk } from './disk.ts'
import type { OpenFolder } from './frame-scanner.ts'
import { FrameScanner } from './frame-scanner.ts'
import { checkPlace } from './limits.ts'
import { LogMap, tell } from './log-map.ts'
import { META_NAME, readMeta } from './meta.ts'
import { readPartition } from './partition-reader.ts'
import { judge } from './recovery.ts'
import { SegmentFiles } from './segment-files.ts'
import { asLogError } from './system-errors.ts'

/** How often the tail is looked at while someone watches. */
const POLL_MS = 50

/** Opens the log of a folder for reading. Rejects with `LogError`: `wrong-log` where there is no log, `corrupt`. */
export async function openEmbeddedLogForReading(options: {
  readonly folder: string
  /** Default: the system's. */
  readonly disk?: Disk
}): Promise<EventLog> {
  const folder = resolve(options.folder)
  const disk = options.disk ?? systemDisk()
  const meta = await readMeta(disk, folder).catch((error: unknown) => {
    throw asLogError(folder, error)
  })
  if (meta === null) throw new LogError('wrong-log', `no log in ${folder}: ${join(folder, META_NAME)} is missing`)
  const log: OpenFolder = { disk, folder, meta, map: new LogMap() }
  const scanner = new FrameScanner(log)
  try {
    await judge(log, scanner)
    return new ReadingLog(log, scanner)
  } catch (error) {
    await scanner.close()
    throw asLogError(folder, error)
  }
}

class ReadingLog implements EventLog {
  readonly partitions: number
  readonly #log: OpenFolder
  readonly #scanner: FrameScanner
  readonly #files: SegmentFiles
  #advance: Promise<void> | null = null
  #poll: NodeJS.Timeout | null = null
  #closed: Promise<void> | null = null

  constructor(log: OpenFolder, scanner: FrameScanner) {
    this.partitions = log.meta.partitions
    this.#log = log
    this.#scanner = scanner
    this.#files = new SegmentFiles(log.disk, log.folder)
  }

  async append(): Promise<Appended> {
    this.#mustBeOpen()
    throw this.#readOnly()
  }

  async join(): Promise<Membership> {
    this.#mustBeOpen()
    throw this.#readOnly()
  }

  async read(from: TopicPartition, offset: number, maxBytes: number): Promise<ReadResult> {
    const { map, folder } = this.#log
    await this.#catchUp(from)
    try {
      return await readPartition(map, this.#files, map.at(from), offset, maxBytes)
    } catch (error) {
      throw asLogError(folder, error)
    }
  }

  async end(of: TopicPartition): Promise<number> {
    await this.#catchUp(of)
    return this.#log.map.at(of).end
  }

  watch(place: TopicPartition, listener: () => void): () => void {
    this.#mustBeOpen()
    checkPlace(place, this.partitions)
    if (this.#poll === null) {
      // A failure is met again, and told, by the read that the watcher does.
      this.#poll = setInterval(() => void this.#takeNew().catch(() => undefined), POLL_MS)
      this.#poll.unref()
    }
    return this.#log.map.watch(place, listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.#poll !== null) clearInterval(this.#poll)
    this.#log.map.unwatch()
    await this.#advance?.catch(() => undefined)
    await this.#scanner.close()
    await this.#files.close()
  }

  async #catchUp(place: TopicPartition): Promise<void> {
    this.#mustBeOpen()
    checkPlace(place, this.partitions)
    // What is under way may have looked before the call: only a look that begins after it counts.
    await this.#advance?.catch(() => undefined)
    this.#mustBeOpen()
    await this.#takeNew()
    this.#mustBeOpen()
  }

  #takeNew(): Promise<void> {
    this.#advance ??= this.#scan().finally(() => {
      this.#advance = null
    })
    return this.#advance
  }

  async #scan(): Promise<void> {
    const ends = this.#log.map.all().map((state) => [state, state.end] as const)
    await this.#scanner.advance().catch((error: unknown) => {
      throw asLogError(this.#log.folder, error)
    })
    const before = new Map(ends)
    for (const state of this.#log.map.all()) if (state.end > (before.get(state) ?? 0)) tell(state)
  }

  #readOnly(): LogError {
    return new LogError('read-only', `the log in ${this.#log.folder} was opened for reading`)
  }

  #mustBeOpen(): void {
    if (this.#closed !== null) throw new LogError('closed', `the log in ${this.#log.folder} is closed`)
  }
}
