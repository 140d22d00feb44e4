/**
 * The lock of a folder: one process writes.
 *
 * Each owner makes the file `lock.<n>`, n one above the highest there is, as a hard link to a file that is already
 * written; so only one process can make a given n, and nobody sees it half written. The highest n is the owner; a release
 * overwrites it and never removes it, so n is never used twice. Of two processes that both find a dead owner at n, one
 * makes n + 1; the other finds that it exists, and looks again.
 *
 * Boundary: processes of one machine that see each other's ids. Two containers that mount the same folder don't, and
 * must not run at the same time.
 */
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { LogError } from '../../ports/event-log.ts'

const NAME = /^lock\.(\d{1,12})$/

/** Rounds of looking and trying. Each lost round means that another process made progress. */
const MAX_ROUNDS = 100

/** Locks that this process holds: the answer where the system doesn't tell when a process began. */
const heldHere = new Set<string>()

export interface FolderLock {
  /** Idempotent. */
  release(): void
}

interface Holder {
  /** 0: released. */
  readonly pid: number
  /** Tells a process from a later one of the same id; null where the system doesn't say. */
  readonly began: string | null
}

/** Takes the lock. Throws with code `owned` when a live process has it. */
export function lockFolder(folder: string): FolderLock {
  const draft = join(folder, `lock.${process.pid}.${threadId}.tmp`)
  const self: Holder = { pid: process.pid, began: beganAt(process.pid) }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const highest = highestLock(folder)
    const owner = highest === 0 ? null : liveOwner(folder, highest)
    if (owner !== null) throw owned(folder, owner)
    const path = lockPath(folder, highest + 1)
    if (!claim(draft, path, self)) continue
    if (highestLock(folder) !== highest + 1) {
      rmSync(path, { force: true })
      continue
    }
    for (const older of lockNumbers(folder)) if (older <= highest) rmSync(lockPath(folder, older), { force: true })
    heldHere.add(path)
    return { release: () => release(draft, path) }
  }
  throw new LogError('unavailable', `${folder}: too many processes want to open it`, { retryable: true })
}

/** Process id of the live process that has a folder open for writing; null when none has. */
export function readLockOwner(folder: string): number | null {
  const highest = highestLock(folder)
  return highest === 0 ? null : liveOwner(folder, highest)
}

/** Makes the lock file in one step; false when another process made it first. */
function claim(draft: string, path: string, self: Holder): boolean {
  writeFileSync(draft, `${JSON.stringify(self)}\n`)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function release(draft: string, path: string): void {
  if (!heldHere.delete(path)) return
  const released: Holder = { pid: 0, began: null }
  try {
    writeFileSync(draft, `${JSON.stringify(released)}\n`)
    renameSync(draft, path)
  } catch {
    // The folder was removed or is full: the lock ends with this process.
  }
}

function liveOwner(folder: string, number: number): number | null {
  const path = lockPath(folder, number)
  const holder = readHolder(path)
  if (holder === null || holder.pid === 0) return null
  return isAlive(holder, path) ? holder.pid : null
}

/** Null when the file is gone or was never written whole, as after a power failure. */
function readHolder(path: string): Holder | null {
  try {
    const { pid, began } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>
    return Number.isSafeInteger(pid) && pid! >= 0 ? { pid: pid!, began: began ?? null } : null
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function isAlive(holder: Holder, path: string): boolean {
  const began = beganAt(holder.pid)
  if (began === 'ended') return false
  if (began !== null && holder.began !== null) return began === holder.began
  if (holder.pid === process.pid) return heldHere.has(path)
  try {
    process.kill(holder.pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/**
 * Boot and start time of a process, from fields 3 and 22 of its `stat` on Linux, counted behind the name, which may hold
 * anything. `ended`: killed, and its parent has not asked yet. Null: no such process, or no such system.
 */
function beganAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended'
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}/${fields[19]}`
  } catch {
    return null
  }
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock.${number}`)
}

function lockNumbers(folder: string): number[] {
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number)
}

function highestLock(folder: string): number {
  return Math.max(0, ...lockNumbers(folder))
}

function owned(folder: string, owner: number): LogError {
  return new LogError('owned', `${folder} is open in process ${owner}`, { owner, retryable: true })
}
