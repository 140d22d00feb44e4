/**
 * The port of the embedded log to the disk, so that a test can make it full, failing, or forgetful of what was not synced.
 *
 * Boundary: files and folders by path; knows nothing of segments or frames. The folder lock does not pass through here:
 * it is about processes, not about data.
 */
import { open as openFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { close, constants, fdatasync, fstat, fsync, open, read, write } from 'node:fs'
import { dirname } from 'node:path'

/**
 * - `read`: the file must exist.
 * - `create`: emptied when it exists; for filling in bulk.
 * - `commit`: the file must exist; for small durable writes in place.
 */
export type OpenMode = 'read' | 'create' | 'commit'

/** What is filled, cleared and compared at once. */
export const ZEROS: Buffer = Buffer.alloc(1_024 * 1_024)

export interface DiskFile {
  /** Resolves to the number of bytes read; fewer than asked for at the end of the file, or when the system says so. */
  read(into: Uint8Array, start: number, length: number, position: number): Promise<number>
  /** Resolves to the number of bytes written, which may be fewer than asked for. */
  write(from: Uint8Array, start: number, length: number, position: number): Promise<number>
  /** What was written before is durable when this resolves. */
  sync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>
  /** Names in a folder. */
  list(folder: string): Promise<readonly string[]>
  rename(from: string, to: string): Promise<void>
  /** Does nothing when the file isn't there. */
  remove(path: string): Promise<void>
  makeFolder(path: string): Promise<void>
  /** Makes created, renamed and removed names of a folder durable. */
  syncFolder(path: string): Promise<void>
}

/**
 * With O_DSYNC a write is durable when it returns, as if fdatasync followed it, in one step instead of two through the
 * thread pool (measured: 0.9 instead of 0.7 of a plain loop). Only where it is known to reach the medium: on macOS it
 * does not, while fdatasync of libuv does.
 */
const DURABLE_WRITES = process.platform === 'linux' ? constants.O_DSYNC : 0

export function systemDisk(): Disk {
  return {
    open: openSystemFile,
    list: (folder) => readdir(folder),
    rename,
    remove: (path) => rm(path, { force: true }),
    makeFolder,
    async syncFolder(path) {
      if (process.platform === 'win32') return
      const folder = await openFile(path, 'r')
      try {
        await folder.sync()
      } catch (error) {
        // Some network file systems don't know the call; their names are durable when the server has answered.
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
      } finally {
        await folder.close()
      }
    },
  }
}

/**
 * Makes a folder and those above it. Not `mkdir` with `recursive`: where making fails although the folder above exists, as
 * in /proc, that tries for ever.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await isFolder(path))) return
    if (code !== 'ENOENT' || (await isFolder(dirname(path)))) throw error
    await makeFolder(dirname(path))
    await makeFolder(path)
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}

/** Writes all bytes, in as many writes as it takes. */
export async function writeAll(
  file: DiskFile,
  from: Uint8Array,
  start: number,
  length: number,
  position: number,
): Promise<void> {
  for (let done = 0; done < length;) {
    const wrote = await file.write(from, start + done, length - done, position + done)
    if (wrote <= 0) throw new Error('the disk took no byte')
    done += wrote
  }
}

/** Reads until the buffer is full or the file ends; what is beyond its end reads as zeros. */
export async function readZeroPadded(
  file: DiskFile,
  into: Uint8Array,
  length: number,
  position: number,
): Promise<void> {
  let done = 0
  while (done < length) {
    const got = await file.read(into, done, length - done, position + done)
    if (got === 0) break
    done += got
  }
  if (done < length) into.fill(0, done, length)
}

/** Whether anything but zeros stands between two bytes of a file. */
export async function hasBytes(file: DiskFile, from: number, to: number): Promise<boolean> {
  const chunk = Buffer.allocUnsafe(ZEROS.length)
  for (let byte = from; byte < to; byte += ZEROS.length) {
    const length = Math.min(ZEROS.length, to - byte)
    await readZeroPadded(file, chunk, length, byte)
    if (!isZero(chunk.subarray(0, length))) return true
  }
  return false
}

/** Of at most as many bytes as `ZEROS` has. */
export function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length))
}

function openSystemFile(path: string, mode: OpenMode): Promise<DiskFile> {
  const durable = mode === 'commit' && DURABLE_WRITES !== 0
  const flags = {
    read: constants.O_RDONLY,
    create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
    commit: constants.O_RDWR | DURABLE_WRITES,
  }[mode]
  return new Promise((resolve, reject) => {
    open(path, flags, 0o644, (error, fd) => (error ? reject(error) : resolve(systemFile(fd, mode, durable))))
  })
}

function systemFile(fd: number, mode: OpenMode, durable: boolean): DiskFile {
  const flush = mode === 'create' ? fsync : fdatasync
  return {
    read: (into, start, length, position) =>
      new Promise((resolve, reject) => {
        read(fd, into, start, length, position, (error, count) => (error ? reject(error) : resolve(count)))
      }),
    write: (from, start, length, position) =>
      new Promise((resolve, reject) => {
        write(fd, from, start, length, position, (error, count) => (error ? reject(error) : resolve(count)))
      }),
    sync: () =>
      durable
        ? Promise.resolve()
        : new Promise((resolve, reject) => flush(fd, (error) => (error ? reject(error) : resolve()))),
    size: () =>
      new Promise((resolve, reject) => fstat(fd, (error, stats) => (error ? reject(error) : resolve(stats.size)))),
    close: () => new Promise((resolve, reject) => close(fd, (error) => (error ? reject(error) : resolve()))),
  }
}
