/**
 * Segment files held open for reading.
 *
 * Boundary: handles only. A handle that is in use is never closed under its user.
 */
import { join } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import { segmentName } from './segment.ts'

/** A log of hundreds of segments must not hold hundreds of handles; readers are mostly at one or two places. */
const MAX_IDLE_FILES = 8

interface Held {
  readonly file: Promise<DiskFile>
  users: number
}

export class SegmentFiles {
  readonly #disk: Disk
  readonly #folder: string
  /** In the order of use, the least recent first. */
  readonly #held = new Map<number, Held>()
  #keep = MAX_IDLE_FILES

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  async use<T>(segment: number, read: (file: DiskFile) => Promise<T>): Promise<T> {
    const held = this.#hold(segment)
    try {
      return await read(await held.file)
    } finally {
      held.users--
      await this.#trim()
    }
  }

  /** Closes what is not in use; what is, its last user closes. */
  async close(): Promise<void> {
    this.#keep = 0
    await this.#trim()
  }

  #hold(segment: number): Held {
    const held = this.#held.get(segment) ?? { file: this.#open(segment), users: 0 }
    held.users++
    this.#held.delete(segment)
    this.#held.set(segment, held)
    return held
  }

  async #open(segment: number): Promise<DiskFile> {
    try {
      return await this.#disk.open(join(this.#folder, segmentName(segment)), 'read')
    } catch (error) {
      this.#held.delete(segment)
      throw error
    }
  }

  async #trim(): Promise<void> {
    const idle = [...this.#held].filter(([, held]) => held.users === 0)
    const excess = idle.slice(0, Math.max(0, this.#held.size - this.#keep))
    for (const [segment] of excess) this.#held.delete(segment)
    for (const [, held] of excess) await (await held.file).close()
  }
}
