/** Damage that no crash makes: refused at opening, with its place, by the owner and by a reader alike. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { openEmbeddedLogForReading } from '../../src/adapters/embedded/reading-log.ts'
import type { LogError, LogErrorCode } from '../../src/ports/event-log.ts'
import { readAll, record } from '../contract/event-log.ts'
import { MemoryDisk } from './memory-disk.ts'
import { temporaryFolder } from './temporary-folder.ts'

const EVENTS = { topic: 'events', partition: 0 }
const OTHER = { topic: 'reports', partition: 1 }
const SEGMENT_BYTES = 65_536
const RECORDS = 200
const VALUE_BYTES = 1_500

const { folder, remove } = temporaryFolder()
afterAll(remove)

/** Closed, five segments, two partitions of which one has a record now and then. */
let whole: MemoryDisk

beforeAll(async () => {
  whole = new MemoryDisk()
  const log = await openEmbeddedLog({
    folder,
    disk: whole,
    partitions: 2,
    now: () => 1_000,
    segmentBytes: SEGMENT_BYTES,
  })
  for (let index = 0; index < RECORDS; index++) {
    await log.append(EVENTS, [{ key: null, value: new Uint8Array(VALUE_BYTES).fill(index) }])
    if (index % 50 === 0) await log.append(OTHER, [record(`${index}`)])
  }
  await log.close()
})

/** What a reader and an owner are told, who find this on the disk. Neither may change it. */
async function openings(disk: MemoryDisk): Promise<string[]> {
  const before = segments(disk).map((name) => Buffer.from(disk.bytes(name)))
  const told: string[] = []
  for (const opening of [
    openEmbeddedLogForReading({ folder, disk }),
    openEmbeddedLog({ folder, disk, partitions: 2, now: () => 1_000, segmentBytes: SEGMENT_BYTES }),
  ]) {
    told.push(
      await opening.then(
        async (log) => `opened with ${await log.end(EVENTS)} events`,
        (error: LogError) => `${error.code}: ${error.message}`,
      ),
    )
  }
  if (segments(disk).some((name, index) => !disk.bytes(name).equals(before[index]!))) told.push('changed')
  return told
}

/** Both are refused, for the reason that this names. */
function both(code: LogErrorCode, says: string): unknown[] {
  return [0, 1].map(() => expect.stringMatching(new RegExp(`^${code}: .*${says}`)))
}

function segments(disk: MemoryDisk): string[] {
  return Array.from({ length: 9 }, (_, number) => `segment-0000000${number}.log`).filter((name) => disk.has(name))
}

/** Where the frame of an event begins. */
function frameOf(disk: MemoryDisk, offset: number): { name: string; at: number } {
  for (const name of segments(disk)) {
    const bytes = disk.bytes(name)
    for (let at = 64; at + 56 < bytes.length && bytes.readUInt32LE(at) !== 0;) {
      const length = bytes.readUInt32LE(at + 8)
      const events = bytes.toString('latin1', at + 56, at + 56 + bytes.readUInt16LE(at + 14)) === 'events'
      if (events && bytes.readUInt32LE(at + 32) === offset) return { name, at }
      at += Math.ceil((56 + length) / 8) * 8
    }
  }
  throw new Error(`no event ${offset}`)
}

test('the log without damage opens whole', async () => {
  expect(segments(whole).length).toBeGreaterThanOrEqual(5)
  const reader = await openEmbeddedLogForReading({ folder, disk: whole.copy() })
  expect(await readAll(reader, EVENTS)).toHaveLength(RECORDS)
  await reader.close()
})

describe('a frame in the middle', () => {
  const damages: Record<string, (bytes: Buffer, at: number) => void> = {
    'a changed byte of a value': (bytes, at) => (bytes[at + 700]! ^= 1),
    'a changed append time': (bytes, at) => (bytes[at + 40]! ^= 1),
    'a zeroed length': (bytes, at) => bytes.fill(0, at + 8, at + 12),
    'an enormous length': (bytes, at) => bytes.fill(255, at + 8, at + 12),
    'a zeroed header': (bytes, at) => bytes.fill(0, at, at + 56),
    'a zeroed frame': (bytes, at) => bytes.fill(0, at, at + 1_576),
    'the frame before it repeated': (bytes, at) => bytes.copy(bytes, at, at - 1_576, at),
  }
  test.each(Object.entries(damages))('with %s is refused, naming file, byte and offset', async (_, damage) => {
    const disk = whole.copy()
    const { name, at } = frameOf(disk, 77)
    damage(disk.bytes(name), at)
    expect(await openings(disk)).toEqual(
      both('corrupt', `${name} byte ${at}, where offset 77 of events/0 was expected`),
    )
  })

  test('that is the first of all', async () => {
    const disk = whole.copy()
    disk.bytes('segment-00000000.log').fill(0, 64, 65_000)
    expect(await openings(disk)).toEqual(both('corrupt', 'segment-00000000.log byte 64, where offset'))
  })

  test('that is the last before the closing seal', async () => {
    const disk = whole.copy()
    const { name, at } = frameOf(disk, RECORDS - 1)
    disk.bytes(name)[at + 100]! ^= 1
    expect(await openings(disk)).toEqual(both('corrupt', `where offset ${RECORDS - 1} of events/0 was expected`))
  })
})

describe('what only looks like damage', () => {
  test('a reader looks again, because the owner may have written what proves it since', async () => {
    const disk = whole.copy()
    const { name, at } = frameOf(disk, 77)
    const bytes = disk.bytes(name)
    bytes[at + 700]! ^= 1
    let opened = 0
    disk.fail = (call) => {
      // The scan opens the segment first; the search for later frames opens it again, and finds it written meanwhile.
      if (call.call === 'open' && call.name === name && ++opened === 2) bytes[at + 700]! ^= 1
      return null
    }
    const reader = await openEmbeddedLogForReading({ folder, disk })
    expect(opened).toBe(2)
    expect(await readAll(reader, EVENTS)).toHaveLength(RECORDS)
    await reader.close()
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('frames within a torn value prove nothing (shifted by %i)', async (shift) => {
    const disk = new MemoryDisk()
    const options = { folder, now: () => 1_000, segmentBytes: SEGMENT_BYTES }
    const log = await openEmbeddedLog({ ...options, disk })
    await log.append(EVENTS, [record('kept')])
    const frames = whole.bytes('segment-00000003.log').subarray(64, 20_000)
    await log.append(EVENTS, [{ key: null, value: Buffer.concat([Buffer.alloc(shift), frames]) }])
    const killed = disk.copy()
    await log.close()
    const { name, at } = frameOf(killed, 1)
    killed.bytes(name)[at + 4]! ^= 1
    const again = await openEmbeddedLog({ ...options, disk: killed })
    expect(await again.end(EVENTS)).toBe(1)
    await again.close()
  })
})

describe('a segment', () => {
  test('that is missing is named', async () => {
    for (const name of segments(whole)) {
      const disk = whole.copy()
      disk.replace(name, null)
      expect(await openings(disk)).toEqual(both('corrupt', `${name} is missing`))
    }
  })

  test('that was swapped with another is refused', async () => {
    const disk = whole.copy()
    const one = Buffer.from(disk.bytes('segment-00000001.log'))
    disk.replace('segment-00000001.log', Buffer.from(disk.bytes('segment-00000002.log')))
    disk.replace('segment-00000002.log', one)
    expect(await openings(disk)).toEqual(both('corrupt', 'segment-00000001.log byte 0'))
  })

  test('of another log is refused', async () => {
    const other = new MemoryDisk()
    const options = { folder, disk: other, partitions: 2, segmentBytes: SEGMENT_BYTES }
    const log = await openEmbeddedLog({ ...options, now: () => 2_000 })
    for (let index = 0; index < 10; index++) await log.append(EVENTS, [record(`${index}`)])
    await log.close()
    const disk = whole.copy()
    disk.replace('segment-00000000.log', other.bytes('segment-00000000.log'))
    expect(await openings(disk)).toEqual(both('corrupt', 'segment-00000000.log byte 0'))
  })

  test('whose header is damaged is refused when anything stands behind it, also the last', async () => {
    for (const name of segments(whole)) {
      const disk = whole.copy()
      disk.bytes(name)[20]! ^= 1
      expect(await openings(disk)).toEqual(both('corrupt', `${name} byte 0`))
    }
  })

  test('that was shortened is refused', async () => {
    const disk = whole.copy()
    const { name, at } = frameOf(disk, 60)
    disk.replace(name, Buffer.from(disk.bytes(name).subarray(0, at + 20)))
    expect(await openings(disk)).toEqual(
      both('corrupt', `${name} byte ${at}, where offset 60 of events/0 was expected`),
    )
  })

  test('with something behind its end is refused', async () => {
    const disk = whole.copy()
    disk.bytes('segment-00000001.log')[SEGMENT_BYTES - 1] = 1
    expect(await openings(disk)).toEqual(both('corrupt', 'behind the end of the segment'))
  })
})

describe('a segment that is not in use yet', () => {
  test('may be damaged: it is made again', async () => {
    const disk = whole.copy()
    const unused = `segment-0000000${segments(whole).length}.log`
    disk.replace(unused, Buffer.alloc(SEGMENT_BYTES, 7))
    const options = { folder, disk, now: () => 1_000, segmentBytes: SEGMENT_BYTES }
    const log = await openEmbeddedLog(options)
    for (let index = 0; index < 60; index++)
      await log.append(EVENTS, [{ key: null, value: new Uint8Array(VALUE_BYTES) }])
    await log.close()
    const reader = await openEmbeddedLogForReading({ folder, disk })
    expect(await readAll(reader, EVENTS)).toHaveLength(RECORDS + 60)
    await reader.close()
  })

  test('may be damaged also when the log has just gone on to it', async () => {
    const disk = new MemoryDisk()
    const options = { folder, now: () => 1_000, segmentBytes: SEGMENT_BYTES }
    const log = await openEmbeddedLog({ ...options, disk })
    const killed: MemoryDisk[] = []
    disk.fail = ({ call, name }) => {
      if (call === 'write' && name === 'segment-00000001.log') killed.push(disk.copy())
      return null
    }
    for (let index = 0; killed.length === 0; index++) await log.append(EVENTS, [record('x'.repeat(4_000))])
    await log.close()
    const before = killed[0]!
    before.bytes('segment-00000001.log')[9]! ^= 1
    const again = await openEmbeddedLog({ ...options, disk: before })
    const end = await again.end(EVENTS)
    expect(end).toBe(8)
    expect((await again.append(EVENTS, [record('next')])).baseOffset).toBe(end)
    await again.close()
    const reader = await openEmbeddedLogForReading({ folder, disk: before })
    expect(await readAll(reader, EVENTS)).toHaveLength(end + 1)
    await reader.close()
  })
})

describe('the page that says what the folder is', () => {
  test.each([1, 5])('is needed beside %i segments', async (count) => {
    const disk = whole.copy()
    disk.replace('log.json', null)
    for (const name of segments(disk).slice(count)) disk.replace(name, null)
    const opening = openEmbeddedLog({ folder, disk, partitions: 2, now: () => 1_000 })
    await expect(opening).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('log.json is missing'),
    })
  })

  test('with another number of partitions than the segments is refused', async () => {
    const disk = whole.copy()
    disk.replace('log.json', Buffer.from(disk.bytes('log.json').toString().replace('"partitions":2', '"partitions":3')))
    const opening = openEmbeddedLog({ folder, disk, now: () => 1_000 })
    await expect(opening).rejects.toMatchObject({ code: 'corrupt' })
  })

  test('with an unknown format version is refused clearly', async () => {
    const disk = whole.copy()
    disk.replace('log.json', Buffer.from(disk.bytes('log.json').toString().replace('"version":1', '"version":2')))
    expect(await openings(disk)).toEqual(both('wrong-log', 'format version 2, this program reads version 1'))
  })
})

test('damage that comes while the log is open is met by the read that meets it', async () => {
  const disk = whole.copy()
  const reader = await openEmbeddedLogForReading({ folder, disk })
  const { name, at } = frameOf(disk, 150)
  disk.bytes(name)[at + 300]! ^= 1
  expect((await reader.read(EVENTS, 149, 1)).records).toHaveLength(1)
  await expect(reader.read(EVENTS, 150, 1)).rejects.toMatchObject({
    code: 'corrupt',
    position: `${name} byte ${at}, where offset 150 of events/0 was expected`,
  })
  await reader.close()
})
