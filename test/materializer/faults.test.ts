/** What becomes of a batch when the log answers badly, or not at all (design §3, "Unknown outcome"). */
import { describe, expect, test } from 'vitest'
import type { AppendAttempt, AppendFate } from '../../src/adapters/memory/memory-log.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type EventLog, LogError, type LogRecord } from '../../src/ports/event-log.ts'
import { at } from '../support/moments.ts'
import { World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }

/** The first `count` appends after `skip` meet this fate. */
function some(count: number, fate: AppendFate | (() => AppendFate), skip = 0): (attempt: AppendAttempt) => AppendFate {
  let seen = 0
  return () => {
    seen += 1
    if (seen <= skip || seen > skip + count) return 'ok'
    return typeof fate === 'function' ? fate() : fate
  }
}

/** Remembers all that was sent, by epoch and sequence number. */
class Wire {
  readonly #sent = new Map<string, string[]>()
  readonly #codec = createEventCodec()

  around(faults: (attempt: AppendAttempt) => AppendFate): (attempt: AppendAttempt) => AppendFate {
    return (attempt) => {
      const values = attempt.records.map((record) => Buffer.from(record.value ?? []).toString('hex'))
      const first = this.#codec.decode(attempt.records[0]?.value ?? new Uint8Array(0))
      const place = first.kind === 'event' ? `${attempt.member} ${first.event.epoch}-${first.event.seq}` : 'foreign'
      this.#sent.set(place, [...(this.#sent.get(place) ?? []), values.join(' ')])
      return faults(attempt)
    }
  }

  /** How often each batch was sent, and how many different bytes that were. */
  get sends(): Record<string, readonly [times: number, different: number]> {
    return Object.fromEntries([...this.#sent].map(([place, all]) => [place, [all.length, new Set(all).size]]))
  }
}

const LATE = { landLate: Promise.resolve() }
const NEVER = { landLate: Promise.reject(new Error('never')) }
NEVER.landLate.catch(() => undefined)

describe('a batch whose answer is lost', () => {
  test.each<readonly [string, number, AppendFate]>([
    ['although it landed', 1, 'lose-reply'],
    ['together with the batch', 1, 'lose-request'],
    ['together with the batch, five times', 5, 'lose-request'],
    ['and which lands later', 1, LATE],
    ['and which lands later, three times', 3, LATE],
    ['and which never lands', 2, NEVER],
  ])('%s, is sent again with the same bytes and accepted once', async (_what, times, fate) => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    const wire = new Wire()
    world.faults = wire.around(some(times, fate))
    await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
    await world.pass(a.client.addJob({ id: 'two', ...HOURLY }))
    const { events } = await world.fold()
    expect(events.filter((event) => event.type === 'JobAdded').map((event) => event.jobId)).toEqual(['one', 'two'])
    for (const [, [, different]] of Object.entries(wire.sends)) expect(different).toBe(1)
    expect(a.all('JobAdded')).toHaveLength(2)
    await world.check(a, b)
  })

  test('is not sent again when the own fold shows that it landed', async () => {
    const world = new World()
    const a = await world.node('a')
    const wire = new Wire()
    world.faults = wire.around(some(1, 'lose-reply'))
    await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
    expect(wire.sends).toEqual({ 'a 1-1': [1, 1] })
  })

  test('tells its caller nothing before it is known', async () => {
    const world = new World()
    const a = await world.node('a')
    world.faults = some(3, 'lose-request')
    const told: string[] = []
    const adding = a.client.addJob({ id: 'one', ...HOURLY }).then(({ id }) => told.push(id))
    await world.quiet()
    expect(told).toEqual([])
    expect(a.client.getJob('one'), 'nor is it part of the state').toBe(undefined)
    await world.pass(adding)
    expect(told).toEqual(['one'])
    expect(a.client.getJob('one')).toMatchObject({ id: 'one' })
  })

  test('lets nothing else be sent under its number, however much waits', async () => {
    const world = new World()
    const a = await world.node('a')
    const wire = new Wire()
    world.faults = wire.around(some(4, 'lose-request'))
    const first = a.client.addJob({ id: 'first', ...HOURLY })
    await world.quiet()
    const others = ['x', 'y', 'z'].map((id) => a.client.addJob({ id, ...HOURLY }))
    await world.pass(Promise.all([first, ...others]))
    expect(wire.sends).toEqual({ 'a 1-1': [5, 1], 'a 1-2': [1, 1] })
    await world.check(a)
  })

  test('for too long, is given up: the owner announces itself anew and decides anew', async () => {
    const world = new World()
    const a = await world.node('a')
    const wire = new Wire()
    world.faults = wire.around(some(20, 'lose-request'))
    await expect(world.pass(a.client.addJob({ id: 'one', ...HOURLY }))).rejects.toMatchObject({
      code: 'unknown-outcome',
      retryable: true,
    })
    await world.advance(1_000)
    await a.client.addJob({ id: 'one', ...HOURLY })
    expect((await world.fold()).cursor).toMatchObject({ epoch: 2, seq: 1 })
    expect(Object.values(wire.sends).every(([, different]) => different === 1)).toBe(true)
    await world.check(a)
  })

  test('for too long, and then lands behind the new announcement, is ignored by all', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    const late = Promise.withResolvers<void>()
    world.faults = some(20, () => ({ landLate: late.promise }))
    await expect(world.pass(a.client.addJob({ id: 'lost', ...HOURLY }))).rejects.toMatchObject({
      code: 'unknown-outcome',
    })
    await world.advance(1_000)
    late.resolve()
    await world.quiet()
    await a.client.addJob({ id: 'found', ...HOURLY })
    const { events, refused } = await world.fold()
    expect(events.filter((event) => event.type === 'JobAdded').map((event) => event.jobId)).toEqual(['found'])
    expect(refused).toHaveLength(20 * 2)
    await world.check(a, b)
  })

  test('and whose copies come behind later batches changes nothing', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    const late = Promise.withResolvers<void>()
    world.faults = some(2, () => ({ landLate: late.promise }))
    await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
    await a.client.addJob({ id: 'two', ...HOURLY })
    late.resolve()
    await world.quiet()
    await a.client.addJob({ id: 'three', ...HOURLY })
    const { events, refused } = await world.fold()
    expect(events.filter((event) => event.type === 'JobAdded').map((event) => event.jobId)).toEqual([
      'one',
      'two',
      'three',
    ])
    expect(refused, 'two copies of an event and a trailer').toHaveLength(4)
    await world.check(a, b)
  })
})

describe('a batch that is refused', () => {
  test('is decided anew, and its caller waits for it', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    world.faults = some(3, 'refuse')
    await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
    const { events } = await world.fold()
    const [added] = events.filter((event) => event.type === 'JobAdded')
    expect(added).toMatchObject({ seq: 1, anchor: at(0) + 300, time: at(0) + 300 })
    await world.check(a, b)
  })

  test('is decided anew together with what came meanwhile', async () => {
    const world = new World()
    const a = await world.node('a')
    world.faults = some(1, 'refuse')
    const first = a.client.addJob({ id: 'first', ...HOURLY })
    await world.quiet()
    const second = a.client.addJob({ id: 'second', ...HOURLY })
    await world.pass(Promise.all([first, second]))
    const { batches } = await world.fold()
    expect(batches.at(-1)?.map((event) => event.type)).toEqual(['JobAdded', 'JobAdded', 'BatchCommitted'])
  })

  test('after an attempt of unknown outcome is still the same batch', async () => {
    const world = new World()
    const a = await world.node('a')
    const wire = new Wire()
    let sends = 0
    world.faults = wire.around(() => {
      sends += 1
      if (sends === 1) return 'lose-request'
      return sends === 2 ? 'refuse' : 'ok'
    })
    await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
    expect(wire.sends).toEqual({ 'a 1-1': [3, 1] })
    await world.check(a)
  })

  test.each(['announcement', 'batch'])('for want of a right (%s) is tried again until it is granted', async (what) => {
    const world = new World()
    let denied = 2
    const isDenied = (records: readonly LogRecord[]): boolean => {
      if (records.length > 1 !== (what === 'batch')) return false
      denied -= 1
      return denied >= 0
    }
    const a = await world.pass(
      world.node('a', {
        log: (log) => ({
          ...passing(log),
          append: (to, records) =>
            isDenied(records)
              ? Promise.reject(new LogError('not-authorized', 'no right to write'))
              : log.append(to, records),
        }),
      }),
    )
    await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
    expect(a.failures).toEqual([])
    expect(world.clock.now(), 'somebody has to grant it first').toBeGreaterThanOrEqual(at(10))
    await world.check(a)
  })

  test('because it can never be taken stops the partition, and says so', async () => {
    const world = new World()
    const a = await world.node('a', {
      log: (log) => ({
        ...passing(log),
        append: (to, records) =>
          records.length > 1 ? Promise.reject(new LogError('invalid-record', 'never')) : log.append(to, records),
      }),
    })
    await expect(a.client.addJob({ id: 'one', ...HOURLY })).rejects.toMatchObject({ code: 'log-failed' })
    expect(a.failures).toMatchObject([{ code: 'invalid-record' }])
    expect(a.partition().mode).toBe('stopped')
    const later = { code: 'log-failed', retryable: false, cause: { code: 'invalid-record' } }
    await expect(a.client.addJob({ id: 'one', ...HOURLY })).rejects.toMatchObject(later)
  })
})

describe('an announcement', () => {
  test.each<readonly [string, AppendFate]>([
    ['whose answer is lost', 'lose-reply'],
    ['that is lost', 'lose-request'],
    ['that lands later', LATE],
    ['that is refused', 'refuse'],
  ])('%s, ends in one owner', async (_what, fate) => {
    const world = new World()
    world.faults = some(1, fate)
    const a = await world.pass(world.node('a'))
    await world.advance(5_000)
    expect(a.partition().mode).toBe('owning')
    await a.client.addJob({ id: 'one', ...HOURLY })
    await world.check(a)
  })

  test('of two at the same time, the first on the log wins, and the other follows', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    const late = Promise.withResolvers<void>()
    world.faults = ({ member }) => (member === 'b' ? { landLate: late.promise } : 'ok')
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.quiet()
    world.cluster.assign(0, 'a', { tellLoser: true })
    await world.quiet()
    late.resolve()
    world.faults = () => 'ok'
    await world.advance(5_000)
    expect([a.partition().mode, b.partition().mode]).toEqual(['owning', 'following'])
    await a.client.addJob({ id: 'one', ...HOURLY })
    await world.check(a, b)
  })
})

test('a read that fails right after a batch landed does not make it a refused one', async () => {
  const world = new World()
  let failing = 0
  const a = await world.node('a', {
    log: (log) => ({
      ...passing(log),
      read: (from, offset, maxBytes) => {
        failing -= 1
        return failing >= 0
          ? Promise.reject(new LogError('unavailable', 'no leader', { retryable: true }))
          : log.read(from, offset, maxBytes)
      },
    }),
  })
  const wire = new Wire()
  world.faults = wire.around(() => 'ok')
  await world.write([new Uint8Array(3)])
  failing = 3
  await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
  expect(Object.values(wire.sends).every(([, different]) => different === 1)).toBe(true)
  const { events } = await world.fold()
  expect(events.filter((event) => event.type === 'JobAdded')).toHaveLength(1)
  await world.check(a)
})

test('a node that cannot read the log when it is to own it tries again', async () => {
  const world = new World()
  let failing = false
  const a = await world.node('a')
  const b = await world.node('b', {
    log: (log) => ({
      ...passing(log),
      read: (from, offset, maxBytes) =>
        failing
          ? Promise.reject(new LogError('unavailable', 'no leader', { retryable: true }))
          : log.read(from, offset, maxBytes),
    }),
  })
  await world.quiet()
  failing = true
  await a.client.addJob({ id: 'one', ...HOURLY })
  world.cluster.assign(0, 'b', { tellLoser: true })
  await world.advance(1_000)
  failing = false
  await world.advance(1_000)
  expect(b.failures).toEqual([])
  expect(b.partition().mode).toBe('owning')
  await world.check(a, b)
})

test('a follower whose read fails once is there again with the next record', async () => {
  const world = new World()
  const a = await world.node('a')
  let failing = false
  const b = await world.node('b', {
    log: (log) => ({
      ...passing(log),
      read: (from, offset, maxBytes) =>
        failing
          ? Promise.reject(new LogError('unavailable', 'no leader', { retryable: true }))
          : log.read(from, offset, maxBytes),
    }),
  })
  failing = true
  await a.client.addJob({ id: 'one', ...HOURLY })
  await world.advance(1_000)
  failing = false
  await a.client.addJob({ id: 'two', ...HOURLY })
  await world.advance(1_000)
  expect(b.failures).toEqual([])
  await world.check(a, b)
})

test('bytes of strangers on the topic stop nobody', async () => {
  const world = new World()
  const a = await world.node('a')
  const b = await world.node('b')
  await a.client.addJob({ id: 'one', ...HOURLY })
  await world.write([new Uint8Array(0), new TextEncoder().encode('{"hello":1}'), new Uint8Array(1_000).fill(0xc3)])
  await a.client.addJob({ id: 'two', ...HOURLY })
  await world.check(a, b)
  expect(b.client.getJobs()).toHaveLength(2)
})

/** The log as it is, to put something in its way. */
function passing(log: EventLog): EventLog {
  return {
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    read: (from, offset, maxBytes) => log.read(from, offset, maxBytes),
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member) => log.join(member),
    close: () => log.close(),
  }
}
