/** What holds wherever commands, runs and reports go: in memory or by topics (I13). */
import { describe, expect, test } from 'vitest'
import type { Event } from '../../src/core/events.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { at } from '../support/moments.ts'
import { type TestNode, World } from '../support/world.ts'

const greet = { greet: () => 'hello' }
const EVERY_10S = { task: 'greet', trigger: interval('10s') }

describe.each([
  ['in memory', false],
  ['over topics', true],
])('a partition whose inputs and runs go %s', (_where, topics) => {
  test('goes to another node without a time lost or fired twice', async () => {
    const world = new World({ topics })
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await world.pass(a.client.addJob({ id: 'job', ...EVERY_10S }))
    await world.advance(15_000)
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.quiet()
    expect([a.partition().mode, b.partition().mode]).toEqual(['following', 'owning'])
    await world.advance(20_000)
    const { events } = await world.fold()
    expect(scheduled(events, 'RunQueued')).toEqual([at(10), at(20), at(30)])
    expect(scheduled(events, 'RunSucceeded')).toEqual([at(10), at(20), at(30)])
    await world.check(a, b)
  })

  test('is fired by one owner although another does not know that it was replaced', async () => {
    const world = new World({ topics })
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await world.pass(a.client.addJob({ id: 'job', ...EVERY_10S }))
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.advance(65_000)
    const { events, refused } = await world.fold()
    expect(scheduled(events, 'RunQueued')).toEqual([10, 20, 30, 40, 50, 60].map(at))
    expect(refused.length, 'the other one tried').toBeGreaterThan(0)
    await world.check(a, b)
  })

  test('has its open runs run again when its node is gone without a word', async () => {
    const world = new World({ topics })
    const a = await world.node('a', { tasks: { greet: () => new Promise(() => {}) } })
    await world.pass(a.client.addJob({ id: 'job', ...EVERY_10S }))
    await world.advance(12_000)
    const { runId } = await a.until('RunStarted')
    a.drop()
    const b = await world.node('b', { tasks: greet })
    await world.quiet()
    expect(b.all('RunSucceeded')).toMatchObject([{ runId, attempt: 1, result: 'hello' }])
    await world.check(b)
  })

  test('goes on whatever becomes of every third append', async () => {
    for (const fate of ['refuse', 'lose-reply', 'lose-request'] as const) {
      const world = new World({ topics })
      const a = await world.node('a', { tasks: greet })
      let appends = 0
      world.faults = () => ((appends += 1), appends % 3 === 0 ? fate : 'ok')
      await world.pass(a.client.addJob({ id: 'job', ...EVERY_10S }))
      await world.advance(65_000)
      const { events } = await world.fold()
      expect({ fate, at: scheduled(events, 'RunSucceeded') }).toEqual({ fate, at: [10, 20, 30, 40, 50, 60].map(at) })
      await world.check(a)
    }
  })
})

test('the same requests at the same moments give the same events in memory and over topics', async () => {
  const [inMemory, overTopics] = await Promise.all([false, true].map(history))
  expect(inMemory?.length).toBeGreaterThan(40)
  expect(overTopics).toEqual(inMemory)
})

/** Events of jobs and runs, apart from where they stand. */
async function history(topics: boolean): Promise<readonly object[]> {
  const world = new World({ topics })
  let flaky = 0
  const tasks = {
    ...greet,
    flaky: () => {
      flaky += 1
      if (flaky % 3 !== 0) throw new Error('flaky')
      return flaky
    },
    slow: () => new Promise<void>((resolve) => world.clock.schedule(world.clock.now() + 25_000, resolve)),
  }
  const a = await world.node('a', { tasks })
  const retry = { maxAttempts: 3, initial: '1s', jitter: 0 }
  await world.pass(a.client.addJob({ id: 'flaky', task: 'flaky', trigger: interval('7s'), retry }))
  await world.pass(a.client.addJob({ id: 'slow', task: 'slow', trigger: interval('10s'), overlap: 'queue' }))
  await world.pass(a.client.addJob({ id: 'once', ...EVERY_10S, delivery: 'at-most-once' }))
  await world.advance(24_500)
  await world.pass(a.client.pauseJob('flaky'))
  await world.advance(20_000)
  await world.pass(a.client.resumeJob('flaky'))
  await world.pass(a.client.runJob('once'))
  await world.pass(a.client.modifyJob('slow', { trigger: interval('30s') }))
  await world.advance(40_000)
  await cancelRunning(world, a, 'slow')
  await world.pass(a.client.removeJob('slow'))
  await world.pass(a.client.removeJob('nobody').catch(() => null))
  await world.advance(60_000)
  await world.check(a)
  const { events } = await world.fold()
  return events.filter(({ type }) => type !== 'BatchCommitted' && type !== 'OwnerAnnounced').map(apart)
}

async function cancelRunning(world: World, node: TestNode, jobId: string): Promise<void> {
  const started = node.all('RunStarted').findLast((event) => event.jobId === jobId)
  if (started !== undefined) await world.pass(node.client.cancelRun(started.runId).catch(() => null))
}

/** Ids hold places, and of executors random bytes. */
function apart(event: Event): object {
  const { epoch: _epoch, seq: _seq, index: _index, ...rest } = event
  const text = JSON.stringify({
    ...rest,
    commandOffset: null,
    commandId: null,
    commandGiven: false,
    executor: null,
    stack: null,
  })
  return JSON.parse(
    text.replace(/"([a-z]+)\/\d+-\d+-\d+\/([^"/]+)[^"]*"/g, '"$1/$2"').replace(/"stack":"[^"]*"/g, '"stack":null'),
  ) as object
}

function scheduled(events: readonly Event[], type: 'RunQueued' | 'RunSucceeded'): number[] {
  return events.flatMap((event) => (event.type === type ? [event.scheduledAt] : []))
}
