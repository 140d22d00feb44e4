/** What an opening finds after a crash: the acknowledged prefix, and at most whole batches behind it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { createSeededEntropy } from '../../src/adapters/memory/seeded-entropy.ts'
import type { LogError } from '../../src/ports/event-log.ts'
import { batch, readAll, text, texts } from '../contract/event-log.ts'
import { MemoryDisk } from './memory-disk.ts'
import { temporaryFolder } from './temporary-folder.ts'

const EVENTS = { topic: 'events', partition: 0 }
const SEGMENT = 'segment-00000000.log'
const SEGMENT_BYTES = 65_536
const SEGMENT_HEADER_BYTES = 64

const { folder, remove } = temporaryFolder()
afterAll(remove)

function open(disk: MemoryDisk, log: string[] = []): Promise<EmbeddedLog> {
  const tell = (sentence: string): void => void log.push(sentence)
  return openEmbeddedLog({ folder, disk, now: () => 1_000, segmentBytes: SEGMENT_BYTES, log: tell })
}

/** What an opening makes of a disk: the values that it finds, or why and where it refuses. */
async function outcome(disk: MemoryDisk): Promise<string[] | string> {
  try {
    const log = await open(disk)
    const found = texts(await readAll(log, EVENTS))
    await log.close()
    return found
  } catch (error) {
    const { code, position } = error as LogError
    return `${code}: ${position?.replace(`${folder}/`, '')}`
  }
}

describe('a log of single writes, damaged at any byte of its last three batches', () => {
  const COUNT = 8
  const values = Array.from({ length: COUNT }, (_, index) => `batch ${index} 0`)
  let killed: MemoryDisk
  /** Where each batch begins in the file, and where the last one ends. */
  let starts: number[]

  beforeAll(async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    for (let index = 0; index < COUNT; index++) await log.append(EVENTS, batch(`batch ${index}`, 1))
    killed = disk.copy()
    await log.close()
    starts = frameStarts(killed.bytes(SEGMENT))
    if (starts.length !== COUNT + 1) throw new Error(`${starts.length - 1} frames instead of ${COUNT}`)
  })

  /** Damages the file at each byte in turn and compares with what the damaged frames allow. */
  async function atEachByte(damage: (bytes: Buffer, at: number) => void): Promise<{ cut: number; refused: number }> {
    const seen = { cut: 0, refused: 0 }
    const whole = killed.bytes(SEGMENT)
    for (let at = starts[COUNT - 3]!; at < starts[COUNT]!; at++) {
      const disk = killed.copy()
      damage(disk.bytes(SEGMENT), at)
      const damaged = values.map(
        (_, index) => !sameBytes(whole, disk.bytes(SEGMENT), starts[index]!, starts[index + 1]!),
      )
      const first = damaged.indexOf(true)
      const proven = first >= 0 && damaged.lastIndexOf(false) > first
      if (first >= 0) seen[proven ? 'refused' : 'cut']++
      const place = `corrupt: ${SEGMENT} byte ${starts[first]}, where offset ${first} of events/0 was expected`
      const left = first < 0 ? values : values.slice(0, first)
      expect(await outcome(disk), `byte ${at}`).toEqual(proven ? place : left)
    }
    return seen
  }

  test('cut off there, it keeps the batches that are whole', async () => {
    const seen = await atEachByte((bytes, at) => bytes.fill(0, at))
    expect(seen.cut).toBeGreaterThan(280)
    expect(seen.refused).toBe(0)
  })

  test('with one bit turned, it is refused when a later batch proves that the place was durable, else cut', async () => {
    const seen = await atEachByte((bytes, at) => (bytes[at]! ^= 1 << (at % 8)))
    expect(seen.cut).toBeGreaterThan(90)
    expect(seen.refused).toBeGreaterThan(180)
  })

  test('with 16 bytes zeroed, the same', async () => {
    const seen = await atEachByte((bytes, at) => bytes.fill(0, at, at + 16))
    expect(seen.cut).toBeGreaterThan(90)
    expect(seen.refused).toBeGreaterThan(120)
  })

  test('with the 64 bytes before repeated, the same', async () => {
    const seen = await atEachByte((bytes, at) => bytes.copy(bytes, at, at - 64, at))
    expect(seen.cut).toBeGreaterThan(90)
    expect(seen.refused).toBeGreaterThan(120)
  })

  test('with its file ending there, it keeps the batches that are whole and goes on', async () => {
    for (let at = starts[COUNT - 1]!; at <= starts[COUNT]!; at += 7) {
      const disk = killed.copy()
      disk.replace(SEGMENT, Buffer.from(disk.bytes(SEGMENT).subarray(0, at)))
      expect(await outcome(disk)).toEqual(at < starts[COUNT]! ? values.slice(0, -1) : values)
      expect(disk.bytes(SEGMENT)).toHaveLength(SEGMENT_BYTES)
    }
  })

  test('a cut is told, and the next append takes the place', async () => {
    const disk = killed.copy()
    disk.bytes(SEGMENT)[starts[COUNT]! - 9]! ^= 1
    const told: string[] = []
    const log = await open(disk, told)
    expect(told).toEqual([expect.stringContaining(`cut at ${SEGMENT} byte ${starts[COUNT - 1]}`)])
    expect((await log.append(EVENTS, batch('again', 2))).baseOffset).toBe(COUNT - 1)
    await log.close()
    expect(await outcome(disk)).toEqual([...values.slice(0, -1), 'again 0', 'again 1'])
  })

  test('an opening that finds nothing torn says nothing and changes no batch', async () => {
    const told: string[] = []
    const disk = killed.copy()
    await (await open(disk, told)).close()
    expect(told).toEqual([])
    expect(sameBytes(disk.bytes(SEGMENT), killed.bytes(SEGMENT), 0, starts[COUNT]!)).toBe(true)
  })
})

describe('batches that were written together', () => {
  async function writtenTogether(seal: boolean): Promise<{ disk: MemoryDisk; starts: number[] }> {
    const disk = new MemoryDisk()
    const log = await open(disk)
    await Promise.all(Array.from({ length: 5 }, (_, index) => log.append(EVENTS, batch(`${index}`, 1))))
    const killed = disk.copy()
    await log.close()
    return { disk: seal ? disk : killed, starts: frameStarts(killed.bytes(SEGMENT)) }
  }

  test('prove nothing about each other: a damaged one is cut with all behind it', async () => {
    const { disk, starts } = await writtenTogether(false)
    disk.bytes(SEGMENT)[starts[2]! + 60]! ^= 1
    expect(await outcome(disk)).toEqual(['0 0', '1 0'])
  })

  test('are all protected once the log was closed, opened again, or idle', async () => {
    const { disk, starts } = await writtenTogether(true)
    disk.bytes(SEGMENT)[starts[2]! + 60]! ^= 1
    expect(await outcome(disk)).toContain('corrupt')
    expect(await outcome(disk)).toContain('offset 2 of events/0')
  })
})

describe('kill and power failure', () => {
  const SEEDS = 25
  const CRASHES = 6

  test('at any moment keeps every acknowledged batch, and others whole or not at all', async () => {
    const seen = { cut: 0, unacknowledgedKept: 0, segments: 0 }
    for (let seed = 0; seed < SEEDS; seed++) {
      const entropy = createSeededEntropy(seed)
      const random = (below: number): number => entropy.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) % below
      const acknowledged = new Map<number, string[]>()
      let disk = new MemoryDisk()
      for (let crash = 0; crash < CRASHES; crash++) {
        disk = await crashWhileAppending(disk, acknowledged, random)
        const told: string[] = []
        const log = await open(disk.copy(), told)
        const found = texts(await readAll(log, EVENTS))
        await log.close()
        for (const [offset, values] of acknowledged) expect(found.slice(offset, offset + values.length)).toEqual(values)
        expect(wholeBatches(found), `seed ${seed}`).toBe(true)
        seen.cut += told.length
        if (found.length > [...acknowledged.values()].flat().length) seen.unacknowledgedKept++
      }
      seen.segments = Math.max(seen.segments, (await disk.list()).length)
    }
    // A crash that tears nothing would prove nothing.
    expect(seen.cut).toBeGreaterThan(20)
    expect(seen.unacknowledgedKept).toBeGreaterThan(3)
    expect(seen.segments).toBeGreaterThan(4)
  })
})

test('a seal that was written and not synced is made durable before anything is built on it', async () => {
  const disk = new MemoryDisk()
  const log = await open(disk)
  // The seal ends with its sector, so nothing that is written behind it takes it along.
  await log.append(EVENTS, [{ key: null, value: Buffer.alloc(322, 'a') }])
  const killed: MemoryDisk[] = []
  disk.fail = ({ call }) => {
    if (call === 'sync') killed.push(disk.copy())
    return null
  }
  await log.close()
  const again = await open(killed[0]!)
  await again.append(EVENTS, batch('next', 1))
  const afterPowerFailure = killed[0]!.afterPowerFailure(() => false)
  await again.close()
  expect(await outcome(afterPowerFailure)).toEqual(['a'.repeat(322), 'next 0'])
})

/** Appends from several callers until a random sync, and returns the disk as it is found after a crash there. */
async function crashWhileAppending(
  disk: MemoryDisk,
  acknowledged: Map<number, string[]>,
  random: (below: number) => number,
): Promise<MemoryDisk> {
  const crash: { after: MemoryDisk | null } = { after: null }
  const isKill = random(3) === 0
  const odds = [2, 16][random(2)]!
  let syncs = 1 + random(random(4) === 0 ? 4 : 25)
  disk.fail = ({ call }) => {
    if (call !== 'sync' || --syncs !== 0) return null
    crash.after = isKill ? disk.copy() : disk.afterPowerFailure(() => random(odds) > 0)
    return null
  }
  const log = await open(disk)
  const caller = async (): Promise<void> => {
    while (crash.after === null) {
      const records = batch('x'.repeat(random(4_000)), 1 + random(5))
      const { baseOffset } = await log.append(EVENTS, records)
      if (crash.after === null) acknowledged.set(baseOffset, records.map(text))
    }
  }
  await Promise.all(Array.from({ length: 1 + random(6) }, caller))
  disk.fail = () => null
  await log.close()
  return crash.after!
}

/** Whether each batch is there from its first record on and none is begun twice. */
function wholeBatches(found: readonly string[]): boolean {
  let expected = 0
  for (const value of found) {
    const index = Number(value.slice(value.lastIndexOf(' ') + 1))
    if (index !== expected && index !== 0) return false
    expected = index + 1
  }
  return true
}

/** Walks the frames of a segment by their lengths alone. */
function frameStarts(bytes: Buffer): number[] {
  const starts = [SEGMENT_HEADER_BYTES]
  for (;;) {
    const at = starts.at(-1)!
    const length = bytes.readUInt32LE(at + 8)
    if (bytes.readUInt32LE(at) === 0) return starts
    starts.push(at + Math.ceil((56 + length) / 8) * 8)
  }
}

function sameBytes(a: Buffer, b: Buffer, from: number, to: number): boolean {
  return a.subarray(from, to).equals(b.subarray(from, to))
}
