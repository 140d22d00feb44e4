/** Several partitions, large and strange input: what one node takes in, and where it goes. */
import { describe, expect, test } from 'vitest'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_PAYLOAD_BYTES } from '../../src/core/limits.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }

describe('a log of three partitions', () => {
  const ids = Array.from({ length: 30 }, (_, i) => `job-${i}`)

  test('has each job in the partition that murmur2 gives it, and each partition its own history', async () => {
    const world = new World({ partitions: 3 })
    const a = await world.node('a')
    await Promise.all(ids.map((id) => a.client.addJob({ id, ...HOURLY })))
    for (const partition of [0, 1, 2]) {
      const { state, cursor } = await world.fold(partition)
      expect(state.jobs.map(({ jobId }) => jobId).toSorted()).toEqual(
        ids.filter((id) => partitionOf(id, 3) === partition).toSorted(),
      )
      expect(state.jobs.length).toBeGreaterThan(3)
      expect(cursor.epoch).toBe(1)
    }
    expect(a.client.getJobs()).toHaveLength(30)
    await world.check(a)
  })

  test('is shared by two nodes, and each decides what it owns', async () => {
    const world = new World({ partitions: 3 })
    const a = await world.node('a')
    await Promise.all(ids.map((id) => a.client.addJob({ id, ...HOURLY })))
    const b = await world.node('b')
    await world.quiet()
    const owners = [0, 1, 2].map((partition) => [a, b].filter((node) => node.partition(partition).mode === 'owning'))
    expect(owners.map((list) => list.length)).toEqual([1, 1, 1])
    expect(new Set(owners.flat())).toEqual(new Set([a, b]))
    for (const id of ids) {
      const [owner = a] = owners[partitionOf(id, 3)] ?? []
      await owner.client.pauseJob(id)
    }
    await world.check(a, b)
    expect(a.client.getJobs().every(({ paused }) => paused !== null)).toBe(true)
  })

  test('goes to the other node when one leaves', async () => {
    const world = new World({ partitions: 3 })
    const a = await world.node('a')
    const b = await world.node('b')
    await world.quiet()
    await a.shutdown()
    await world.quiet()
    expect([0, 1, 2].map((partition) => b.partition(partition).mode)).toEqual(['owning', 'owning', 'owning'])
    await Promise.all(ids.map((id) => b.client.addJob({ id, ...HOURLY })))
    await world.check(b)
  })
})

test('a job that is due when it is added has its run in the same batch', async () => {
  const world = new World()
  const a = await world.node('a')
  await a.client.addJob({ id: 'job', task: 'nobody-has-it' })
  const { batches } = await world.fold()
  expect(batches[1]?.map((event) => event.type)).toEqual(['JobAdded', 'RunQueued', 'BatchCommitted'])
})

describe('a flood of commands', () => {
  test('is decided in batches of at most a thousand events, in the order in which it came', async () => {
    const world = new World()
    const a = await world.node('a')
    const ids = Array.from({ length: 2_500 }, (_, i) => `job-${i}`)
    await Promise.all(ids.map((id) => a.client.addJob({ id, ...HOURLY })))
    const { batches, events } = await world.fold()
    expect(events.filter((event) => event.type === 'JobAdded').map((event) => event.jobId)).toEqual(ids)
    expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(MAX_BATCH_EVENTS)
    expect(batches.length, 'it does not take one batch each').toBeLessThan(20)
    await world.check(a)
  })

  test('of the largest payloads is decided in batches that a log takes', async () => {
    const world = new World()
    const a = await world.node('a')
    const payload = new Uint8Array(MAX_PAYLOAD_BYTES)
    const ids = Array.from({ length: 10 }, (_, i) => `job-${i}`)
    await Promise.all(ids.map((id) => a.client.addJob({ id, payload, contentType: 'x/y', ...HOURLY })))
    expect(a.client.getJobs()).toHaveLength(10)
    await world.check(a)
  })

  test('of the longest ids is decided in batches that a log takes, keys and all', async () => {
    const world = new World()
    const a = await world.node('a')
    // Values alone would just fit a batch, so that the keys make the difference.
    const size = async (payload: Uint8Array): Promise<number> => {
      await a.client.addJob({ id: 'x'.repeat(200), payload, contentType: 'x/y', ...HOURLY })
      const added = a.facts.findLast((event) => event.type === 'JobAdded' || event.type === 'JobModified')
      return added === undefined ? 0 : createEventCodec().sizeOf(added)
    }
    const wanted = Math.floor(MAX_BATCH_BYTES / (MAX_BATCH_EVENTS - 4)) - 8
    const payload = new Uint8Array(wanted - (await size(new Uint8Array(100))) + 100)
    const ids = Array.from({ length: MAX_BATCH_EVENTS }, (_, i) => `${i}-`.padEnd(200, 'x'))
    await Promise.all(ids.map((id) => a.client.addJob({ id, payload, contentType: 'x/y', ...HOURLY })))
    expect(a.failures).toEqual([])
    expect(a.client.getJobs()).toHaveLength(MAX_BATCH_EVENTS + 1)
    await world.check(a)
  })
})

describe('a command that no record could hold', () => {
  test.each([
    ['a job id of 5,000 characters', 'x'.repeat(5_000)],
    ['a job id with a lone surrogate', 'a\ud800'],
    ['a job id of a megabyte', 'x'.repeat(1_000_000)],
  ])('by %s is answered, and stops nobody', async (_what, id) => {
    const world = new World()
    const a = await world.node('a')
    await expect(a.client.addJob({ id, ...HOURLY })).rejects.toMatchObject({
      name: 'RejectedError',
      code: 'invalid-id',
    })
    await expect(a.client.removeJob(id)).rejects.toMatchObject({ name: 'RejectedError', code: 'job-not-found' })
    await a.client.addJob({ id: 'good', ...HOURLY })
    expect(a.failures).toEqual([])
    await world.check(a)
  })

  test('by its id alone is told so before it is sent', async () => {
    const world = new World()
    const a = await world.node('a')
    const commandId = 'x'.repeat(301)
    await expect(a.client.addJob({ id: 'one', ...HOURLY, commandId })).rejects.toMatchObject({ code: 'invalid-option' })
  })

  test('with lone surrogates in its texts leaves no state but that of the log', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'one', ...HOURLY, name: 'a\ud800', commandId: 'c\udc00', actor: 'b\ud800' })
    await a.client.pauseJob('one', { reason: '\ud800' })
    expect(a.failures).toEqual([])
    await world.check(a)
  })
})

test('a report about a run that nobody knows, under a name that no key can be, stops nobody', async () => {
  const world = new World()
  const a = await world.node('a')
  const jobId = 'x'.repeat(5_000)
  const about = { jobId, runId: `${jobId}/1-1-0/x`, attempt: 1, token: null, at: 0, startedAt: null, executor: 'h:1:a' }
  const input = { kind: 'report', report: { type: 'succeeded', ...about, result: null, error: null } } as const
  const events = await a.local.materializer.submitTo(0, input)
  expect(events).toMatchObject([{ type: 'ReportIgnored', why: 'unknown-run' }])
  await a.client.addJob({ id: 'good', ...HOURLY })
  expect(a.failures).toEqual([])
  await world.check(a)
})

test('a follower is never left behind, however close together the records come', async () => {
  const place = { topic: 'events', partition: 0 }
  for (let turns = 0; turns < 16; turns += 1) {
    const world = new World()
    await world.node('a')
    const b = await world.node('b')
    await world.quiet()
    const log = world.cluster.connect('stranger')
    const first = log.append(place, [{ key: null, value: new Uint8Array(1) }])
    // The second record comes while the first is being read, or just before, or just after.
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    await log.append(place, [{ key: null, value: new Uint8Array(2) }])
    await first
    await world.quiet()
    expect(b.partition().cursor.offset, `after ${turns} turns`).toBe(await log.end(place))
  }
})
