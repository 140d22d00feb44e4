/** Group commit, and what becomes of appends when the disk is full, short or broken. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { EmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import type { LogRecord } from '../../src/ports/event-log.ts'
import { batch, readAll, record, refusal, texts } from '../contract/event-log.ts'
import { diskBroken, diskFull, MemoryDisk } from './memory-disk.ts'
import { temporaryFolder } from './temporary-folder.ts'

const EVENTS = { topic: 'events', partition: 0 }
const SEGMENT_BYTES = 65_536

let folder: string

beforeEach(() => {
  const temporary = temporaryFolder()
  folder = temporary.folder
  onTestFinished(temporary.remove)
})

function open(disk: MemoryDisk): Promise<EmbeddedLog> {
  return openEmbeddedLog({ folder, disk, now: () => 1_000, segmentBytes: SEGMENT_BYTES })
}

function bigRecord(index: number): LogRecord {
  return { key: null, value: new Uint8Array(10_000).fill(index) }
}

describe('group commit', () => {
  test('puts all that is appended in one turn into one write and one sync', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    await Promise.all(Array.from({ length: 64 }, (_, index) => log.append(EVENTS, [record(`${index}`)])))
    expect(disk.commits).toEqual(['write', 'sync'])
    await log.close()
  })

  test('lets what arrives during a write ride the next one', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    const riders: Promise<unknown>[] = []
    disk.fail = ({ call }) => {
      if (call === 'write' && riders.length === 0) {
        for (let index = 0; index < 20; index++) riders.push(log.append(EVENTS, [record(`rider ${index}`)]))
      }
      return null
    }
    await log.append(EVENTS, [record('first')])
    expect(await log.end(EVENTS)).toBe(1)
    await Promise.all(riders)
    expect(disk.commits).toEqual(['write', 'sync', 'write', 'sync'])
    await log.close()
  })

  test('keeps 64 callers, one after another each, at a write per round', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    const caller = async (name: number): Promise<void> => {
      for (let round = 0; round < 10; round++) await log.append(EVENTS, [record(`${name} ${round}`)])
    }
    await Promise.all(Array.from({ length: 64 }, (_, name) => caller(name)))
    expect(disk.commits.filter((call) => call === 'write').length).toBeLessThanOrEqual(12)
    expect(await log.end(EVENTS)).toBe(640)
    await log.close()
  })

  test('acknowledges nothing before its sync', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    const order: string[] = []
    disk.fail = ({ call }) => (order.push(call), null)
    log.watch(EVENTS, () => order.push('told'))
    await log.append(EVENTS, [record('a')]).then(() => order.push('acknowledged'))
    await Promise.resolve()
    expect(order.slice(0, 2)).toEqual(['write', 'sync'])
    expect(order.slice(2).toSorted()).toEqual(['acknowledged', 'told'])
    await log.close()
  })

  test('takes the bytes in the call, so that a caller may reuse its buffer', async () => {
    const log = await open(new MemoryDisk())
    const value = Buffer.from('before')
    const appended = log.append(EVENTS, [{ key: null, value }])
    value.write('after!')
    await appended
    expect(texts(await readAll(log, EVENTS))).toEqual(['before'])
    await log.close()
  })

  test('goes on from segment to segment within one group', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    await Promise.all(Array.from({ length: 40 }, (_, index) => log.append(EVENTS, [bigRecord(index)])))
    const values = (await readAll(log, EVENTS, 25_000)).map(({ value }) => value?.[0])
    expect(values).toEqual(Array.from({ length: 40 }, (_, index) => index))
    expect((await disk.list()).filter((name) => name.endsWith('.log')).length).toBeGreaterThanOrEqual(7)
    await log.close()
    const again = await open(disk)
    expect(await again.end(EVENTS)).toBe(40)
    await again.close()
  })

  test('refuses what no segment can hold', async () => {
    const log = await open(new MemoryDisk())
    await expect(log.append(EVENTS, [{ key: null, value: new Uint8Array(SEGMENT_BYTES) }])).rejects.toMatchObject(
      refusal('too-large'),
    )
    expect((await log.append(EVENTS, [record('a')])).baseOffset).toBe(0)
    await log.close()
  })

  test('refuses more than may wait for the disk, and loses nothing of what it took', async () => {
    const disk = new MemoryDisk()
    const log = await openEmbeddedLog({ folder, disk, now: () => 1_000 })
    const appends = Array.from({ length: 80 }, () =>
      log.append(EVENTS, [{ key: null, value: new Uint8Array(900_000) }]),
    )
    const settled = await Promise.allSettled(appends)
    const taken = settled.filter(({ status }) => status === 'fulfilled').length
    expect(taken).toBeGreaterThan(60)
    expect(settled.at(-1)).toMatchObject({ reason: { code: 'unavailable', outcome: 'refused', retryable: true } })
    expect(await log.end(EVENTS)).toBe(taken)
    await log.close()
  })
})

describe('a disk that takes a write in pieces', () => {
  test('gets all of it', async () => {
    const disk = new MemoryDisk()
    disk.maxWriteBytes = 37
    const log = await open(disk)
    await log.append(EVENTS, batch('a', 20))
    expect(texts(await readAll(log, EVENTS))).toHaveLength(20)
    await log.close()
  })
})

describe('a full disk', () => {
  test('refuses what needs a new segment, keeps what there is, and goes on when there is room again', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    disk.fail = ({ mode, call }) => (mode === 'create' && call === 'write' ? diskFull() : null)
    let taken = 0
    const fill = async (): Promise<unknown> => {
      for (;;) {
        const append = log.append(EVENTS, [bigRecord(taken)])
        try {
          await append
          taken++
        } catch (error) {
          return error
        }
      }
    }
    for (let round = 0; round < 2; round++) {
      expect(await fill()).toMatchObject({ code: 'unavailable', outcome: 'refused', retryable: true })
    }
    expect(taken).toBe(6)
    expect((await disk.list()).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect((await log.append(EVENTS, [record('a small one still fits')])).baseOffset).toBe(6)
    disk.fail = () => null
    expect((await log.append(EVENTS, [bigRecord(7)])).baseOffset).toBe(7)
    await log.close()
    const again = await open(disk)
    expect(await readAll(again, EVENTS)).toHaveLength(8)
    await again.close()
  })

  test('refuses to make a log, leaving no half of one', async () => {
    const disk = new MemoryDisk()
    disk.fail = ({ call }) => (call === 'write' ? diskFull() : null)
    await expect(open(disk)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('ENOSPC') })
    disk.fail = () => null
    const log = await open(disk)
    expect(log.created).toBe(true)
    await log.close()
  })
})

describe('a disk that fails', () => {
  test.each(['write', 'sync'] as const)(
    'a %s: all that waits is of unknown outcome, and nothing is written again',
    async (broken) => {
      const disk = new MemoryDisk()
      const log = await open(disk)
      await log.append(EVENTS, batch('kept', 2))
      const riders: Promise<unknown>[] = []
      disk.fail = ({ call, mode }) => {
        if (call !== broken || mode !== 'commit') return null
        if (riders.length === 0) riders.push(log.append(EVENTS, [record('rider')]))
        return diskBroken()
      }
      const unknown = { code: 'disk-failed', outcome: 'unknown', retryable: false }
      await expect(log.append(EVENTS, [record('first')])).rejects.toMatchObject(unknown)
      await expect(riders[0]).rejects.toMatchObject(unknown)
      disk.fail = () => null
      const writes = disk.commits.length
      await expect(log.append(EVENTS, [record('later')])).rejects.toMatchObject(refusal('disk-failed'))
      expect(texts(await readAll(log, EVENTS))).toEqual(['kept 0', 'kept 1'])
      await log.close()
      expect(disk.commits).toHaveLength(writes)
    },
  )

  test('is opened again with what was acknowledged, and perhaps the batch in doubt, made durable first', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    await log.append(EVENTS, batch('kept', 2))
    disk.fail = ({ call, mode }) => (call === 'sync' && mode === 'commit' ? diskBroken() : null)
    await expect(log.append(EVENTS, [record('in doubt')])).rejects.toMatchObject({ code: 'disk-failed' })
    disk.fail = () => null
    await log.close()
    const again = await open(disk)
    const found = texts(await readAll(again, EVENTS))
    expect(found).toEqual(['kept 0', 'kept 1', 'in doubt'])
    const afterPower = disk.afterPowerFailure(() => false)
    await again.close()
    const third = await open(afterPower)
    expect(texts(await readAll(third, EVENTS))).toEqual(found)
    await third.close()
  })

  test('torn in the middle of a write leaves the batches before it', async () => {
    const disk = new MemoryDisk()
    const log = await open(disk)
    await log.append(EVENTS, batch('kept', 2))
    disk.fail = ({ call, mode }) => (call === 'write' && mode === 'commit' ? diskBroken() : null)
    await expect(log.append(EVENTS, batch('torn', 9))).rejects.toMatchObject({
      code: 'disk-failed',
      outcome: 'unknown',
    })
    disk.fail = () => null
    await log.close()
    const again = await open(disk)
    expect(texts(await readAll(again, EVENTS))).toEqual(['kept 0', 'kept 1'])
    expect((await again.append(EVENTS, [record('next')])).baseOffset).toBe(2)
    await again.close()
  })
})
