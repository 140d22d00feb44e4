/** Up to where effects have left, and inputs were handled: what trailers say of it, and when (design §3). */
import { describe, expect, test } from 'vitest'
import type { BatchCommitted, Event } from '../../src/core/events.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { LogError } from '../../src/ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../../src/ports/outbox.ts'
import { headers, headerTexts, json } from '../support/topic-records.ts'
import { World } from '../support/world.ts'

const TASKS = { greet: async () => 'hello' }
const HOURLY = { task: 'greet', trigger: interval('1h') }

/** An outbox whose records of one kind wait until they are let go. */
function holding(isHeld: (record: OutgoingRecord) => boolean) {
  const gate = Promise.withResolvers<void>()
  const wrap = (outbox: Outbox): Outbox => ({
    async send(record) {
      if (isHeld(record)) await gate.promise
      await outbox.send(record)
    },
    close: () => outbox.close(),
  })
  return { wrap, letGo: () => gate.resolve() }
}

function trailers(events: readonly Event[]): BatchCommitted[] {
  return events.filter((event) => event.type === 'BatchCommitted')
}

async function lastTrailer(world: World): Promise<BatchCommitted> {
  const last = trailers((await world.fold()).events).at(-1)
  if (last === undefined) throw new Error('there is no batch')
  return last
}

describe('the mark', () => {
  test('is moved by an empty batch within five seconds when there is nothing else to say, and then it is quiet', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { roles: ['owner'] })
    await world.advance(60_000)
    await world.pass(a.client.addJob({ id: 'job', task: 'greet' }))
    await world.quiet()
    const busy = await lastTrailer(world)
    await world.advance(5_000)
    const said = await lastTrailer(world)
    expect(busy.dispatchedThrough.seq).toBeLessThan(busy.seq)
    expect(said).toMatchObject({ count: 0, seq: busy.seq + 1, dispatchedThrough: { epoch: 1, seq: busy.seq } })
    await world.advance(3_600_000)
    expect(await lastTrailer(world)).toEqual(said)
    await world.check(a)
  })

  test('does not pass an effect that has not left, and makes no empty batches while it waits', async () => {
    const world = new World({ topics: true })
    const { wrap, letGo } = holding(({ topic }) => topic === 'runs.default')
    const a = await world.node('a', { tasks: TASKS, outbox: wrap })
    await world.advance(60_000)
    await world.pass(a.client.addJob({ id: 'held', task: 'greet' }))
    const { seq } = await world.pass(a.until('RunQueued'))
    await world.pass(a.client.addJob({ id: 'other', ...HOURLY }))
    await world.advance(600_000)
    const waiting = trailers((await world.fold()).events)
    for (const { dispatchedThrough } of waiting) expect(dispatchedThrough.seq).toBeLessThan(seq)
    expect(waiting.filter(({ count }) => count === 0).length).toBeLessThanOrEqual(2)
    letGo()
    await world.advance(10_000)
    expect((await lastTrailer(world)).dispatchedThrough.seq).toBeGreaterThanOrEqual(seq)
    expect(a.all('RunSucceeded')).toHaveLength(1)
    await world.check(a)
  })

  test('passes a batch whose effects left before those of the one before it only together with that', async () => {
    const world = new World({ topics: true })
    const { wrap, letGo } = holding(({ topic, key }) => topic === 'runs.default' && key === 'first')
    const a = await world.node('a', { tasks: { greet: () => new Promise(() => {}) }, outbox: wrap })
    await world.pass(a.client.addJob({ id: 'first', task: 'greet' }))
    const first = await world.pass(a.until('RunQueued'))
    await world.advance(10_000)
    await world.pass(a.client.addJob({ id: 'second', task: 'greet' }))
    await world.advance(10_000)
    expect(await world.records('runs.default')).toHaveLength(1)
    expect((await lastTrailer(world)).dispatchedThrough.seq).toBeLessThan(first.seq)
    letGo()
    await world.advance(10_000)
    const { seq } = await a.until('RunQueued', ({ jobId }) => jobId === 'second')
    expect((await lastTrailer(world)).dispatchedThrough.seq).toBeGreaterThanOrEqual(seq)
  })

  test('of an owner that follows is moved once for what it found, and then it is quiet', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: TASKS })
    await world.pass(a.client.addJob({ id: 'job', ...HOURLY }))
    a.drop()
    const b = await world.node('b', { tasks: TASKS })
    await world.advance(20_000)
    const said = await lastTrailer(world)
    expect(said).toMatchObject({ epoch: 2, count: 0, dispatchedThrough: { epoch: 2, seq: 0 } })
    await world.advance(600_000)
    expect(await lastTrailer(world)).toEqual(said)
    await world.check(b)
  })

  test('does not stay behind a record that its topic refuses when nobody needs it: an answer', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: TASKS, outbox: refusing('replies') })
    const asked = headers({ 'horolog-reply-to': 'replies' })
    await world.produce('commands', { value: json({ type: 'RemoveJob', jobId: 'x' }), headers: asked })
    await world.advance(20_000)
    const rejected = a.all('CommandRejected')[0]
    expect((await lastTrailer(world)).dispatchedThrough.seq).toBeGreaterThanOrEqual(rejected?.seq ?? Number.NaN)
  })

  test('waits for a run whose topic is not there yet, as long as the run is wanted', async () => {
    const world = new World({ topics: true })
    let isThere = false
    const a = await world.node('a', { tasks: TASKS, outbox: refusing('runs.default', () => !isThere) })
    await world.pass(a.client.addJob({ id: 'wanted', task: 'greet' }))
    await world.pass(a.client.addJob({ id: 'cancelled', task: 'greet' }))
    await world.advance(60_000)
    const { runId } = await a.until('RunQueued', ({ jobId }) => jobId === 'cancelled')
    await world.pass(a.client.cancelRun(runId))
    isThere = true
    await world.pass(a.until('RunSucceeded'))
    await world.advance(20_000)
    expect((await world.records('runs.default')).map(({ key }) => key)).toEqual(['wanted'])
    const said = await lastTrailer(world)
    expect(said.dispatchedThrough.seq).toBe(said.seq - 1)
  })
})

describe('positions of inputs without events', () => {
  test('are said by an empty batch', async () => {
    const world = new World({ topics: true })
    const beat = async (context: { heartbeat(): void }): Promise<void> => {
      for (let i = 0; i < 5; i += 1) {
        await new Promise<void>((resolve) => world.clock.schedule(world.clock.now() + 4_000, resolve))
        context.heartbeat()
      }
      await new Promise(() => {})
    }
    const a = await world.node('a', { tasks: { beat } })
    await world.pass(a.client.addJob({ id: 'job', task: 'beat', heartbeatTimeout: '8s' }))
    await world.advance(27_000)
    const reports = await world.records('reports')
    expect(reports.length, 'started, and heartbeats').toBeGreaterThan(3)
    expect((await world.fold()).cursor.reportsThrough).toBe(reports.length - 1)
    expect(a.all('ReportIgnored')).toEqual([])
    await world.check(a)
  })
})

describe('a record on the wrong partition that its home can not take', () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`mine-${index}`, 'x']))

  test.each([
    [
      'with as many headers as a record may have',
      { 'horolog-task': 'greet', ...many(255) },
      100,
      { headers: 0, bytes: 100 },
    ],
    ['as large as a record may be', { 'horolog-task': 'greet' }, 999_900, { headers: 1, bytes: 0 }],
  ])('is a dead letter, and holds up nothing: %s', async (_, given, size, kept) => {
    const world = new World({ topics: true, partitions: 2 })
    const a = await world.node('a', { roles: ['owner'] })
    const id = ['a', 'b', 'c', 'd'].find((one) => partitionOf(one, 2) === 1)!
    const value = Buffer.from(JSON.stringify({ x: '' }).replace('""', `"${'x'.repeat(size - 8)}"`))
    await world.produce('commands', { partition: 0, key: id, value, headers: headers(given) })
    await world.advance(10_000)
    expect(a.all('CommandForwarded')).toHaveLength(1)
    const [dead, ...others] = await world.records('dead-letters')
    expect(others).toEqual([])
    expect(headerTexts(dead!)).toMatchObject({ 'horolog-error': 'payload-too-large', 'horolog-topic': 'commands' })
    expect({ headers: dead!.headers.length - 5, bytes: dead!.value?.length ?? 0 }).toEqual(kept)
    const said = await lastTrailer(world)
    expect(said.dispatchedThrough.seq).toBe(said.seq - 1)
    await world.check(a)
  })
})

describe('a run that waits in its topic for days', () => {
  test('is put there again before retention takes it', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { roles: ['owner'] })
    await world.pass(a.client.addJob({ id: 'job', task: 'greet' }))
    // In steps: what happens every few seconds need not happen for seven days.
    for (let hour = 1; hour < 7 * 24; hour += 1) {
      await world.clock.set(world.clock.now() + 3_600_000)
      await world.quiet()
    }
    const records = await world.records('runs.default')
    expect(records.map(({ timestamp }) => Math.round((timestamp - records[0]!.timestamp) / 3_600_000))).toEqual([
      0, 48, 96, 144,
    ])
    await world.check(a)
  })
})

/** A topic of the name is not there. */
function refusing(topic: string, isGone: () => boolean = () => true): (outbox: Outbox) => Outbox {
  return (outbox) => ({
    send: async (record) => {
      if (record.topic === topic && isGone()) throw new LogError('invalid-record', `no topic ${topic}`)
      await outbox.send(record)
    },
    close: () => outbox.close(),
  })
}
