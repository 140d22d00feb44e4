/**
 * What every adapter of the log port promises, as tests. An adapter's own test file opens it and says what else it does.
 *
 * Boundary: only the port. Nothing here knows what a log stands on, and no test waits for time to pass.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Assignment, EventLog, GroupMember, LogErrorCode, LogRecord } from '../../src/ports/event-log.ts'
import { LogError } from '../../src/ports/event-log.ts'

export interface LogUnderTest {
  /** Empty, with three partitions. */
  readonly log: EventLog
  /** The same log through another connection, for reading; may be the same object where there is only one. */
  readonly reader: EventLog
  /** Closes both and removes what they left. */
  readonly dispose: () => Promise<void>
}

const EVENTS = { topic: 'events', partition: 0 }
const OTHER_PARTITION = { topic: 'events', partition: 2 }
const STATE = { topic: 'state', partition: 1 }
const WORKERS = { id: 'workers', topic: 'runs.default' }
const OTHER_TOPIC = { topic: 'runs.default', partition: 0 }
const ALL = Number.MAX_SAFE_INTEGER

export interface LogTraits {
  /** Many processes share it: it keeps tombstones, groups by name and their positions. Default true. */
  readonly isShared?: boolean
}

export function eventLogContract(name: string, open: () => Promise<LogUnderTest>, traits: LogTraits = {}): void {
  const { isShared = true } = traits
  describe(`${name} keeps the promises of the log port`, () => {
    let subject: LogUnderTest
    let log: EventLog

    beforeEach(async () => {
      subject = await open()
      log = subject.log
    })
    afterEach(() => subject.dispose())

    describe('append', () => {
      appendPromises(() => subject)
    })
    describe('read', () => {
      readPromises(() => subject)
    })
    describe('watch', () => {
      watchPromises(() => subject)
    })
    describe('join', () => {
      joinPromises(() => subject)
    })
    describe.runIf(isShared)('tombstones', () => {
      tombstonePromises(() => subject)
    })
    describe.runIf(isShared)('groups', () => {
      groupPromises(() => subject)
    })
    describe('refusals', () => {
      refusalPromises(() => subject)
    })

    describe('close', () => {
      test('settles the appends that are under way', async () => {
        const appends = Array.from({ length: 10 }, (_, index) => log.append(EVENTS, [record(`late ${index}`)]))
        await log.close()
        const settled = await Promise.allSettled(appends)
        expect(settled.map(({ status }) => status)).toEqual(appends.map(() => 'fulfilled'))
      })

      test('may be called again, also before the first call is done', async () => {
        await expect(Promise.all([log.close(), log.close()]).then(() => log.close())).resolves.toBeUndefined()
      })

      test('ends everything: each later call is refused as closed', async () => {
        await log.close()
        await expect(log.append(EVENTS, [record('x')])).rejects.toMatchObject(refusal('closed'))
        await expect(log.read(EVENTS, 0, ALL)).rejects.toMatchObject(refusal('closed'))
        await expect(log.end(EVENTS)).rejects.toMatchObject(refusal('closed'))
        await expect(log.join(member())).rejects.toMatchObject(refusal('closed'))
        expect(() => log.watch(EVENTS, () => undefined)).toThrow(LogError)
      })
    })
  })
}

function appendPromises(subject: () => LogUnderTest): void {
  test('gives the records of a batch consecutive offsets from 0 on', async () => {
    const { log } = subject()
    expect((await log.append(EVENTS, batch('a', 3))).baseOffset).toBe(0)
    expect((await log.append(EVENTS, batch('b', 1))).baseOffset).toBe(3)
    expect((await log.append(EVENTS, batch('c', 2))).baseOffset).toBe(4)
    expect(await log.end(EVENTS)).toBe(6)
  })

  test('counts offsets for each partition of each topic apart', async () => {
    const { log } = subject()
    await log.append(EVENTS, batch('a', 3))
    expect((await log.append(OTHER_PARTITION, batch('b', 2))).baseOffset).toBe(0)
    expect((await log.append(OTHER_TOPIC, batch('c', 1))).baseOffset).toBe(0)
    expect(await log.end(OTHER_PARTITION)).toBe(2)
    expect(texts(await readAll(log, OTHER_TOPIC))).toEqual(['c 0'])
  })

  test('is visible to every reader when it resolves', async () => {
    const { log, reader } = subject()
    for (let round = 0; round < 5; round++) {
      await log.append(EVENTS, batch(`round ${round}`, 2))
      expect(await reader.end(EVENTS)).toBe(2 * (round + 1))
      expect((await reader.read(EVENTS, 2 * round, ALL)).records).toHaveLength(2)
    }
  })

  test('stamps all records of a batch with the append time that it returns', async () => {
    const { log } = subject()
    const { timestamp } = await log.append(EVENTS, batch('a', 3))
    expect(Number.isSafeInteger(timestamp)).toBe(true)
    const { records } = await log.read(EVENTS, 0, ALL)
    expect(records.map((stored) => stored.timestamp)).toEqual([timestamp, timestamp, timestamp])
  })

  test('never mixes batches that are appended at the same time', async () => {
    const { log } = subject()
    const sizes = Array.from({ length: 60 }, (_, index) => 1 + (index % 7))
    const appended = await Promise.all(sizes.map((size, index) => log.append(EVENTS, batch(`${index}`, size))))
    const read = texts(await readAll(log, EVENTS))
    expect(read).toHaveLength(sizes.reduce((sum, size) => sum + size, 0))
    for (const [index, { baseOffset }] of appended.entries()) {
      const expected = batch(`${index}`, sizes[index]!).map(text)
      expect(read.slice(baseOffset, baseOffset + expected.length)).toEqual(expected)
    }
  })

  test('keeps the order in which one caller appended', async () => {
    const { log } = subject()
    const appended = await Promise.all(
      Array.from({ length: 40 }, (_, index) => log.append(EVENTS, [record(`${index}`)])),
    )
    expect(appended.map(({ baseOffset }) => baseOffset)).toEqual(appended.map((_, index) => index))
  })

  test('shows a reader all of a batch or nothing', async () => {
    const { log, reader } = subject()
    const SIZE = 50
    const appends = Array.from({ length: 20 }, (_, index) => log.append(EVENTS, batch(`${index}`, SIZE)))
    const done = Promise.all(appends).then(() => true)
    let at = 0
    for (let last = false; !last;) {
      last = await Promise.race([done, Promise.resolve(false)])
      const { records, next } = await reader.read(EVENTS, at, ALL)
      expect(records.length % SIZE).toBe(0)
      at = next
    }
    expect(await reader.end(EVENTS)).toBe(20 * SIZE)
  })
}

function readPromises(subject: () => LogUnderTest): void {
  test('returns records byte for byte: keys, headers in order, values', async () => {
    const { log, reader } = subject()
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const written: LogRecord[] = [
      { key: 'job-1', value: every },
      { key: null, value: new Uint8Array(0) },
      { key: '', value: new Uint8Array([0]), headers: [] },
      { key: 'Schlüssel 🗝 \u0000', value: every.subarray(7, 9) },
      {
        key: null,
        value: new Uint8Array([255]),
        headers: [
          ['twice', new Uint8Array([1])],
          ['twice', new Uint8Array(0)],
          ['ä', every],
        ],
      },
    ]
    await log.append(EVENTS, written)
    const { records } = await reader.read(EVENTS, 0, ALL)
    expect(records.map(plain)).toEqual(written.map(plain))
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4])
  })

  test('returns whole batches as far as the values fit', async () => {
    const { log } = subject()
    for (const name of ['a', 'b', 'c']) await log.append(EVENTS, sized(name, 2, 100))
    expect((await log.read(EVENTS, 0, 399)).next).toBe(2)
    expect((await log.read(EVENTS, 0, 400)).next).toBe(4)
    expect((await log.read(EVENTS, 2, 400)).next).toBe(6)
  })

  test('returns one batch at least, however little fits', async () => {
    const { log } = subject()
    await log.append(EVENTS, sized('big', 3, 50_000))
    await log.append(EVENTS, sized('next', 1, 10))
    const { records, next } = await log.read(EVENTS, 0, 1)
    expect(records).toHaveLength(3)
    expect(next).toBe(3)
  })

  test('goes on in the middle of a batch', async () => {
    const { log } = subject()
    await log.append(EVENTS, batch('a', 4))
    await log.append(EVENTS, batch('b', 1))
    const { records, next } = await log.read(EVENTS, 2, ALL)
    expect(records.map(text)).toEqual(['a 2', 'a 3', 'b 0'])
    expect(next).toBe(5)
  })

  test('resolves at once with nothing at the end, and of a partition that has none', async () => {
    const { log } = subject()
    await log.append(EVENTS, batch('a', 2))
    expect(await log.read(EVENTS, 2, ALL)).toEqual({ records: [], next: 2 })
    expect(await log.read(OTHER_PARTITION, 0, ALL)).toEqual({ records: [], next: 0 })
    expect(await log.end(OTHER_PARTITION)).toBe(0)
  })

  test('is refused beyond the end and below the start', async () => {
    const { log } = subject()
    await log.append(EVENTS, batch('a', 2))
    await expect(log.read(EVENTS, 3, ALL)).rejects.toMatchObject(refusal('offset-out-of-range'))
    await expect(log.read(EVENTS, -1, ALL)).rejects.toMatchObject(refusal('offset-out-of-range'))
    await expect(log.read(OTHER_PARTITION, 1, ALL)).rejects.toMatchObject(refusal('offset-out-of-range'))
  })

  test('reaches everything by reading on, in any portion', async () => {
    const { log, reader } = subject()
    for (let index = 0; index < 30; index++) {
      await log.append(
        index % 3 === 0 ? OTHER_PARTITION : EVENTS,
        sized(`${index}`, 1 + (index % 4), 300 * (index % 5)),
      )
    }
    const whole = (await readAll(log, EVENTS)).map(plain)
    for (const maxBytes of [1, 1_000, 5_000])
      expect((await readAll(reader, EVENTS, maxBytes)).map(plain)).toEqual(whole)
  })

  test('serves several readers of several places at the same time', async () => {
    const { log, reader } = subject()
    for (let index = 0; index < 20; index++) await log.append(EVENTS, [record(`${index}`)])
    const reads = await Promise.all(Array.from({ length: 20 }, (_, from) => reader.read(EVENTS, from, 1)))
    expect(reads.map(({ records }) => text(records[0]!))).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`))
  })
}

function watchPromises(subject: () => LogUnderTest): void {
  test('tells a listener after records were added, who can then read them', async () => {
    const { log, reader } = subject()
    const seen = new Promise<number>((resolve) => {
      reader.watch(EVENTS, () => resolve(reader.read(EVENTS, 0, ALL).then(({ records }) => records.length)))
    })
    await log.append(EVENTS, batch('a', 2))
    expect(await seen).toBe(2)
  })

  test('tells each listener of a partition, and of later additions too', async () => {
    const { log } = subject()
    for (let round = 0; round < 3; round++) {
      const [one, other] = [listening(log), listening(log)]
      await log.append(EVENTS, batch(`${round}`, 1))
      await expect(Promise.all([one.next, other.next])).resolves.toHaveLength(2)
      one.stop()
      other.stop()
    }
  })

  test('tells nothing after it was stopped, nor of other partitions', async () => {
    const { log } = subject()
    let told = 0
    const stop = log.watch(EVENTS, () => told++)
    log.watch(OTHER_PARTITION, () => (told += 100))
    stop()
    stop()
    const witness = listening(log)
    await log.append(EVENTS, batch('a', 1))
    await witness.next
    expect(told).toBe(0)
  })
}

function joinPromises(subject: () => LogUnderTest): void {
  test('gives a member that is alone all partitions, after the call', async () => {
    const { log } = subject()
    const alone = member()
    await log.join(alone)
    const { partitions, generation } = await alone.next
    expect(partitions.toSorted((a, b) => a - b)).toEqual([0, 1, 2])
    expect(generation).toBeGreaterThan(0)
  })

  test('raises the generation with every change', async () => {
    const { log } = subject()
    const first = member()
    const membership = await log.join(first)
    const { generation } = await first.next
    await membership.leave()
    const second = member()
    await log.join(second)
    expect((await second.next).generation).toBeGreaterThan(generation)
  })

  test('tells a member nothing after it left, and leaving twice is harmless', async () => {
    const { log } = subject()
    const gone = member()
    const membership = await log.join(gone)
    await membership.leave()
    await membership.leave()
    const before = gone.told.length
    const next = member()
    await log.join(next)
    await next.next
    expect(gone.told.length).toBe(before)
  })

  test('is refused as owned while a member of this connection is in', async () => {
    const { log } = subject()
    await log.join(member())
    await expect(log.join(member())).rejects.toMatchObject(refusal('owned'))
  })
}

function tombstonePromises(subject: () => LogUnderTest): void {
  test('come back as null, beside a value that is empty', async () => {
    const { log, reader } = subject()
    await log.append(STATE, [
      { key: 'gone', value: null },
      { key: 'empty', value: new Uint8Array(0) },
    ])
    const { records } = await reader.read(STATE, 0, ALL)
    expect(records.map(({ key, value }) => [key, value?.length ?? null])).toEqual([
      ['gone', null],
      ['empty', 0],
    ])
  })
}

function groupPromises(subject: () => LogUnderTest): void {
  test('of different names are apart: a member of each has all partitions', async () => {
    const { log } = subject()
    const [owner, worker] = [member(), member()]
    await log.join(owner)
    await log.join(worker, WORKERS)
    expect((await owner.next).partitions).toHaveLength(3)
    expect((await worker.next).partitions).toHaveLength(3)
  })

  test("share the partitions: each is one member's, and comes back when that one leaves", async () => {
    const { log, reader } = subject()
    const [first, second] = [member(), member()]
    await log.join(first, WORKERS)
    const membership = await reader.join(second, WORKERS)
    await until([first, second], () => first.has.size + second.has.size === 3 && second.has.size > 0)
    expect([...first.has, ...second.has].toSorted((a, b) => a - b)).toEqual([0, 1, 2])
    expect(Math.abs(first.has.size - second.has.size)).toBe(1)
    await membership.leave()
    await until([first], () => first.has.size === 3)
  })

  test('tell what is lost before what is left, under a higher generation', async () => {
    const { log, reader } = subject()
    const [first, second] = [member(), member()]
    await log.join(first, WORKERS)
    const alone = await first.next
    await reader.join(second, WORKERS)
    await until([first], () => first.told.at(-1)!.partitions.length < 3)
    const shared = first.told.at(-1)!
    expect(shared.generation).toBeGreaterThan(alone.generation)
    expect(first.history.slice(-2)).toEqual([
      { lost: [0, 1, 2].filter((partition) => !shared.partitions.includes(partition)) },
      { assigned: shared.partitions },
    ])
  })

  test('remember positions for whoever comes next', async () => {
    const { log, reader } = subject()
    const worker = member()
    const membership = await log.join(worker, WORKERS)
    await worker.next
    expect(await membership.committed(1)).toBeNull()
    await membership.commit(
      new Map([
        [0, 7],
        [1, 0],
      ]),
    )
    await membership.commit(new Map([[0, 9]]))
    await membership.leave()
    const next = await reader.join(member(), WORKERS)
    expect([await next.committed(0), await next.committed(1), await next.committed(2)]).toEqual([9, 0, null])
  })
}

function refusalPromises(subject: () => LogUnderTest): void {
  test('name a topic or partition that does not exist', async () => {
    const { log } = subject()
    for (const place of [
      { topic: 'events', partition: 3 },
      { topic: 'events', partition: -1 },
      { topic: '', partition: 0 },
    ]) {
      await expect(log.append(place, [record('x')])).rejects.toMatchObject(refusal('invalid-record'))
    }
  })

  test('name an empty batch, and texts that UTF-8 cannot hold', async () => {
    const { log } = subject()
    await expect(log.append(EVENTS, [])).rejects.toMatchObject(refusal('invalid-record'))
    await expect(log.append(EVENTS, [{ key: 'lone \ud800', value: new Uint8Array(1) }])).rejects.toMatchObject(
      refusal('invalid-record'),
    )
    const headers = [['\udc00', new Uint8Array(1)]] as const
    await expect(log.append(EVENTS, [{ key: null, value: new Uint8Array(1), headers }])).rejects.toMatchObject(
      refusal('invalid-record'),
    )
  })

  test('name a batch that is too large, while what a decision may have is not', async () => {
    const { log } = subject()
    await expect(log.append(EVENTS, [{ key: null, value: new Uint8Array(1_100_000) }])).rejects.toMatchObject(
      refusal('too-large'),
    )
    await expect(log.append(EVENTS, sized('many', 1_200, 1))).rejects.toMatchObject(refusal('too-large'))
    await log.append(EVENTS, [{ key: 'k', value: new Uint8Array(900 * 1_024) }])
    await log.append(EVENTS, sized('many', 1_001, 900))
    expect(await log.end(EVENTS)).toBe(1_002)
  })

  test('leave nothing in the log', async () => {
    const { log } = subject()
    await log.append(EVENTS, batch('a', 1))
    await expect(
      log.append(EVENTS, [record('x'), { key: null, value: new Uint8Array(1_100_000) }]),
    ).rejects.toMatchObject(refusal('too-large'))
    await expect(log.append(EVENTS, [record('x'), { key: '\ud800', value: new Uint8Array(1) }])).rejects.toMatchObject(
      refusal('invalid-record'),
    )
    expect((await log.append(EVENTS, batch('b', 1))).baseOffset).toBe(1)
    expect(texts(await readAll(log, EVENTS))).toEqual(['a 0', 'b 0'])
  })
}

/** A refusal with this code, certain to have left nothing, for `rejects.toMatchObject`. */
export function refusal(code: LogErrorCode): { name: string; code: LogErrorCode; outcome: string } {
  return { name: 'LogError', code, outcome: 'refused' }
}

export function record(value: string): LogRecord {
  return { key: `key of ${value}`, value: Buffer.from(value) }
}

/** A batch whose values are `<name> <index>`. */
export function batch(name: string, count: number): LogRecord[] {
  return Array.from({ length: count }, (_, index) => record(`${name} ${index}`))
}

export function text({ value }: { readonly value: Uint8Array | null }): string {
  return Buffer.from(value ?? 'a tombstone').toString()
}

export function texts(records: readonly { readonly value: Uint8Array | null }[]): string[] {
  return records.map(text)
}

/** Reads from 0 to the end, in portions. */
export async function readAll(log: EventLog, place: { topic: string; partition: number }, maxBytes: number = ALL) {
  const records = []
  for (let at = 0; ;) {
    const read = await log.read(place, at, maxBytes)
    records.push(...read.records)
    if (read.next === at) return records
    at = read.next
  }
}

function sized(name: string, count: number, bytes: number): LogRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `${name} ${index}`,
    value: new Uint8Array(bytes).fill(index),
  }))
}

/** Comparable whatever kind of array the bytes are in. */
function plain({ key, value, headers = [] }: LogRecord): unknown {
  return { key, value: value && [...value], headers: headers.map(([name, content]) => [name, [...content]]) }
}

function listening(log: EventLog): { next: Promise<void>; stop: () => void } {
  let stop = (): void => undefined
  const next = new Promise<void>((resolve) => {
    stop = log.watch(EVENTS, resolve)
  })
  return { next, stop }
}

interface TestMember extends GroupMember {
  readonly told: Assignment[]
  readonly next: Promise<Assignment>
  /** What it should have, by what it was told. */
  readonly has: Set<number>
  readonly history: ({ readonly lost: readonly number[] } | { readonly assigned: readonly number[] })[]
  /** Called whenever it is told something. */
  onTold: () => void
}

function member(): TestMember {
  const told: Assignment[] = []
  let tell: (assignment: Assignment) => void = () => undefined
  const next = new Promise<Assignment>((resolve) => (tell = resolve))
  const one: TestMember = {
    name: 'a test',
    told,
    next,
    has: new Set(),
    history: [],
    onTold: () => undefined,
    assigned: (assignment) => {
      told.push(assignment)
      one.history.push({ assigned: assignment.partitions })
      one.has.clear()
      for (const partition of assignment.partitions) one.has.add(partition)
      tell(assignment)
      one.onTold()
    },
    lost: (partitions) => {
      one.history.push({ lost: partitions })
      for (const partition of partitions) one.has.delete(partition)
      one.onTold()
    },
  }
  return one
}

/** Resolves when it holds after something that one of the members was told. */
async function until(members: readonly TestMember[], holds: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => (holds() ? resolve() : undefined)
    for (const one of members) one.onTold = check
    check()
  })
}
