/** The clock rules of design §5, through a whole node: nothing fires twice, nothing that came due is lost. */
import { describe, expect, test } from 'vitest'
import { crontab, date, interval } from '../../src/core/triggers/make-trigger.ts'
import { at, T0 } from '../support/moments.ts'
import { type NodeOptions, type TestNode, World } from '../support/world.ts'

const TASKS: NodeOptions = { tasks: { greet: () => 'hello' } }

/** The scheduled times that runs were queued for, in seconds. */
function fired(node: TestNode): number[] {
  return node.all('RunQueued').map(({ scheduledAt }) => (scheduledAt - T0) / 1_000)
}

async function scene(options: NodeOptions = TASKS): Promise<{ world: World; node: TestNode }> {
  const world = new World()
  return { world, node: await world.node('a', options) }
}

describe('a clock that steps back', () => {
  test('fires nothing a second time, and goes on when it has caught up', async () => {
    const { world, node } = await scene()
    await node.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
    await world.advance(35_000)
    await world.clock.set(at(5))
    await world.advance(30_000)
    expect(fired(node)).toEqual([10, 20, 30])
    await world.advance(10_000)
    expect(fired(node)).toEqual([10, 20, 30, 40])
    await world.check(node)
  })

  test('stamps events no earlier than those before', async () => {
    const { world, node } = await scene()
    await world.advance(35_000)
    await node.client.addJob({ id: 'before', task: 'greet', trigger: interval('1h') })
    await world.clock.set(at(5))
    await node.client.addJob({ id: 'after', task: 'greet', trigger: interval('1h') })
    const times = (await world.fold()).events.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBe(at(35))
    expect(node.client.getJob('after')?.nextFireTime).toEqual(new Date(at(3_605)))
  })

  test('makes nothing due because of the stamp: an interval counts from the clock', async () => {
    const { world, node } = await scene()
    await world.advance(35_000)
    await node.client.addJob({ id: 'before', task: 'greet', trigger: interval('1h') })
    await world.clock.set(at(5))
    await node.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
    await world.advance(9_999)
    expect(fired(node)).toEqual([])
    await world.advance(1)
    expect(fired(node)).toEqual([15])
  })

  test('leaves a retry to its time, and a time-out too', async () => {
    let calls = 0
    const { world, node } = await scene({
      tasks: {
        fail: () => {
          calls += 1
          throw new Error('no')
        },
      },
    })
    await world.advance(30_000)
    const retry = { maxAttempts: 2, initial: '20s', jitter: 0 }
    await node.client.addJob({ id: 'job', task: 'fail', retry })
    await node.until('RunRetryScheduled')
    await world.clock.set(at(10))
    await world.advance(39_999)
    expect(calls).toBe(1)
    await world.advance(1)
    expect(calls).toBe(2)
  })
})

describe('a clock that steps forward', () => {
  test('fires what came due, once for all of it', async () => {
    const { world, node } = await scene()
    await node.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
    await world.clock.set(at(1_234))
    await world.quiet()
    expect(fired(node)).toEqual([1_230])
    expect(node.all('RunQueued')[0]?.coalesced).toMatchObject({ first: at(10), last: at(1_220), count: 122 })
    await world.advance(10_000)
    expect(fired(node)).toEqual([1_230, 1_240])
    await world.check(node)
  })

  test('fires all of it one after another, with coalesce all', async () => {
    const { world, node } = await scene()
    await node.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s'), coalesce: 'all' })
    await world.clock.set(at(55))
    await world.quiet()
    expect(fired(node)).toEqual([10, 20, 30, 40, 50])
    const outcomes = node.all('RunSucceeded').map(({ scheduledAt }) => (scheduledAt - T0) / 1_000)
    expect(outcomes).toEqual([10, 20, 30, 40, 50])
  })

  test('drops what is beyond its grace time, and says so', async () => {
    const { world, node } = await scene()
    await node.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s'), misfireGrace: '15s' })
    await world.clock.set(at(59))
    await world.quiet()
    expect(fired(node)).toEqual([50])
    expect(node.all('RunMissed').map(({ times }) => times.listed)).toEqual([[at(10), at(20), at(30), at(40)]])
  })

  test('runs a date that it jumped over', async () => {
    const { world, node } = await scene()
    await node.client.addJob({ id: 'job', task: 'greet', trigger: date(at(60)) })
    await world.clock.set(at(3_600))
    await world.quiet()
    expect(fired(node)).toEqual([60])
    expect(node.all('JobFinished')).toHaveLength(1)
  })

  test('and then back fires nothing of it again', async () => {
    const { world, node } = await scene()
    await node.client.addJob({ id: 'job', task: 'greet', trigger: crontab('* * * * *') })
    await world.quiet()
    await world.clock.set(at(600))
    await world.quiet()
    await world.clock.set(at(1))
    await world.advance(599_000)
    expect(fired(node)).toEqual([0, 600])
    await world.advance(60_000)
    expect(fired(node)).toEqual([0, 600, 660])
    await world.check(node)
  })
})

describe('a step is recorded', () => {
  test.each([
    ['forward', 5_001],
    ['back', -5_001],
  ])('when it is more than 5 s %s, with its length', async (_direction, stepMs) => {
    const { world, node } = await scene()
    await world.advance(60_000)
    await world.clock.set(world.clock.now() + stepMs)
    await world.quiet()
    expect(node.all('ClockStepped').map((event) => event.stepMs)).toEqual([stepMs])
    expect((await world.fold()).events.filter(({ type }) => type === 'ClockStepped')).toHaveLength(1)
  })

  test.each([5_000, -5_000, 1])('but not when it is %d ms', async (stepMs) => {
    const { world, node } = await scene()
    await world.advance(60_000)
    await world.clock.set(world.clock.now() + stepMs)
    await world.quiet()
    expect(node.all('ClockStepped')).toEqual([])
  })

  test('not when time merely passes', async () => {
    const { world, node } = await scene()
    await world.advance(3_600_000)
    expect(node.all('ClockStepped')).toEqual([])
  })

  test('by who owns the partition, and by nobody else', async () => {
    const world = new World()
    const [owner, follower] = [await world.node('a'), await world.node('b')]
    await world.advance(60_000)
    await world.clock.set(world.clock.now() + 60_000)
    await world.quiet()
    expect((await world.fold()).events.filter(({ type }) => type === 'ClockStepped')).toHaveLength(1)
    expect([owner, follower].map((node) => node.partition().mode).toSorted()).toEqual(['following', 'owning'])
    await world.check(owner, follower)
  })
})

test('a pause until a time ends by a step over that time, and what came due after it is not lost', async () => {
  const { world, node } = await scene()
  await node.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
  await node.client.pauseJob('job', { until: at(30) })
  await world.clock.set(at(65))
  await world.quiet()
  expect(node.all('JobResumed').map(({ skipped }) => skipped?.listed)).toEqual([[at(10), at(20)]])
  expect(node.all('RunQueued').map(({ scheduledAt, coalesced }) => [scheduledAt, coalesced?.listed])).toEqual([
    [at(60), [at(30), at(40), at(50)]],
  ])
})
