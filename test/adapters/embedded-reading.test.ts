/** Reading a folder while another opening of it writes. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { openEmbeddedLogForReading } from '../../src/adapters/embedded/reading-log.ts'
import { batch, readAll, record, text, texts } from '../contract/event-log.ts'
import { startLogProcess } from './child.ts'
import { temporaryFolder } from './temporary-folder.ts'

const EVENTS = { topic: 'events', partition: 0 }
const SEGMENT_BYTES = 65_536
const now = (): number => 1_000

let folder: string

beforeEach(() => {
  const temporary = temporaryFolder()
  folder = temporary.folder
  onTestFinished(temporary.remove)
})

describe('a reader', () => {
  test('of another process sees whole batches in order, to the last, across segments', async () => {
    const child = startLogProcess('append', folder)
    expect(await child.line()).toBe('open')
    const reader = await openEmbeddedLogForReading({ folder })
    let at = 0
    const values: string[] = []
    while (values.length < 3_000) {
      const { records, next } = await reader.read(EVENTS, at, 10_000)
      expect(records.length % 3).toBe(0)
      values.push(...records.map(text))
      at = next
    }
    await child.kill()
    expect(texts(await readAll(reader, EVENTS)).slice(0, values.length)).toEqual(values)
    await reader.close()
  })

  test('is told of what another process appends', async () => {
    const log = await openEmbeddedLog({ folder, now })
    const reader = await openEmbeddedLogForReading({ folder })
    for (let round = 0; round < 3; round++) {
      let stop = (): void => undefined
      const told = new Promise<void>((resolve) => (stop = reader.watch(EVENTS, resolve)))
      await log.append(EVENTS, [record(`${round}`)])
      await told
      stop()
      expect((await reader.read(EVENTS, round, 1)).records.map(text)).toEqual([`${round}`])
    }
    await log.close()
    await reader.close()
  })

  test('stays while owners come and go', async () => {
    const first = await openEmbeddedLog({ folder, now, segmentBytes: SEGMENT_BYTES })
    const reader = await openEmbeddedLogForReading({ folder })
    await first.append(EVENTS, batch('first', 2))
    await first.close()
    expect(await reader.end(EVENTS)).toBe(2)
    const second = await openEmbeddedLog({ folder, now, segmentBytes: SEGMENT_BYTES })
    for (let index = 0; index < 20; index++) await second.append(EVENTS, [{ key: null, value: new Uint8Array(9_000) }])
    expect(await reader.end(EVENTS)).toBe(22)
    await second.close()
    expect(await readAll(reader, EVENTS, 1)).toHaveLength(22)
    await reader.close()
  })

  test('reads many places of many segments at once, and closes while it does', async () => {
    const log = await openEmbeddedLog({ folder, now, segmentBytes: SEGMENT_BYTES })
    const COUNT = 150
    for (let index = 0; index < COUNT; index++) {
      await log.append(EVENTS, [{ key: `${index}`, value: new Uint8Array(6_000).fill(index) }])
    }
    const reader = await openEmbeddedLogForReading({ folder })
    const reads = Array.from({ length: COUNT }, (_, index) => reader.read(EVENTS, (index * 67) % COUNT, 1))
    for (const [index, read] of (await Promise.all(reads)).entries()) {
      expect(read.records[0]?.key).toBe(`${(index * 67) % COUNT}`)
      expect(read.records[0]?.value?.[5_999]).toBe((index * 67) % COUNT)
    }
    const late = Promise.allSettled(Array.from({ length: 30 }, (_, index) => reader.read(EVENTS, index * 5, 1)))
    await reader.close()
    const said = (await late).map((read) =>
      read.status === 'fulfilled' ? read.value.records.length : read.reason.code,
    )
    expect(said.filter((what) => what !== 1 && what !== 'closed')).toEqual([])
    await log.close()
  })
})

describe('a log of many partitions', () => {
  test('finds the few records of one among the many of another', async () => {
    const log = await openEmbeddedLog({ folder, now, partitions: 3 })
    const RARE = { topic: 'events', partition: 2 }
    for (let index = 0; index < 400; index++) {
      await log.append(EVENTS, [{ key: null, value: new Uint8Array(5_000) }])
      if (index % 80 === 7) await log.append(RARE, batch(`rare ${index}`, 2))
    }
    expect(texts(await readAll(log, RARE, 1))).toEqual(
      [7, 87, 167, 247, 327].flatMap((index) => [`rare ${index} 0`, `rare ${index} 1`]),
    )
    expect((await log.read(RARE, 9, 1)).records.map(text)).toEqual(['rare 327 1'])
    expect(await readAll(log, EVENTS)).toHaveLength(400)
    await log.close()
  })
})
