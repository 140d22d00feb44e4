/** A log that lost what it had acknowledged, as an unclean election does: nobody goes on with the lost history. */
import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { createSeededEntropy } from '../../src/adapters/memory/seeded-entropy.ts'
import { DEFAULT_SETTINGS } from '../../src/core/job/resolve-definition.ts'
import { JobClient } from '../../src/client/job-client.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { LocalNode } from '../../src/local-node.ts'
import { START } from '../../src/materializer/cursor.ts'
import type { StateStore } from '../../src/ports/state-store.ts'
import { type Logger, SILENT } from '../../src/ports/telemetry.ts'
import { type TestNode, World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }
const EVENTS = { topic: 'events', partition: 0 }

const jobs = (node: TestNode): string[] => node.client.getJobs().map(({ id }) => id)

/** All nodes have folded `kept` and `lost`, and the log has only `kept`. */
async function truncated(world: World, owner: TestNode): Promise<void> {
  await owner.client.addJob({ id: 'kept', ...HOURLY })
  const { cursor } = await world.fold()
  await owner.client.addJob({ id: 'lost', ...HOURLY })
  await world.quiet()
  world.cluster.truncate(EVENTS, cursor.offset)
}

async function twoNodes(world: World): Promise<[TestNode, TestNode]> {
  const a = await world.node('a')
  const b = await world.node('b')
  await world.quiet()
  return [a, b]
}

describe('a log that lost its tail', () => {
  test('is noticed by who takes it over while it is shorter than what was folded', async () => {
    const world = new World()
    const [a, b] = await twoNodes(world)
    await truncated(world, a)
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.advance(1_000)
    await b.client.addJob({ id: 'new', ...HOURLY })
    await world.quiet()
    expect(jobs(b)).toEqual(['kept', 'new'])
    await world.check(a, b)
  })

  test('and grew back to where a follower stands, by an announcement, is noticed by what comes after that', async () => {
    const world = new World()
    const [a, b] = await twoNodes(world)
    await truncated(world, a)
    await expect(a.client.addJob({ id: 'unknown', ...HOURLY })).rejects.toMatchObject({ code: 'unknown-outcome' })
    await world.advance(2_000)
    await a.client.addJob({ id: 'next', ...HOURLY })
    await world.advance(1_000)
    expect(jobs(b)).toEqual(['kept', 'next'])
    await world.check(a, b)
  })

  test('and grew back by an announcement is noticed by the follower that takes it over before anything else', async () => {
    const world = new World()
    const [a, b] = await twoNodes(world)
    await truncated(world, a)
    await expect(a.client.addJob({ id: 'unknown', ...HOURLY })).rejects.toMatchObject({ code: 'unknown-outcome' })
    await world.advance(2_000)
    await a.shutdown()
    await world.advance(1_000)
    await b.client.addJob({ id: 'new', ...HOURLY })
    await world.quiet()
    expect(jobs(b)).toEqual(['kept', 'new'])
    await world.check(b)
  })

  test('and grew back by an announcement is noticed by who restores a checkpoint of that announcement', async () => {
    const world = new World()
    const state: StateStore = { ...createMemoryStore(), close: async () => {} }
    const a = await world.node('a')
    const b = await restoring(world, 'b', state)
    await truncated(world, a)
    await expect(a.client.addJob({ id: 'unknown', ...HOURLY })).rejects.toMatchObject({ code: 'unknown-outcome' })
    await world.advance(2_000)
    await world.pass(b.shutdown(world.clock.now()))
    const again = await restoring(world, 'b again', state)
    const restored = again.materializer.jobs().map(({ jobId }) => jobId)
    expect(restored, 'the announcement alone does not show it').toEqual(['kept', 'lost'])
    await a.shutdown()
    await world.advance(1_000)
    expect(again.materializer.partitions()[0]?.mode).toBe('owning')
    expect(again.materializer.jobs().map(({ jobId }) => jobId)).toEqual(['kept'])
    await world.pass(again.shutdown(world.clock.now()))
  })

  test('and grew past an owner that was replaced without a word is noticed before its batch counts', async () => {
    const world = new World()
    const [a, b] = await twoNodes(world)
    await truncated(world, a)
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.advance(1_000)
    await b.client.addJob({ id: 'new', ...HOURLY })
    await expect(a.client.addJob({ id: 'late', ...HOURLY })).rejects.toMatchObject({ code: 'unknown-outcome' })
    await world.advance(1_000)
    expect(jobs(a)).toEqual(['kept', 'new'])
    await world.check(a, b)
  })

  test('and has a late copy of the last lost batch in its old place is noticed by what does not follow it', async () => {
    const world = new World()
    const [a, b] = await twoNodes(world)
    await a.client.addJob({ id: 'kept', ...HOURLY })
    const { cursor } = await world.fold()
    await a.client.addJob({ id: 'lost', ...HOURLY })
    await a.client.addJob({ id: 'last', ...HOURLY })
    await world.quiet()
    const last = (await world.records('events')).slice(-2).map(({ value }) => value ?? new Uint8Array(0))
    world.cluster.truncate(EVENTS, cursor.offset)
    await world.write([new Uint8Array(1), new Uint8Array(1)])
    await world.write(last)
    const c = await world.node('c')
    world.cluster.assign(0, 'c', { tellLoser: true })
    await world.advance(1_000)
    await c.client.addJob({ id: 'new', ...HOURLY })
    await world.advance(1_000)
    expect(jobs(b)).toEqual(['kept', 'new'])
    await world.check(a, b, c)
  })

  test('is noticed by an owner that is told to own it anew, which announces itself anew', async () => {
    const world = new World()
    const a = await world.node('a')
    await truncated(world, a)
    const copies = (await world.records('events')).slice(1).map(({ value }) => value ?? new Uint8Array(0))
    await world.write(copies)
    await world.write(copies)
    world.cluster.assign(0, 'a', { tellLoser: true })
    await world.advance(1_000)
    expect(jobs(a)).toEqual(['kept'])
    expect((await world.fold()).cursor.epoch, 'timers and positions were of the lost history').toBe(2)
    await world.check(a)
  })

  test('and can not be read at first is read again by its owner, which goes on with what is left', async () => {
    const world = new World()
    const reads = new FailingReads()
    const a = await world.node('a', { log: (log) => reads.of(log) })
    await truncated(world, a)
    reads.failing = 3
    await expect(a.client.addJob({ id: 'unknown', ...HOURLY })).rejects.toMatchObject({ code: 'unknown-outcome' })
    await world.advance(10_000)
    expect([a.partition().mode, a.failures]).toEqual(['owning', []])
    expect(jobs(a)).toEqual(['kept'])
    await world.check(a)
  })
})

test('a log that lost its tail while an answer was lost is noticed before the batch is sent again', async () => {
  const world = new World()
  const a = await world.node('a')
  await a.client.addJob({ id: 'kept', ...HOURLY })
  const { cursor } = await world.fold()
  await a.client.addJob({ id: 'lost', ...HOURLY })
  let isLost = false
  world.faults = () => {
    if (isLost) return 'ok'
    isLost = true
    world.cluster.truncate(EVENTS, cursor.offset)
    return 'lose-reply'
  }
  const asked = world.pass(a.client.removeJob('lost').catch((error: unknown) => error))
  expect(await asked).toMatchObject({ code: 'unknown-outcome' })
  await world.advance(1_000)
  expect(a.client.getJobs().map(({ id }) => id)).toEqual(['kept'])
  await world.check(a)
})

test('a log that lost its tail is noticed by the next batch, and its state is built anew from what is left', async () => {
  const world = new World()
  const a = await world.node('a')
  const b = await world.node('b')
  await a.client.addJob({ id: 'kept', ...HOURLY })
  const { cursor } = await world.fold()
  await a.client.addJob({ id: 'lost', ...HOURLY })
  await a.client.addJob({ id: 'lost too', ...HOURLY }).catch(() => undefined)
  world.cluster.truncate(EVENTS, cursor.offset)
  const asked = await a.client.removeJob('lost').catch((error: unknown) => error)
  expect(asked).toMatchObject({ code: 'unknown-outcome' })
  await world.advance(1_000)
  expect(a.client.getJobs().map(({ id }) => id)).toEqual(['kept'])
  await a.client.addJob({ id: 'new', ...HOURLY })
  await world.check(a, b)
})

test('a follower that could not read the log does not wait for the next record to read it again', async () => {
  const world = new World()
  const reads = new FailingReads()
  const a = await world.node('a')
  const b = await world.node('b', { log: (log) => reads.of(log) })
  await world.quiet()
  reads.failing = 2
  await a.client.addJob({ id: 'one', ...HOURLY })
  await world.advance(5_000)
  expect(jobs(b)).toEqual(['one'])
  await world.check(a, b)
})

interface Restoring {
  readonly log?: (log: EventLog) => EventLog
  readonly logger?: Logger
}

/** A node that keeps its state in `state`, and goes on from what is there. */
async function restoring(world: World, name: string, state: StateStore, options: Restoring = {}): Promise<LocalNode> {
  const { log = (of) => of, logger = SILENT } = options
  const node = new LocalNode({
    stores: { default: { log: log(world.cluster.connect(name)), singleWriter: false, state } },
    clock: world.clock,
    entropy: createSeededEntropy(name.length),
    logger,
    name,
    settings: DEFAULT_SETTINGS,
    failed: (error) => expect.unreachable(error.message),
  })
  await node.open()
  await world.advance(1_000)
  return node
}

describe('an owner that began with a checkpoint of an announcement', () => {
  /** Thirty jobs, then the checkpoint; where its announcement stands. */
  async function announced(world: World, state: StateStore): Promise<number> {
    const a = await world.node('a')
    for (let job = 0; job < 30; job += 1) await a.client.addJob({ id: `job-${job}`, ...HOURLY })
    await a.shutdown()
    const b = await restoring(world, 'b', state)
    const { offset, seq } = b.materializer.partitions()[0]?.cursor ?? START
    await world.pass(b.shutdown(world.clock.now()))
    expect(seq).toBe(0)
    return offset - 1
  }

  test('reads nothing of what was before it when the log has a new term', async () => {
    const world = new World()
    const state: StateStore = { ...createMemoryStore(), close: async () => {} }
    const first = await announced(world, state)
    let term = 1
    let read: number[] = []
    const log = (of: EventLog): EventLog => ({
      ...passing(of),
      append: async (to, records) => ({ ...(await of.append(to, records)), term }),
      read: async (from, offset, maxBytes) => {
        const found = await of.read(from, offset, maxBytes)
        // Who asks for one byte looks whether the beginning is there.
        if (maxBytes > 1) read.push(...found.records.map((record) => record.offset))
        return found
      },
    })
    const again = await restoring(world, 'b again', state, { log })
    for (const id of ['next', 'last']) {
      term += 1
      read = []
      await world.pass(new JobClient(again.backend, SILENT).addJob({ id, ...HOURLY }))
      expect(Math.min(...read)).toBe(first)
    }
    await world.pass(again.shutdown(world.clock.now()))
  })

  test('takes its log for what it is when that was trimmed below the announcement', async () => {
    const world = new World()
    const state: StateStore = { ...createMemoryStore(), close: async () => {} }
    world.cluster.trim(EVENTS, await announced(world, state))
    const errors: string[] = []
    const logger: Logger = { ...SILENT, error: (_details, message) => void errors.push(message) }
    const again = await restoring(world, 'b again', state, { logger })
    expect([again.materializer.jobs().length, again.materializer.partitions()[0]?.mode, errors]).toEqual([
      30,
      'owning',
      [],
    ])
    await world.pass(again.shutdown(world.clock.now()))
  })
})

/** The next reads of events fail, as while no broker leads them. */
class FailingReads {
  failing = 0

  of(log: EventLog): EventLog {
    return {
      ...passing(log),
      read: (from, offset, maxBytes) => {
        this.failing -= 1
        if (this.failing < 0) return log.read(from, offset, maxBytes)
        return Promise.reject(new LogError('unavailable', 'no leader', { retryable: true }))
      },
    }
  }
}

function passing(log: EventLog): EventLog {
  return {
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    read: (from, offset, maxBytes) => log.read(from, offset, maxBytes),
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  }
}
