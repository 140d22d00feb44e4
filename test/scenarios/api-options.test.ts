/** The ways to configure a scheduler, and the states that it goes through. */
import { describe, expect, test, vi } from 'vitest'
import { crontab, interval, type JobInfo, type Logger, type SchedulerOptions } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { at } from '../support/moments.ts'
import { firedAt, openScheduler, started, stubborn } from './open-scheduler.ts'

const DAILY = { id: 'job', task: 'greet', trigger: crontab('0 9 * * *') } as const

const OBJECT: SchedulerOptions = {
  log: 'memory:',
  timezone: 'Europe/Paris',
  executors: { default: { concurrency: 2 }, reports: { concurrency: 1 } },
  jobDefaults: {
    misfireGrace: '90s',
    coalesce: 'earliest',
    maxInstances: 3,
    timeout: 'PT1M',
    retry: { maxAttempts: 4, initial: '2s', multiplier: 3, jitter: 0.5, nonRetryable: ['TypeError', 'RangeError'] },
    keepRuns: 2,
  },
}
/** As an ini file or the environment has them: all texts. */
const FLAT = {
  log: 'memory:',
  timezone: 'Europe/Paris',
  'executors.default.concurrency': '2',
  'executors.reports.concurrency': ' 1 ',
  'jobDefaults.misfireGrace': '90s',
  'jobDefaults.coalesce': 'earliest',
  'jobDefaults.maxInstances': '3',
  'jobDefaults.timeout': 'PT1M',
  'jobDefaults.retry.maxAttempts': '4',
  'jobDefaults.retry.initial': '2s',
  'jobDefaults.retry.multiplier': '3',
  'jobDefaults.retry.jitter': '0.5',
  'jobDefaults.retry.nonRetryable': 'TypeError, RangeError',
  'jobDefaults.keepRuns': '2',
} as const
const prefixed = (prefix: string) =>
  Object.fromEntries(Object.entries(FLAT).map(([key, value]) => [prefix + key, value]))

/** What a job and its schedule look like under the options, and how many of its runs run at a time. */
async function effectOf(options: Parameters<typeof openScheduler>[0]): Promise<[Partial<JobInfo>, number]> {
  const { scheduler, clock } = await openScheduler(options)
  const { handler } = stubborn()
  let running = 0
  scheduler.task('wait', () => {
    running += 1
    return handler()
  })
  await scheduler.start()
  await scheduler.addJob({ ...DAILY, executor: 'reports' })
  for (const id of ['a', 'b', 'c']) await scheduler.addJob({ id, task: 'wait' })
  await clock.settle()
  const { incarnation: _own, ...job } = scheduler.getJob('job') ?? {}
  return [job, running]
}

describe('options', () => {
  test('as an object and flat under a prefix are equal in effect', async () => {
    const object = await effectOf(OBJECT)
    const [job, running] = object
    expect(running).toBe(2)
    expect(job).toMatchObject({
      trigger: { zone: 'Europe/Paris' },
      nextFireTime: new Date(at(23 * 3_600)),
      misfireGraceMs: 90_000,
      coalesce: 'earliest',
      maxInstances: 3,
      timeoutMs: 60_000,
      retry: {
        maxAttempts: 4,
        initialMs: 2_000,
        multiplier: 3,
        maxMs: 300_000,
        jitter: 0.5,
        nonRetryable: ['TypeError', 'RangeError'],
      },
      keepRuns: 2,
    })
    expect(await effectOf({ flat: prefixed('horolog.') })).toEqual(object)
    expect(await effectOf({ flat: prefixed('my.app.'), prefix: 'my.app.' })).toEqual(object)
  })

  test('that are flat and without the prefix are none of ours', async () => {
    const flat = { 'horolog.log': 'memory:', 'other.timezone': 'Mars/Olympus', PATH: '/bin' }
    const { scheduler } = await openScheduler({ flat })
    await scheduler.addJob(DAILY)
    expect(scheduler.getJob('job')?.trigger).toMatchObject({ zone: 'UTC' })
  })

  test('that are flat under a prefix with a slip in it are refused, not left out', async () => {
    const path = 'horologg.log'
    await expect(openScheduler({ flat: { [path]: 'memory:' } })).rejects.toMatchObject({ name: 'OptionError', path })
  })

  test('that are flat may say none: no grace, no time-out', async () => {
    const flat = {
      'horolog.log': 'memory:',
      'horolog.profile': 'apscheduler',
      'horolog.jobDefaults.misfireGrace': 'none',
    }
    const { scheduler } = await openScheduler({ flat })
    await scheduler.addJob(DAILY)
    expect(scheduler.getJob('job')?.misfireGraceMs).toBe(null)
  })

  test.each([
    { maxClockSkew: null },
    { maxClockSkew: '1s' },
    { flat: { 'horolog.log': 'memory:', 'horolog.maxClockSkew': 'none' } },
    { flat: { 'horolog.log': 'memory:', 'horolog.maxClockSkew': 'PT90S' } },
  ])('may say how wrong a clock may be: %o', async (options) => {
    await expect(openScheduler(options)).resolves.toBeDefined()
  })

  test.each<[string, SchedulerOptions | { flat: Record<string, unknown> }, string]>([
    ['a log of no kind', { log: 'ftp://x' }, 'log'],
    ['a zone that is none', { timezone: 'Mars/Olympus' }, 'timezone'],
    ['a profile that is none', { profile: 'quartz' as never }, 'profile'],
    ['no slot', { executors: { default: { concurrency: 0 } } }, 'executors.default.concurrency'],
    ['a default out of its range', { jobDefaults: { maxInstances: 0 } }, 'jobDefaults.maxInstances'],
    ['a clock that must be better than clocks are', { log: 'memory:', maxClockSkew: '999ms' }, 'maxClockSkew'],
    ['a word for a number', { flat: { 'horolog.executors.a.concurrency': 'many' } }, 'horolog.executors.a.concurrency'],
    ['an option below a value', { flat: { 'horolog.log': 'memory:', 'horolog.log.x': '1' } }, 'horolog.log.x'],
    ['a path with a hole', { flat: { 'horolog.jobDefaults..x': '1' } }, 'horolog.jobDefaults..x'],
  ])('with %s are refused, with the path', async (_what, options, path) => {
    await expect(openScheduler(options)).rejects.toMatchObject({
      name: 'OptionError',
      code: 'invalid-option',
      path,
      message: expect.stringMatching(/: expected .+, got .+/) as string,
    })
  })
})

describe('configure', () => {
  test('before the start changes zone, defaults and profile for what comes', async () => {
    const { scheduler } = await openScheduler()
    await scheduler.addJob({ ...DAILY, id: 'before' })
    scheduler.configure({ timezone: 'Asia/Tokyo', jobDefaults: { misfireGrace: '1m' } })
    await scheduler.addJob({ ...DAILY, id: 'after' })
    expect(scheduler.getJob('before')).toMatchObject({ trigger: { zone: 'UTC' }, misfireGraceMs: null })
    expect(scheduler.getJob('after')).toMatchObject({ trigger: { zone: 'Asia/Tokyo' }, misfireGraceMs: 60_000 })
  })

  test('twice keeps what the first said of other options', async () => {
    const { scheduler } = await openScheduler()
    scheduler.configure({ timezone: 'Asia/Tokyo' }).configure({ profile: 'apscheduler' })
    await scheduler.addJob(DAILY)
    expect(scheduler.getJob('job')).toMatchObject({ trigger: { zone: 'Asia/Tokyo' }, misfireGraceMs: 1_000 })
  })

  test('with a wrong option changes nothing', async () => {
    const { scheduler } = await openScheduler()
    expect(() => scheduler.configure({ timezone: 'Mars/Olympus' })).toThrow('timezone')
    await scheduler.addJob(DAILY)
    expect(scheduler.getJob('job')?.trigger).toMatchObject({ zone: 'UTC' })
  })

  test('after the start is refused', async () => {
    const { scheduler } = await started()
    expect(() => scheduler.configure({ timezone: 'Asia/Tokyo' })).toThrow('not started')
  })
})

describe('the profile apscheduler', () => {
  test('gives a second of grace, the latest of several times, and refuses a job that exists', async () => {
    const { scheduler, clock, told } = await started({ profile: 'apscheduler' })
    const job = { id: 'job', task: 'greet', trigger: interval('10s') } as const
    await scheduler.addJob(job)
    expect(scheduler.getJob('job')).toMatchObject({ misfireGraceMs: 1_000, coalesce: 'latest', maxInstances: 1 })
    await expect(scheduler.addJob(job)).rejects.toMatchObject({ code: 'job-exists' })
    await scheduler.addJob({ ...job, ifExists: 'replace', name: 'replaced' })
    await clock.set(at(35))
    await clock.settle()
    expect(firedAt(told, 'job')).toEqual([])
    expect(scheduler.getJob('job')?.counts.missed).toBe(3)
  })

  test('gives way to what the defaults or the job say', async () => {
    const { scheduler } = await started({ profile: 'apscheduler', jobDefaults: { misfireGrace: '1h' } })
    await scheduler.addJob({ ...DAILY, id: 'a' })
    await scheduler.addJob({ ...DAILY, id: 'b', misfireGrace: '5s' })
    expect([scheduler.getJob('a')?.misfireGraceMs, scheduler.getJob('b')?.misfireGraceMs]).toEqual([3_600_000, 5_000])
  })

  test('is not ours: by default nothing is too late, and an equal job is left as it is', async () => {
    const { scheduler } = await started()
    await scheduler.addJob(DAILY)
    await scheduler.addJob(DAILY)
    expect(scheduler.getJob('job')).toMatchObject({ misfireGraceMs: null, version: 1 })
  })
})

describe('an option that is not there', () => {
  test.each<readonly [object, string, string]>([
    [{ timezon: 'UTC' }, 'timezon', 'timezone'],
    [{ executors: { default: { concurency: 2 } } }, 'executors.default.concurency', 'concurrency'],
    [{ flat: { 'horolog.jobdefaults.timeout': '1m' } }, 'jobdefaults', 'jobDefaults'],
  ])('as in %j is refused, with the one that may be meant', async (options, path, meant) => {
    const opening = openScheduler(options)
    await expect(opening).rejects.toMatchObject({ name: 'OptionError', path })
    await expect(opening).rejects.toThrow(`did you mean '${meant}'?`)
  })

  test('among the defaults of jobs, or of those that can be changed before the start, is refused as well', async () => {
    await expect(openScheduler({ jobDefaults: { timout: '1m' } as object })).rejects.toThrow(
      `jobDefaults.timout: expected an option of a job (did you mean 'timeout'?)`,
    )
    const { scheduler } = await openScheduler()
    expect(() => scheduler.configure({ log: 'memory:' } as object)).toThrow('log: expected the name of an option, got')
    expect(() => scheduler.configure({ timeZone: 'UTC' } as object)).toThrow(`did you mean 'timezone'?`)
  })
})

describe('a scheduler', () => {
  test('answers before its start, and fires nothing', async () => {
    const { scheduler, clock, told } = await openScheduler()
    scheduler.task('greet', () => 'hello')
    await scheduler.addJob({ id: 'job', task: 'greet', trigger: interval('10s'), maxInstances: 2 })
    const run = await scheduler.runJob('job')
    await clock.advance(25_000)
    expect([scheduler.state, (await scheduler.getRun(run.runId))?.status]).toEqual(['open', 'queued'])
    await scheduler.start()
    await expect(run.result()).resolves.toBe('hello')
    await clock.settle()
    expect([scheduler.state, firedAt(told, 'job')]).toEqual(['running', [0, 20]])
  })

  test('started paused fires nothing until it is resumed, and says so', async () => {
    const { scheduler, clock, told } = await openScheduler()
    scheduler.task('greet', () => 'hello')
    await scheduler.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
    await scheduler.start({ paused: true })
    await clock.advance(25_000)
    expect([scheduler.state, firedAt(told, 'job')]).toEqual(['paused', []])
    await expect((await scheduler.runJob('job')).result()).resolves.toBe('hello')
    await scheduler.resume()
    await clock.settle()
    expect([scheduler.state, firedAt(told, 'job')]).toEqual(['running', [25, 20]])
  })

  test('says so when nobody starts it, and only then', async () => {
    const warn = vi.fn<Logger['warn']>()
    const logger = { ...SILENT, warn }
    const { clock } = await openScheduler({ logger })
    const { clock: other } = await started({ logger })
    await clock.advance(9_000)
    await other.advance(60_000)
    expect(warn).not.toHaveBeenCalled()
    await clock.advance(1_000)
    expect(warn).toHaveBeenCalledExactlyOnceWith({ partitions: [0] }, expect.stringContaining('was not started'))
  })

  test('is started once, and not after its shutdown', async () => {
    const { scheduler } = await started()
    await expect(scheduler.start()).rejects.toMatchObject({ code: 'invalid-option' })
    await scheduler.shutdown()
    expect(scheduler.state).toBe('stopped')
    await expect(scheduler.start()).rejects.toMatchObject({ code: 'closed' })
    await expect(scheduler.addJob(DAILY)).rejects.toMatchObject({ code: 'closed' })
  })

  test('shuts down when what runs is over, and takes nothing more meanwhile', async () => {
    const { scheduler, clock, told } = await started()
    const { handler, letGo } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({ id: 'long', task: 'wait' })
    await scheduler.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
    await clock.settle()
    const down = scheduler.shutdown({ deadline: '1m' })
    await clock.advance(20_000)
    letGo()
    await down
    expect(firedAt(told, 'job')).toEqual([])
    expect(told.map(({ type }) => type)).toContain('RunSucceeded')
  })

  test('shuts down at its deadline, and leaves what is not over to the next start', async () => {
    const { scheduler, clock, told } = await started()
    scheduler.task('wait', stubborn().handler)
    await scheduler.addJob({ id: 'long', task: 'wait' })
    await clock.settle()
    const down = scheduler.shutdown({ deadline: '1m' })
    await clock.advance(60_000)
    await down
    expect(told.map(({ type }) => type)).not.toContain('RunSucceeded')
    expect(told.at(-1)?.type).toBe('SchedulerShutdown')
  })
})
