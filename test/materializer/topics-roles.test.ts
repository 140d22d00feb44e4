/** Owners and executors as processes of their own, and much to do for them. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { headers, json, parsed } from '../support/topic-records.ts'
import { World } from '../support/world.ts'

const OWNER = { roles: ['owner'] } as const
const EXECUTOR = { roles: ['executor'] } as const

describe('an owner without executors and executors without an owner', () => {
  test('do the work together', async () => {
    const world = new World({ partitions: 3, topics: true })
    const a = await world.node('a', OWNER)
    const workers = await Promise.all(
      ['w1', 'w2'].map((name) => world.node(name, { ...EXECUTOR, tasks: { greet: () => name } })),
    )
    const ids = ['one', 'two', 'three', 'four', 'five', 'six']
    await world.pass(Promise.all(ids.map((id) => a.client.addJob({ id, task: 'greet', trigger: interval('10s') }))))
    await world.advance(35_000)
    expect(a.all('RunSucceeded')).toHaveLength(18)
    expect(new Set(a.all('RunSucceeded').map(({ result }) => result))).toEqual(new Set(['w1', 'w2']))
    for (const worker of workers)
      expect([0, 1, 2].map((index) => worker.partition(index).mode)).toEqual(['following', 'following', 'following'])
    await world.check(a, ...workers)
  })

  test('may start in either order: an executor waits for nobody, and its name is declared when an owner comes', async () => {
    const world = new World({ partitions: 3, topics: true })
    const executors = new Map([['gpu', 2]])
    const worker = await world.node('worker', { ...EXECUTOR, executors, tasks: { greet: () => 'hello' } })
    await world.advance(120_000)
    const a = await world.node('a', OWNER)
    await world.pass(a.client.addJob({ id: 'job', task: 'greet', executor: 'gpu' }))
    await world.pass(a.until('RunSucceeded'))
    expect(worker.failures).toEqual([])
    await world.check(a, worker)
  })

  test('lose nothing when an executor is gone in the middle of a run: another one runs it under the same attempt', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', OWNER)
    const first = await world.node('first', { ...EXECUTOR, tasks: { greet: () => new Promise(() => {}) } })
    await world.pass(a.client.addJob({ id: 'job', task: 'greet' }))
    await world.pass(a.until('RunStarted'))
    first.drop()
    await world.node('second', { ...EXECUTOR, tasks: { greet: () => 'done' } })
    await world.pass(a.until('RunSucceeded'))
    expect(a.all('RunSucceeded')).toMatchObject([{ attempt: 1, result: 'done' }])
    await world.check(a)
  })
})

describe('an at-most-once run', () => {
  test('runs in one of several executors, which was granted it, and in no other', async () => {
    const world = new World({ partitions: 3, topics: true })
    const a = await world.node('a', OWNER)
    const ran: string[] = []
    const greet = ({ run }: { run: { runId: string } }): void => void ran.push(run.runId)
    await Promise.all(['w1', 'w2', 'w3'].map((name) => world.node(name, { ...EXECUTOR, tasks: { greet } })))
    await world.pass(a.client.addJob({ id: 'once', task: 'greet', delivery: 'at-most-once', trigger: interval('1s') }))
    // Each record comes twice, as when the acknowledgement of it was lost.
    let appends = 0
    world.faults = ({ to }) => {
      appends += 1
      const isDoubled = to.topic === 'runs.default' || to.topic === 'reports'
      return isDoubled && appends % 2 === 0 ? 'lose-reply' : 'ok'
    }
    await world.advance(20_500)
    world.faults = () => 'ok'
    await world.advance(10_000)
    expect(new Set(ran).size).toBe(ran.length)
    expect(a.all('RunGranted').length).toBeGreaterThan(20)
    expect(a.all('RunLost')).toEqual([])
    expect(ran.length).toBe(a.all('RunGranted').length)
    await world.check(a)
  })

  test('of a process that is gone after the grant does not run again, and ends lost', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', OWNER)
    let ran = 0
    const greet = (): Promise<never> => {
      ran += 1
      return new Promise(() => {})
    }
    const first = await world.node('first', { ...EXECUTOR, tasks: { greet } })
    await world.pass(a.client.addJob({ id: 'once', task: 'greet', delivery: 'at-most-once' }))
    await world.pass(a.until('RunGranted'))
    await world.quiet()
    first.drop()
    await world.node('second', { ...EXECUTOR, tasks: { greet } })
    await world.pass(a.until('RunLost'))
    expect(ran).toBe(1)
    await world.check(a)
  })
})

describe('one batch that asks for the same thing twice', () => {
  const claim = (runId: string, type = 'started'): Uint8Array =>
    json({ type, runId, attempt: 1, at: '2027-01-01T09:00:10.000Z', executor: 'x:1:y' })

  test('hands a run over once: it fired while the report of another run made room', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', OWNER)
    await world.pass(a.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s'), maxInstances: 2 }))
    await world.advance(19_950)
    const { runId } = await a.until('RunQueued')
    world.faults = ({ to }) => (to.topic === 'events' ? 'refuse' : 'ok')
    await world.produce('reports', { value: claim(runId, 'succeeded') })
    await world.advance(100)
    world.faults = () => 'ok'
    await world.advance(1_000)
    const { batches } = await world.fold()
    const both = batches.find((batch) => batch.some(({ type }) => type === 'RunSucceeded'))
    expect(both?.map(({ type }) => type)).toEqual(['RunSucceeded', 'RunQueued', 'BatchCommitted'])
    expect(await world.records('runs.default')).toHaveLength(2)
  })

  test('gives a claim that came twice the same answer twice', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', OWNER)
    await world.pass(a.client.addJob({ id: 'job', task: 'greet', delivery: 'at-most-once' }))
    const { runId } = await a.until('RunQueued')
    for (let i = 0; i < 2; i += 1) await world.produce('reports', { value: claim(runId) })
    await world.quiet()
    const orders = (await world.records('control')).map(parsed)
    expect(orders.map(({ type, executor }) => [type, executor])).toEqual([
      ['RunGranted', 'x:1:y'],
      ['RunGranted', 'x:1:y'],
    ])
    await world.check(a)
  })
})

describe('a run that is cancelled', () => {
  test('is stopped by way of control, wherever it runs', async () => {
    const world = new World({ partitions: 3, topics: true })
    const a = await world.node('a', OWNER)
    const asked: string[] = []
    const stubborn = (name: string) => ({
      greet: ({ signal }: { signal: AbortSignal }): Promise<never> =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            asked.push(name)
            reject(new Error('stopped'))
          })
        }),
    })
    await Promise.all(['w1', 'w2'].map((name) => world.node(name, { ...EXECUTOR, tasks: stubborn(name) })))
    const c = await world.node('c', { roles: [] })
    await world.pass(c.client.addJob({ id: 'job', task: 'greet' }))
    const { runId } = await world.pass(a.until('RunStarted'))
    await world.pass(c.client.cancelRun(runId, { reason: 'enough' }))
    await world.pass(a.until('RunCancelled'))
    expect(asked).toHaveLength(1)
    const [order] = (await world.records('control')).map(parsed)
    expect(order).toMatchObject({ type: 'CancelRun', runId, attempt: 1, reason: 'enough' })
    await world.check(a, c)
  })
})

describe('commands that wait on the topic when an owner comes', () => {
  /** Plain jobs, without a byte of value: what bounds their number is not their size. */
  async function queue(world: World, count: number): Promise<void> {
    const log = world.cluster.connect('producer')
    const texts = headers({ 'horolog-task': 'greet', 'horolog-schedule': '@every 1h' })
    for (let at = 0; at < count; at += 1_000) {
      const records = Array.from({ length: 1_000 }, (_, i) => ({ key: `job-${at + i}`, value: null, headers: texts }))
      await log.append({ topic: 'commands', partition: 0 }, records)
    }
  }

  test('are all decided once, in their order', async () => {
    const world = new World({ topics: true })
    await queue(world, 10_000)
    const a = await world.node('a', OWNER)
    await world.pass(a.until('JobAdded', ({ jobId }) => jobId === 'job-9999'))
    expect(a.all('JobAdded').map(({ commandOffset }) => commandOffset)).toEqual([...Array(10_000).keys()])
    expect((await world.fold()).cursor.commandsThrough).toBe(9_999)
    expect(a.client.getJobs()).toHaveLength(10_000)
  }, 30_000)

  test('are not all taken into memory, and do not keep reports waiting', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', OWNER)
    await world.pass(a.client.addJob({ id: 'job', task: 'greet', trigger: interval('1h') }))
    await world.advance(3_600_000)
    const { runId } = await a.until('RunQueued')
    // The first batch does not get through for a while: what waits meanwhile is bounded.
    let isAway = true
    world.faults = ({ to }) => (to.topic === 'events' && isAway ? 'refuse' : 'ok')
    await queue(world, 5_000)
    await world.advance(1_000)
    isAway = false
    const outcome = { type: 'succeeded', runId, attempt: 1, at: '2027-01-01T10:00:00.000Z', executor: 'x:1:y' }
    await world.produce('reports', { value: json(outcome) })
    await world.pass(a.until('JobAdded', ({ jobId }) => jobId === 'job-4999'))
    const { events } = await world.fold()
    const done = events.findIndex(({ type }) => type === 'RunSucceeded')
    const added = events.slice(0, done).filter(({ type }) => type === 'JobAdded')
    expect(done).toBeGreaterThan(0)
    expect(added.length, 'decided before the report').toBeLessThan(1_001)
  }, 30_000)
})
