/**
 * The page of a folder that says what it is: `log.json`.
 *
 * Boundary: written once, last, when a log is made; a folder without it has no log.
 */
import { join } from 'node:path'
import { LogError } from '../../ports/event-log.ts'
import type { Disk } from './disk.ts'
import { writeAll } from './disk.ts'
import { FORMAT_VERSION } from './frame.ts'
import { MAX_PARTITIONS } from './limits.ts'

export const META_NAME: string = 'log.json'
const FORMAT = 'horolog-embedded-log'

/** More than any meta page has. */
const MAX_META_BYTES = 4_096

export interface Meta {
  readonly partitions: number
  /** Epoch milliseconds; also the identity of the log in its segment headers. */
  readonly createdAt: number
}

/** Null when the folder has no meta page. */
export async function readMeta(disk: Disk, folder: string): Promise<Meta | null> {
  const path = join(folder, META_NAME)
  const text = await readSmallFile(disk, path)
  return text === null ? null : parseMeta(text, path)
}

export async function writeMeta(disk: Disk, folder: string, meta: Meta): Promise<void> {
  const path = join(folder, META_NAME)
  const bytes = Buffer.from(`${JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, ...meta })}\n`)
  const file = await disk.open(`${path}.tmp`, 'create')
  try {
    await writeAll(file, bytes, 0, bytes.length, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(`${path}.tmp`, path)
  await disk.syncFolder(folder)
}

async function readSmallFile(disk: Disk, path: string): Promise<string | null> {
  const file = await disk.open(path, 'read').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (file === null) return null
  try {
    const bytes = Buffer.alloc(MAX_META_BYTES)
    return bytes.toString('utf8', 0, await file.read(bytes, 0, bytes.length, 0))
  } finally {
    await file.close()
  }
}

function parseMeta(text: string, path: string): Meta {
  const page = parseObject(text)
  if (page?.['format'] !== FORMAT) throw new LogError('wrong-log', `${path} is not the page of a Horolog log`)
  if (page['version'] !== FORMAT_VERSION) {
    throw new LogError(
      'wrong-log',
      `${path}: the log has format version ${String(page['version'])}, this program reads version ${FORMAT_VERSION}`,
    )
  }
  const { partitions, createdAt } = page
  if (isCount(partitions) && partitions >= 1 && partitions <= MAX_PARTITIONS && isCount(createdAt)) {
    return { partitions, createdAt }
  }
  throw new LogError('corrupt', `${path}: partitions or createdAt is not what was written`, { position: path })
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
