/** What can be asked and said of runs, through the public face. */
import { describe, expect, test } from 'vitest'
import { crontab, date, interval, type RunDetails } from '../../src/index.ts'
import { at, T0 } from '../support/moments.ts'
import { firedAt, obedient, started, stubborn } from './open-scheduler.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const
const seconds = (runs: readonly RunDetails[]): number[] =>
  runs.map(({ scheduledAt }) => (scheduledAt.getTime() - T0) / 1_000)

describe('a run handle', () => {
  test('gives the result of its run', async () => {
    const { scheduler } = await started()
    const job = await scheduler.addJob({ id: 'job', ...EVERY_10S, payload: { name: 'you' } })
    await expect((await job.runNow()).result()).resolves.toEqual({ greeted: 'you' })
    await expect((await job.runNow({ payload: { name: 'me' } })).result()).resolves.toEqual({ greeted: 'me' })
  })

  test('cancels a run that waits at once', async () => {
    const { scheduler, clock } = await started()
    scheduler.task('wait', obedient)
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('1h'), overlap: 'queue' })
    await scheduler.runJob('job')
    const waiting = await scheduler.runJob('job')
    await clock.advance(2_000)
    await waiting.cancel({ reason: 'wrong day' })
    await expect(waiting.result()).rejects.toMatchObject({ outcome: 'cancelled', message: 'wrong day' })
  })

  test('asks a run that runs to stop, and tells when it has', async () => {
    const { scheduler, clock } = await started()
    scheduler.task('wait', obedient)
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('1h') })
    const run = await scheduler.runJob('job')
    await clock.advance(2_000)
    expect((await scheduler.getRun(run.runId))?.status).toBe('running')
    await run.cancel({ reason: 'enough' })
    await expect(run.result()).rejects.toMatchObject({ outcome: 'cancelled', message: 'enough', runId: run.runId })
    await expect(run.cancel()).rejects.toMatchObject({ code: 'run-final', path: 'runId' })
  })

  test('of a run that ends as its task says after all, although it was cancelled', async () => {
    const { scheduler, clock } = await started()
    const { handler, letGo } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('1h') })
    const run = await scheduler.runJob('job')
    await clock.advance(2_000)
    await run.cancel()
    letGo('done')
    await expect(run.result()).resolves.toBe('done')
  })
})

describe('getRuns', () => {
  test('gives open runs and the last keepRuns that ended, the latest first', async () => {
    const { scheduler, clock } = await started()
    const { handler } = stubborn()
    let calls = 0
    scheduler.task('four', () => ((calls += 1) === 5 ? handler() : calls))
    await scheduler.addJob({ id: 'job', task: 'four', trigger: interval('10s'), keepRuns: 3 })
    await clock.advance(52_000)
    const runs = await scheduler.getRuns('job')
    expect(seconds(runs)).toEqual([50, 40, 30, 20])
    expect(runs.map(({ status }) => status)).toEqual(['running', 'succeeded', 'succeeded', 'succeeded'])
    expect(runs[1]).toMatchObject({
      jobId: 'job',
      cause: 'trigger',
      attempt: 1,
      queuedAt: new Date(at(40)),
      finishedAt: new Date(at(40)),
      result: 4,
      error: null,
      reason: null,
    })
  })

  test('gives the payload that a run was given in place of its job’s, while it is open and when it did not succeed', async () => {
    const { scheduler, clock } = await started()
    const { handler, letGo } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({
      id: 'job',
      task: 'wait',
      trigger: date(at(3_600)),
      payload: { name: 'all' },
      maxInstances: 3,
    })
    await scheduler.runJob('job', { payload: { name: 'you' } })
    await scheduler.runJob('job', { payload: new Uint8Array([1, 2]), contentType: 'image/png' })
    await scheduler.runJob('job')
    const given = async (): Promise<unknown[]> =>
      (await scheduler.getRuns('job')).map(({ payload, contentType }) => [contentType, payload]).toReversed()
    const expected = [
      ['application/json', { name: 'you' }],
      ['image/png', new Uint8Array([1, 2])],
      [null, null],
    ]
    expect(await given()).toEqual(expected)
    letGo(Promise.reject(new Error('no')))
    await clock.settle()
    expect(await given()).toEqual(expected)
  })

  test('gives the older ones from the events, with all', async () => {
    const { scheduler, clock } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, keepRuns: 1 })
    await clock.advance(40_000)
    expect(seconds(await scheduler.getRuns('job'))).toEqual([40])
    expect(seconds(await scheduler.getRuns('job', { all: true }))).toEqual([40, 30, 20, 10])
  })

  test('gives the runs of a job that is finished or removed from the events alone', async () => {
    const { scheduler, clock } = await started()
    await scheduler.addJob({ id: 'once', task: 'greet', trigger: date(at(5)) })
    await clock.advance(6_000)
    expect(scheduler.getJob('once')).toBe(undefined)
    expect(await scheduler.getRuns('once')).toEqual([])
    expect(seconds(await scheduler.getRuns('once', { all: true }))).toEqual([5])
  })

  test('keeps none with keepRuns 0, and all are in the events', async () => {
    const { scheduler, clock } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, keepRuns: 0 })
    await clock.advance(20_000)
    expect(await scheduler.getRuns('job')).toEqual([])
    expect(seconds(await scheduler.getRuns('job', { all: true }))).toEqual([20, 10])
  })

  test('keeps as many as a changed keepRuns says from then on', async () => {
    const { scheduler, clock } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, keepRuns: 4 })
    await clock.advance(60_000)
    await scheduler.modifyJob('job', { keepRuns: 2 })
    await clock.advance(20_000)
    expect(seconds(await scheduler.getRuns('job'))).toEqual([80, 70])
    await scheduler.modifyJob('job', { keepRuns: 3 })
    await clock.advance(30_000)
    expect(seconds(await scheduler.getRuns('job'))).toEqual([110, 100, 90])
  })

  test('tells how a run failed, and where a retrying one stands', async () => {
    const { scheduler, clock } = await started()
    scheduler.task('fail', () => {
      throw new RangeError('too far')
    })
    const retry = { maxAttempts: 2, initial: '20s', jitter: 0 }
    await scheduler.addJob({ id: 'job', task: 'fail', trigger: interval('1h'), retry })
    await scheduler.runJob('job')
    await clock.settle()
    expect(await scheduler.getRuns('job')).toMatchObject([
      { status: 'retrying', attempt: 1, retryAt: new Date(at(20)) },
    ])
    await clock.advance(20_000)
    expect(await scheduler.getRuns('job')).toMatchObject([
      { status: 'failed', attempt: 2, error: { name: 'RangeError', message: 'too far', retryable: true } },
    ])
  })
})

describe('getRun', () => {
  test('finds an open run, a kept one, and one that only the events have', async () => {
    const { scheduler, clock } = await started()
    const { handler } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({ id: 'job', ...EVERY_10S, keepRuns: 1 })
    await scheduler.addJob({ id: 'long', task: 'wait', trigger: interval('1h') })
    const open = await scheduler.runJob('long')
    await clock.advance(20_000)
    const [kept, old] = (await scheduler.getRuns('job', { all: true })).map(({ runId }) => runId)
    expect(await scheduler.getRun(open.runId)).toMatchObject({ status: 'running', cause: 'run-now' })
    expect(await scheduler.getRun(kept ?? '')).toMatchObject({ status: 'succeeded', scheduledAt: new Date(at(20)) })
    expect(await scheduler.getRun(old ?? '')).toMatchObject({ status: 'succeeded', scheduledAt: new Date(at(10)) })
    expect(await scheduler.getRun(`${old}/nobody`)).toBe(undefined)
  })

  test('refuses what is no run id', async () => {
    const { scheduler } = await started()
    await expect(scheduler.getRun('job')).rejects.toMatchObject({ code: 'invalid-option' })
  })
})

describe('cancelRun', () => {
  test('ends a run that waits for its next attempt', async () => {
    const { scheduler, clock } = await started()
    scheduler.task('fail', () => {
      throw new Error('no')
    })
    await scheduler.addJob({ id: 'job', task: 'fail', trigger: interval('1h'), retry: { maxAttempts: 9 } })
    const run = await scheduler.runJob('job')
    await clock.settle()
    await scheduler.cancelRun(run.runId, { reason: 'enough' })
    await expect(run.result()).rejects.toMatchObject({ outcome: 'cancelled', message: 'enough' })
    expect(await scheduler.getRuns('job')).toMatchObject([{ status: 'cancelled', reason: 'enough' }])
  })

  test('of a run that nobody knows is rejected', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await expect(scheduler.cancelRun('job/1-1-0/x')).rejects.toMatchObject({ code: 'run-not-found' })
  })
})

describe('retryRun', () => {
  test('does a failed run again, for the same scheduled time', async () => {
    const { scheduler, clock, told } = await started()
    let broken = true
    scheduler.task('repair', () => {
      if (broken) throw new Error('broken')
      return 'repaired'
    })
    await scheduler.addJob({ id: 'job', task: 'repair', trigger: interval('10s') })
    await clock.advance(10_000)
    const [failed] = await scheduler.getRuns('job')
    broken = false
    const again = await scheduler.retryRun(failed?.runId ?? '')
    await expect(again.result()).resolves.toBe('repaired')
    expect(told.findLast((event) => event.type === 'RunQueued')).toMatchObject({
      retryOf: failed?.runId,
      scheduledAt: new Date(at(10)),
    })
    await expect(scheduler.retryRun(again.runId)).rejects.toMatchObject({ code: 'run-final' })
  })

  test('does a run with a payload of its own again with that payload', async () => {
    const { scheduler, clock } = await started()
    let broken = true
    scheduler.task('repair', (_context, payload: unknown) => {
      if (broken) throw new Error('broken')
      return payload
    })
    await scheduler.addJob({ id: 'job', task: 'repair', trigger: interval('1h'), payload: 'its own' })
    const failed = await scheduler.runJob('job', { payload: 'given' })
    await clock.settle()
    broken = false
    await expect((await scheduler.retryRun(failed.runId)).result()).resolves.toBe('given')
  })

  test('of a run that is not over, or that nobody knows, is rejected', async () => {
    const { scheduler } = await started()
    const { handler } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('1h') })
    const open = await scheduler.runJob('job')
    await expect(scheduler.retryRun(open.runId)).rejects.toMatchObject({ code: 'invalid-option' })
    await expect(scheduler.retryRun('job/1-1-0/x')).rejects.toMatchObject({ code: 'run-not-found' })
  })

  test('of a run that is no longer kept is rejected', async () => {
    const { scheduler, clock } = await started()
    scheduler.task('fail', () => {
      throw new Error('no')
    })
    await scheduler.addJob({ id: 'job', task: 'fail', trigger: interval('10s'), keepRuns: 1 })
    await clock.advance(20_000)
    const [, old] = await scheduler.getRuns('job', { all: true })
    await expect(scheduler.retryRun(old?.runId ?? '')).rejects.toMatchObject({ code: 'run-not-found' })
  })
})

describe('policies through the whole scheduler', () => {
  test('overlap queue runs what waited as soon as there is a place', async () => {
    const { scheduler, clock, told } = await started()
    const rows = [stubborn(), stubborn(), stubborn()]
    let calls = 0
    scheduler.task('wait', () => rows[calls++]?.handler())
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('10s'), overlap: 'queue', queueLimit: 2 })
    await clock.advance(40_000)
    expect(calls).toBe(1)
    expect(told.filter((event) => event.type === 'RunSkipped')).toMatchObject([{ why: 'queue-full' }])
    rows[0]?.letGo()
    await clock.settle()
    expect(calls).toBe(2)
    await scheduler.modifyJob('job', { maxInstances: 2 })
    await clock.settle()
    expect(calls).toBe(3)
  })

  test('overlap cancel-running ends what runs, and begins when it has ended', async () => {
    const { scheduler, clock } = await started()
    const began: number[] = []
    scheduler.task('wait', (context) => {
      began.push((context.run.scheduledAt.getTime() - T0) / 1_000)
      return obedient(context)
    })
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('10s'), overlap: 'cancel-running' })
    await clock.advance(30_000)
    expect(began).toEqual([10, 20, 30])
    const runs = await scheduler.getRuns('job')
    expect(runs.map(({ status }) => status)).toEqual(['queued', 'cancelled', 'cancelled'])
  })

  test('overlap cancel-running with a long catch-up and many open runs stops no other job', async () => {
    const { scheduler, clock, told } = await started()
    scheduler.task('wait', stubborn().handler)
    const replacing = { overlap: 'cancel-running', coalesce: 'all', maxCatchUp: 500 } as const
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: crontab('* * * * *'), ...replacing })
    await scheduler.addJob({ id: 'other', task: 'greet', trigger: interval('70s') })
    await scheduler.backfill('job', { from: T0 - 500 * 60_000, to: T0 })
    await clock.advance(150_000)
    expect(firedAt(told, 'other')).toEqual([70, 140])
  })

  test('a run that is picked up beyond its grace time is missed', async () => {
    const { scheduler, clock } = await started({ executors: { default: { concurrency: 1 } } })
    const { handler, letGo } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({ id: 'busy', task: 'wait' })
    await scheduler.addJob({ id: 'late', task: 'greet', trigger: interval('10s'), misfireGrace: '3s' })
    await clock.advance(14_000)
    letGo()
    await clock.settle()
    expect(await scheduler.getRuns('late')).toMatchObject([{ status: 'missed', scheduledAt: new Date(at(10)) }])
    expect(scheduler.getJob('late')?.counts.missed).toBe(1)
  })

  test('a run with a heartbeat is lost when it is silent, and lives while it says that it does', async () => {
    const { scheduler, clock } = await started()
    const { handler } = stubborn()
    let beat = (): void => {}
    scheduler.task('quiet', handler)
    scheduler.task('loud', ({ heartbeat }) => {
      beat = heartbeat
      return handler()
    })
    const job = { trigger: interval('1h'), heartbeatTimeout: '20s' } as const
    const quiet = await (await scheduler.addJob({ id: 'quiet', task: 'quiet', ...job })).runNow()
    const loud = await (await scheduler.addJob({ id: 'loud', task: 'loud', ...job })).runNow()
    for (let i = 0; i < 4; i += 1) {
      await clock.advance(10_000)
      beat()
    }
    await expect(quiet.result()).rejects.toMatchObject({ outcome: 'lost' })
    expect((await scheduler.getRun(loud.runId))?.status).toBe('running')
    await clock.advance(21_000)
    await expect(loud.result()).rejects.toMatchObject({ outcome: 'lost' })
  })

  test('an at-most-once run is executed once, and its job can be run again', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, delivery: 'at-most-once' })
    await expect((await scheduler.runJob('job')).result()).resolves.toEqual({ greeted: 'world' })
    await expect((await scheduler.runJob('job')).result()).resolves.toEqual({ greeted: 'world' })
  })

  test('a task that comes later is found by its next attempt', async () => {
    const { scheduler, clock } = await started()
    await scheduler.addJob({ id: 'job', task: 'later', trigger: interval('1h') })
    const run = await scheduler.runJob('job')
    await clock.settle()
    expect((await scheduler.getRun(run.runId))?.status).toBe('retrying')
    scheduler.task('later', () => 'found')
    await clock.advance(1_000)
    await expect(run.result()).resolves.toBe('found')
  })
})
