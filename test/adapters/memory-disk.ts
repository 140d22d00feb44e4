/**
 * A disk in memory that knows what was synced: for power failures, full and failing disks, and damage at chosen bytes.
 *
 * Boundary: implements the embedded log's port to the disk, as strictly as POSIX allows a disk to behave: what was not
 * synced may be lost sector by sector, a name that was not synced may be lost whole.
 */
import { basename } from 'node:path'
import type { Disk, DiskFile, OpenMode } from '../../src/adapters/embedded/disk.ts'

const SECTOR_BYTES = 512

interface Inode {
  current: Buffer
  durable: Buffer
  /** Sectors that were written and not synced. */
  readonly dirty: Set<number>
}

export interface DiskCall {
  readonly call: 'open' | 'write' | 'sync'
  readonly mode: OpenMode
  /** Without folders. */
  readonly name: string
}

export class MemoryDisk implements Disk {
  /** Decides whether a call fails; a write that fails has written half of its bytes. */
  fail: (call: DiskCall) => NodeJS.ErrnoException | null = () => null
  /** At most so many bytes are taken by one write. */
  maxWriteBytes: number = Number.MAX_SAFE_INTEGER
  /** Writes in place and their syncs, in order. */
  readonly commits: ('write' | 'sync')[] = []
  readonly #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()

  /** What another process finds after this one was killed; what was not synced still isn't. */
  copy(): MemoryDisk {
    const disk = new MemoryDisk()
    const copies = new Map<Inode, Inode>()
    const copyOf = (inode: Inode): Inode => {
      const { current, durable, dirty } = inode
      const copy = copies.get(inode) ?? {
        current: Buffer.from(current),
        durable: Buffer.from(durable),
        dirty: new Set(dirty),
      }
      copies.set(inode, copy)
      return copy
    }
    for (const [name, inode] of this.#names) disk.#names.set(name, copyOf(inode))
    disk.#durableNames = new Map([...this.#durableNames].map(([name, inode]) => [name, copyOf(inode)]))
    return disk
  }

  /** What is found after the power failed: of each sector that was not synced, either state, as `survives` says. */
  afterPowerFailure(survives: () => boolean): MemoryDisk {
    const disk = new MemoryDisk()
    for (const [name, inode] of this.#durableNames) {
      const content = Buffer.from(inode.durable)
      for (const sector of inode.dirty) {
        if (survives()) copySector(inode.current, content, sector)
      }
      disk.replace(name, content)
    }
    disk.#durableNames = new Map(disk.#names)
    return disk
  }

  /** The content of a file, to be looked at and damaged. */
  bytes(name: string): Buffer {
    const inode = this.#names.get(name)
    if (inode === undefined) throw new Error(`no file ${name}`)
    return inode.current
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  replace(name: string, content: Buffer | null): void {
    if (content === null) this.#names.delete(name)
    else this.#names.set(name, { current: content, durable: Buffer.from(content), dirty: new Set() })
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const name = basename(path)
    this.#mayFail({ call: 'open', mode, name })
    if (mode === 'create') this.replace(name, Buffer.alloc(0))
    const inode = this.#names.get(name)
    if (inode === undefined) throw Object.assign(new Error(`no file ${path}`), { code: 'ENOENT' })
    return this.#file(inode, mode, name)
  }

  async list(): Promise<readonly string[]> {
    return [...this.#names.keys()]
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.#names.get(basename(from))
    if (inode === undefined) throw new Error(`no file ${from}`)
    this.#names.delete(basename(from))
    this.#names.set(basename(to), inode)
  }

  async remove(path: string): Promise<void> {
    this.#names.delete(basename(path))
  }

  async makeFolder(): Promise<void> {}

  async syncFolder(): Promise<void> {
    this.#durableNames = new Map(this.#names)
  }

  #file(inode: Inode, mode: OpenMode, name: string): DiskFile {
    // A sync through one handle need not reach what was written through another: O_DSYNC is no more than that.
    const written = new Set<number>()
    return {
      read: async (into, start, length, position) => inode.current.copy(into, start, position, position + length),
      write: async (from, start, length, position) => {
        if (mode === 'commit') await turn()
        const failure = this.fail({ call: 'write', mode, name })
        const count = failure === null ? Math.min(length, this.maxWriteBytes) : Math.floor(length / 2)
        put(inode, from.subarray(start, start + count), position)
        for (const sector of sectors(position, position + count)) {
          inode.dirty.add(sector)
          written.add(sector)
        }
        if (mode === 'commit') this.commits.push('write')
        if (failure !== null) throw failure
        return count
      },
      sync: async () => {
        if (mode === 'commit') await turn()
        this.#mayFail({ call: 'sync', mode, name })
        for (const sector of written) {
          copySector(inode.current, inode.durable, sector)
          inode.dirty.delete(sector)
        }
        written.clear()
        if (mode === 'commit') this.commits.push('sync')
      },
      size: async () => inode.current.length,
      close: async () => undefined,
    }
  }

  #mayFail(call: DiskCall): void {
    const failure = this.fail(call)
    if (failure !== null) throw failure
  }
}

export function diskFull(): NodeJS.ErrnoException {
  return Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

export function diskBroken(): NodeJS.ErrnoException {
  return Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
}

function copySector(from: Buffer, to: Buffer, sector: number): void {
  const start = sector * SECTOR_BYTES
  from.copy(to, start, start, start + SECTOR_BYTES)
}

function put(inode: Inode, bytes: Uint8Array, position: number): void {
  const end = position + bytes.length
  if (end > inode.current.length) {
    inode.current = Buffer.concat([inode.current], end)
    inode.durable = Buffer.concat([inode.durable], end)
  }
  inode.current.set(bytes, position)
}

function sectors(from: number, to: number): number[] {
  const first = Math.floor(from / SECTOR_BYTES)
  return Array.from({ length: Math.ceil(to / SECTOR_BYTES) - first }, (_, index) => first + index)
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
