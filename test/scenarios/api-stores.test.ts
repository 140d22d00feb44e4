/** Several stores under one scheduler, each a log of its own: jobs are found by the alias of theirs. */
import { describe, expect, test } from 'vitest'
import { interval, type ListenerEvent } from '../../src/index.ts'
import { firedAt, obedient, openScheduler, type Opened, started, stubborn } from './open-scheduler.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const
const two = (): Promise<Opened> => started({ stores: { default: 'memory:', scratch: 'memory:' } })
const storesOf = (told: readonly ListenerEvent[], type: string): unknown[] =>
  told.flatMap((event) => (event.type === type && 'store' in event ? [event.store] : []))

describe('a job', () => {
  test('is in the default store, unless another is named', async () => {
    const { scheduler, told } = await two()
    await scheduler.addJob({ id: 'here', ...EVERY_10S })
    await scheduler.addJob({ id: 'there', ...EVERY_10S, store: 'scratch' })
    expect(scheduler.getJobs().map(({ id, store }) => [id, store])).toEqual([
      ['here', 'default'],
      ['there', 'scratch'],
    ])
    expect(scheduler.getJobs({ store: 'scratch' }).map(({ id }) => id)).toEqual(['there'])
    expect(storesOf(told, 'JobAdded')).toEqual(['default', 'scratch'])
  })

  test('is found by its id wherever it is', async () => {
    const { scheduler, clock, told } = await two()
    await scheduler.addJob({ id: 'there', ...EVERY_10S, store: 'scratch' })
    await scheduler.modifyJob('there', { name: 'greeter' })
    await scheduler.pauseJob('there')
    expect(scheduler.getJob('there')).toMatchObject({ name: 'greeter', store: 'scratch', version: 2 })
    await scheduler.resumeJob('there')
    await clock.advance(10_000)
    expect(firedAt(told, 'there')).toEqual([10])
    expect((await scheduler.getRuns('there')).map(({ status }) => status)).toEqual(['succeeded'])
    await scheduler.removeJob('there')
    expect(scheduler.getJobs()).toEqual([])
  })

  test('runs on the same executors and tasks as those of other stores', async () => {
    const { scheduler } = await two()
    await scheduler.addJob({ id: 'here', ...EVERY_10S, payload: { name: 'a' } })
    await scheduler.addJob({ id: 'there', ...EVERY_10S, payload: { name: 'b' }, store: 'scratch' })
    const runs = await Promise.all([scheduler.runJob('here'), scheduler.runJob('there')])
    await expect(Promise.all(runs.map((run) => run.result()))).resolves.toEqual([{ greeted: 'a' }, { greeted: 'b' }])
  })

  test('may have an id that another store has too: its handle stays with its own', async () => {
    const { scheduler } = await two()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    const other = await scheduler.addJob({ id: 'job', ...EVERY_10S, store: 'scratch' })
    await other.modify({ name: 'other' })
    await other.pause()
    expect(scheduler.getJob('job', { store: 'default' })).toMatchObject({ name: null, paused: null })
    expect(scheduler.getJob('job', { store: 'scratch' })).toMatchObject({ name: 'other', paused: { reason: null } })
    await other.resume()
    await other.reschedule(interval('1h'))
    await expect((await other.runNow()).result()).resolves.toEqual({ greeted: 'world' })
    expect(await scheduler.getRuns('job', { store: 'default' })).toEqual([])
    expect(await scheduler.getRuns('job', { store: 'scratch' })).toHaveLength(1)
    await other.remove()
    expect(scheduler.getJobs().map(({ store }) => store)).toEqual(['default'])
  })

  test('of a store that is not there is refused', async () => {
    const { scheduler } = await two()
    await expect(scheduler.addJob({ id: 'job', ...EVERY_10S, store: 'nowhere' })).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(`'default', 'scratch'`) as string,
    })
    expect(() => scheduler.getJobs({ store: 'nowhere' })).toThrow('nowhere')
  })
})

describe('what is for all jobs', () => {
  test('is for all stores, unless one is named', async () => {
    const { scheduler, clock, told } = await two()
    const labels = { team: 'a' }
    await scheduler.addJob({ id: 'here', ...EVERY_10S, labels })
    await scheduler.addJob({ id: 'there', ...EVERY_10S, labels, store: 'scratch' })
    await scheduler.pauseJobs(labels, { store: 'scratch' })
    await clock.advance(10_000)
    expect([firedAt(told, 'here'), firedAt(told, 'there')]).toEqual([[10], []])
    await scheduler.pause()
    expect(storesOf(told, 'SchedulePaused')).toEqual(['default', 'scratch'])
    await scheduler.resume()
    await scheduler.removeAllJobs({ store: 'default' })
    expect(scheduler.getJobs().map(({ id }) => id)).toEqual(['there'])
    await scheduler.removeAllJobs()
    expect(scheduler.getJobs()).toEqual([])
  })

  test('of one store tells nothing wrong to who waits for a run of another', async () => {
    const { scheduler, clock } = await two()
    const [here, there] = [stubborn(), stubborn()]
    scheduler.task('here', here.handler)
    scheduler.task('there', there.handler)
    await scheduler.addJob({ id: 'here', task: 'here', trigger: interval('1h') })
    await scheduler.addJob({ id: 'there', task: 'there', trigger: interval('1h'), store: 'scratch' })
    const runs = [await scheduler.runJob('here'), await scheduler.runJob('there')]
    await clock.advance(2_000)
    await scheduler.removeAllJobs()
    here.letGo('here')
    there.letGo('there')
    await expect(Promise.all(runs.map((run) => run.result()))).resolves.toEqual(['here', 'there'])
  })

  test('is paused as a schedule as soon as one store is', async () => {
    const { scheduler } = await two()
    await scheduler.pause({ store: 'scratch' })
    expect(scheduler.state).toBe('paused')
    await scheduler.resume()
    expect(scheduler.state).toBe('running')
  })
})

test('a run of a job that was removed from its store is still cancelled by its handle', async () => {
  const { scheduler, clock } = await two()
  scheduler.task('wait', obedient)
  const job = await scheduler.addJob({ id: 'there', task: 'wait', trigger: interval('1h'), store: 'scratch' })
  const run = await job.runNow()
  await clock.advance(2_000)
  await job.remove()
  await run.cancel()
  await expect(run.result()).rejects.toMatchObject({ outcome: 'cancelled' })
})

test('jobs move from one store to another by export and import', async () => {
  const { scheduler, clock, told } = await two()
  await scheduler.addJob({ id: 'job', ...EVERY_10S })
  await clock.advance(13_000)
  const file = scheduler.exportJobs({ store: 'default' })
  await scheduler.removeAllJobs({ store: 'default' })
  await scheduler.importJobs(file, { store: 'scratch' })
  await clock.advance(10_000)
  expect(firedAt(told, 'job')).toEqual([10, 20])
  expect(scheduler.getJob('job')?.store).toBe('scratch')
})

test('the default store is there although only others are named', async () => {
  const { scheduler, told } = await openScheduler({ log: 'memory:', stores: { scratch: 'memory:' } })
  await scheduler.start()
  expect(new Set(storesOf(told, 'StoreAdded'))).toEqual(new Set(['default', 'scratch']))
  await scheduler.addJob({ id: 'job', ...EVERY_10S })
  expect(scheduler.getJob('job')?.store).toBe('default')
})

test('a default store that is named twice is refused', async () => {
  await expect(openScheduler({ log: 'memory:', stores: { default: 'memory:' } })).rejects.toMatchObject({
    name: 'OptionError',
    path: 'log',
  })
})
