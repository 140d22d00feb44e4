/** Listeners by name and by APScheduler's masks, over everything that the public face does. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import * as horolog from '../../src/index.ts'
import { interval, type ListenerEvent, type Scheduler } from '../../src/index.ts'
import { at } from '../support/moments.ts'
import { openScheduler, started, stubborn } from './open-scheduler.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const

/** What each mask is told, by its name. */
function byMask(scheduler: Scheduler): ReadonlyMap<string, string[]> {
  const told = new Map<string, string[]>()
  for (const [name, mask] of Object.entries(horolog)) {
    if (!name.startsWith('EVENT_') || typeof mask !== 'number') continue
    told.set(name, [])
    scheduler.addListener((event) => told.get(name)?.push(event.type), mask)
  }
  return told
}

describe('on and off', () => {
  test('tell a listener what is of its name, as the log has it, with dates', async () => {
    const { scheduler, clock } = await started()
    const queued: horolog.ListenerEvent<'RunQueued'>[] = []
    scheduler.on('RunQueued', (event) => {
      expectTypeOf(event.scheduledAt).toEqualTypeOf<Date>()
      expectTypeOf(event.runId).toEqualTypeOf<string>()
      queued.push(event)
    })
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await clock.advance(10_000)
    expect(queued).toMatchObject([
      {
        type: 'RunQueued',
        jobId: 'job',
        scheduledAt: new Date(at(10)),
        nextFireTime: new Date(at(20)),
        store: 'default',
      },
    ])
  })

  test('give the result of a run, its error, and who asked', async () => {
    const { scheduler, clock } = await started()
    const told: Record<string, unknown> = {}
    scheduler
      .on('RunSucceeded', ({ jobId, result }) => (told[jobId] = result))
      .on('RunFailed', ({ jobId, error }) => (told[jobId] = error.message))
      .on('JobPaused', ({ actor, reason }) => (told['paused'] = [actor, reason]))
    scheduler.task('fail', () => {
      throw new Error('broken')
    })
    await scheduler.addJob({ id: 'a', ...EVERY_10S })
    await scheduler.addJob({ id: 'b', task: 'fail', trigger: interval('10s') })
    await clock.advance(10_000)
    await scheduler.pauseJob('a', { actor: 'anna', reason: 'enough' })
    expect(told).toEqual({ a: { greeted: 'world' }, b: 'broken', paused: ['anna', 'enough'] })
  })

  test('refuse a name that no event has, and say which may be meant', async () => {
    const { scheduler } = await openScheduler()
    const listener = (): void => {}
    const misspelt = 'RunSuceeded' as 'RunSucceeded'
    const message = `event: expected the name of an event (did you mean 'RunSucceeded'?), got "RunSuceeded"`
    expect(() => scheduler.on(misspelt, listener)).toThrow(message)
    expect(() => scheduler.off(misspelt, listener)).toThrow(message)
    expect(() => scheduler.on('toString' as 'RunSucceeded', listener)).toThrow('expected the name of an event, got')
    expect(() => scheduler.on('StoreRemoved', listener).off('StoreRemoved', listener)).not.toThrow()
  })

  test('off tells a listener nothing more, and others still', async () => {
    const { scheduler } = await started()
    const told: string[] = []
    const [one, other] = [() => void told.push('one'), () => void told.push('other')]
    scheduler.on('JobAdded', one).on('JobAdded', other)
    await scheduler.addJob({ id: 'a', ...EVERY_10S })
    scheduler.off('JobAdded', one).off('JobPaused', other)
    await scheduler.addJob({ id: 'b', ...EVERY_10S })
    expect(told).toEqual(['one', 'other', 'other'])
  })

  test('a listener that is added twice is told once', async () => {
    const { scheduler } = await started()
    let told = 0
    const count = (): void => void (told += 1)
    scheduler.on('JobAdded', count).on('JobAdded', count)
    await scheduler.addJob({ id: 'a', ...EVERY_10S })
    expect(told).toBe(1)
  })

  test('tell what happens in this process alone', async () => {
    const { scheduler, told } = await openScheduler({ stores: { default: 'memory:', scratch: 'memory:' } })
    await scheduler.start()
    await scheduler.addExecutor('gpu', { concurrency: 2 })
    await scheduler.removeExecutor('gpu')
    await scheduler.shutdown()
    const local = told.filter((event) => /^(Scheduler|Executor[AR]|Store)/.test(event.type))
    expect(local.map((event) => Object.values(event))).toEqual([
      ['ExecutorAdded', 'default'],
      ['StoreAdded', 'default'],
      ['StoreAdded', 'scratch'],
      ['SchedulerStarted'],
      ['ExecutorAdded', 'gpu'],
      ['ExecutorRemoved', 'gpu'],
      ['StoreRemoved', 'default'],
      ['StoreRemoved', 'scratch'],
      ['SchedulerShutdown'],
    ])
  })
})

describe('masks', () => {
  test('tell each what APScheduler would be told', async () => {
    const { scheduler, clock } = await openScheduler()
    const told = byMask(scheduler)
    const { handler } = stubborn()
    scheduler.task('greet', () => 'hello').task('wait', handler)
    scheduler.task('fail', () => {
      throw new Error('broken')
    })
    await scheduler.start()
    await scheduler.addExecutor('gpu')
    await scheduler.removeExecutor('gpu')
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await scheduler.addJob({ id: 'fail', task: 'fail' })
    await scheduler.addJob({ id: 'busy', task: 'wait', trigger: interval('10s') })
    await scheduler.addJob({ id: 'late', ...EVERY_10S, misfireGrace: '1s' })
    await clock.advance(20_000)
    await scheduler.pause()
    await clock.advance(15_000)
    await scheduler.resume()
    await clock.settle()
    await scheduler.modifyJob('job', { name: 'greeter' })
    await scheduler.pauseJob('job')
    await scheduler.resumeJob('job')
    await scheduler.removeJob('job')
    await scheduler.removeAllJobs()
    await scheduler.shutdown({ wait: false })
    const distinct = [...told].map(([name, types]) => [name, [...new Set(types)]])
    expect(Object.fromEntries(distinct)).toMatchObject({
      EVENT_SCHEDULER_STARTED: ['SchedulerStarted'],
      EVENT_SCHEDULER_START: ['SchedulerStarted'],
      EVENT_SCHEDULER_SHUTDOWN: ['SchedulerShutdown'],
      EVENT_SCHEDULER_PAUSED: ['SchedulePaused'],
      EVENT_SCHEDULER_RESUMED: ['ScheduleResumed'],
      EVENT_EXECUTOR_ADDED: ['ExecutorAdded'],
      EVENT_EXECUTOR_REMOVED: ['ExecutorRemoved'],
      EVENT_JOBSTORE_ADDED: ['StoreAdded'],
      EVENT_ALL_JOBS_REMOVED: ['JobsRemoved'],
      EVENT_JOB_ADDED: ['JobAdded'],
      EVENT_JOB_REMOVED: ['JobFinished', 'JobRemoved'],
      EVENT_JOB_MODIFIED: ['JobModified', 'JobPaused', 'JobResumed'],
      EVENT_JOB_EXECUTED: ['RunSucceeded'],
      EVENT_JOB_ERROR: ['RunFailed'],
      EVENT_JOB_MISSED: ['RunMissed'],
      EVENT_JOB_SUBMITTED: ['RunQueued'],
      EVENT_JOB_MAX_INSTANCES: ['RunSkipped'],
    })
  })

  test('joined by | tell of each of them, and only of those', async () => {
    const { scheduler, clock } = await started()
    scheduler.task('fail', () => {
      throw new Error('broken')
    })
    const told: ListenerEvent[] = []
    scheduler.addListener((event) => told.push(event), horolog.EVENT_JOB_EXECUTED | horolog.EVENT_JOB_ERROR)
    await scheduler.addJob({ id: 'a', ...EVERY_10S })
    await scheduler.addJob({ id: 'b', task: 'fail', trigger: interval('10s') })
    await clock.advance(10_000)
    expect(told.map(({ type }) => type).toSorted()).toEqual(['RunFailed', 'RunSucceeded'])
  })

  test('are all of them when none is named', async () => {
    const { scheduler, told } = await started()
    await scheduler.addJob({ id: 'a', ...EVERY_10S })
    await scheduler.removeJob('a')
    expect(told.map(({ type }) => type).slice(-2)).toEqual(['JobAdded', 'JobRemoved'])
  })

  test('of no listener are taken away by removeListener, whatever they were', async () => {
    const { scheduler } = await started()
    let told = 0
    const count = (): void => void (told += 1)
    scheduler.addListener(count, horolog.EVENT_JOB_ADDED).addListener(count, horolog.EVENT_JOB_REMOVED)
    await scheduler.addJob({ id: 'a', ...EVERY_10S })
    scheduler.removeListener(count)
    await scheduler.removeJob('a')
    expect(told).toBe(1)
  })

  test.each([-1, 0.5, horolog.EVENT_ALL + 1])('%s is no mask', async (mask) => {
    const { scheduler } = await started()
    expect(() => scheduler.addListener(() => {}, mask)).toThrow(RangeError)
  })
})
