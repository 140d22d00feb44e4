import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { at } from '../support/moments.ts'
import { World } from '../support/world.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') }
const greet = { greet: () => 'hello' }

test('a node alone owns its partition, decides, fires and executes', async () => {
  const world = new World()
  const a = await world.node('a', { tasks: greet })
  await a.client.addJob({ id: 'job', ...EVERY_10S })
  await world.advance(35_000)
  expect(a.all('RunSucceeded').map((event) => event.scheduledAt)).toEqual([at(10), at(20), at(30)])
  await world.check(a)
})

test('a second node follows: it holds the same state and executes nothing', async () => {
  const world = new World()
  const a = await world.node('a', { tasks: greet })
  const b = await world.node('b', { tasks: { greet: () => expect.fail('b owns nothing') } })
  await a.client.addJob({ id: 'job', ...EVERY_10S })
  await world.advance(25_000)
  expect(b.partition().mode).toBe('following')
  await world.check(a, b)
})

test('a follower refuses commands, and says that it may be tried elsewhere', async () => {
  const world = new World()
  await world.node('a')
  const b = await world.node('b')
  await expect(b.client.addJob({ id: 'job', ...EVERY_10S })).rejects.toMatchObject({
    code: 'not-owner',
    retryable: true,
  })
})

describe('a partition that is given to another node', () => {
  test('is owned by that one alone, and the schedule goes on without a time lost or fired twice', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.advance(15_000)
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.quiet()
    expect([a.partition().mode, b.partition().mode]).toEqual(['following', 'owning'])
    await world.advance(20_000)
    const { events } = await world.fold()
    expect(events.filter((event) => event.type === 'RunQueued').map((event) => event.scheduledAt)).toEqual([
      at(10),
      at(20),
      at(30),
    ])
    expect(events.filter((event) => event.type === 'OwnerAnnounced').map((event) => [event.epoch, event.node])).toEqual(
      [
        [1, 'a'],
        [2, 'b'],
      ],
    )
    await world.check(a, b)
  })

  test('takes commands from then on only at its new owner', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.quiet()
    await expect(a.client.addJob({ id: 'one', ...EVERY_10S })).rejects.toMatchObject({ code: 'not-owner' })
    await b.client.addJob({ id: 'two', ...EVERY_10S })
    await world.check(a, b)
    expect(a.client.getJobs().map(({ id }) => id)).toEqual(['two'])
  })

  test('can be given back', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    for (const owner of [b, a, b, a]) {
      world.cluster.assign(0, owner.name, { tellLoser: true })
      await world.advance(10_000)
      expect(owner.partition().mode).toBe('owning')
    }
    await world.check(a, b)
    expect((await world.fold()).cursor.epoch).toBe(5)
  })

  test('that is taken away and given back in the middle of a batch is owned again', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    let lost = 0
    world.faults = ({ member }) => {
      if (member !== 'a' || lost === 3) return 'ok'
      lost += 1
      return 'lose-request'
    }
    const adding = a.client.addJob({ id: 'job', ...EVERY_10S }).catch((error: unknown) => error)
    world.cluster.assign(0, 'b', { tellLoser: true })
    world.cluster.assign(0, 'a', { tellLoser: true })
    await world.advance(5_000)
    await adding
    expect(a.partition().mode).toBe('owning')
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.check(a, b)
  })
})

describe('an owner that does not know that it was replaced', () => {
  test('finds out by its next batch, which every reader ignores', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.quiet()
    expect([a.partition().mode, b.partition().mode]).toEqual(['owning', 'owning'])
    await expect(a.client.addJob({ id: 'late', ...EVERY_10S })).rejects.toMatchObject({
      code: 'not-owner',
      retryable: true,
    })
    expect(a.partition().mode).toBe('following')
    const { state, refused } = await world.fold()
    expect(state.jobs.map(({ jobId }) => jobId)).toEqual(['job'])
    expect(refused.map((verdict) => 'why' in verdict && verdict.why)).toEqual(['lower-epoch', 'lower-epoch'])
    await world.check(a, b)
  })

  test('tells callers whose commands still wait for a decision that it does not own it', async () => {
    const world = new World()
    const a = await world.node('a')
    await world.node('b')
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.quiet()
    const answers = await Promise.allSettled(['x', 'y', 'z'].map((id) => a.client.addJob({ id, ...EVERY_10S })))
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'not-owner' } })
    }
  })

  test('fires nothing a second time when both fire at the same moment', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.advance(60_000)
    const { events, refused } = await world.fold()
    expect(events.filter((event) => event.type === 'RunQueued').map((event) => event.scheduledAt)).toEqual(
      [10, 20, 30, 40, 50, 60].map(at),
    )
    expect(refused.length, 'the other one tried').toBeGreaterThan(0)
    await world.check(a, b)
  })

  test('does not take the partition back from the one that the group gave it to', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.advance(60_000)
    expect((await world.fold()).cursor.epoch).toBe(2)
    expect(b.partition().mode).toBe('owning')
  })

  test('and is given the partition again learns what was decided meanwhile, and goes on with it', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.quiet()
    await b.client.addJob({ id: 'job', ...EVERY_10S })
    world.cluster.assign(0, 'a', { tellLoser: true })
    await world.advance(35_000)
    expect(a.all('RunSucceeded').map((event) => event.scheduledAt)).toEqual([at(10), at(20), at(30)])
    await world.check(a, b)
  })

  test('and is told so late knows what was decided meanwhile', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.quiet()
    await b.client.addJob({ id: 'job', ...EVERY_10S })
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.quiet()
    expect(a.client.getJobs().map(({ id }) => id)).toEqual(['job'])
    await world.check(a, b)
  })

  test('may have its batch on the log before the announcement: then it counts, and its caller is told so', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    world.faults = ({ member }) => (member === 'a' ? 'lose-reply' : 'ok')
    const adding = a.client.addJob({ id: 'job', ...EVERY_10S })
    world.cluster.assign(0, 'b', { tellLoser: false })
    await expect(world.pass(adding)).resolves.toMatchObject({ id: 'job' })
    expect((await world.fold()).state.jobs.map(({ jobId }) => jobId)).toEqual(['job'])
    await world.check(a, b)
  })
})

describe('a node that is gone without a word', () => {
  test('is followed by another while a third opens, which misses nothing of it', async () => {
    const world = new World()
    const a = await world.node('a')
    const b = await world.node('b')
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    a.drop()
    const c = await world.node('c')
    await world.check(b, c)
    expect(c.partition().cursor.epoch).toBe(2)
  })

  test('is followed by another whose clock is behind, which knows that its runs may have begun', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: { greet: () => new Promise(() => {}) } })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.advance(10_000)
    a.drop()
    await world.clock.set(at(5))
    const b = await world.node('b', { tasks: { greet: () => new Promise(() => {}) } })
    await world.quiet()
    expect(b.all('RunStarted')).toMatchObject([{ jobId: 'job', attempt: 1 }])
  })

  test('is followed by another in the same millisecond, which knows that its runs may have begun', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: { greet: () => new Promise(() => {}) } })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.advance(10_000)
    a.drop()
    const b = await world.node('b', { tasks: { greet: () => new Promise(() => {}) } })
    await world.quiet()
    expect(b.all('RunStarted')).toMatchObject([{ jobId: 'job', attempt: 1, time: at(10) }])
  })

  test('is followed by another, which hands its open runs over again', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: { greet: () => new Promise(() => {}) } })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.advance(10_000)
    const { runId } = await a.until('RunQueued')
    await world.advance(1)
    a.drop()
    const b = await world.node('b', { tasks: { greet: ({ run }) => `attempt ${run.attempt} of ${run.runId}` } })
    await world.quiet()
    expect(await b.until('RunStarted')).toMatchObject({ runId, attempt: 1 })
    expect(await b.until('RunSucceeded')).toMatchObject({ runId, attempt: 1, result: `attempt 1 of ${runId}` })
    await world.check(b)
  })
})
