/** The verbs for jobs, through the public face. */
import { describe, expect, test } from 'vitest'
import { crontab, date, interval } from '../../src/index.ts'
import { at, T0 } from '../support/moments.ts'
import { firedAt, openScheduler, started, stubborn } from './open-scheduler.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const

describe('modifyJob', () => {
  test('changes what it names and keeps the phase', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, payload: { name: 'you' }, misfireGrace: '1m' })
    await clock.advance(14_000)
    await scheduler.modifyJob('job', { name: 'greeter', misfireGrace: null, retry: { maxAttempts: 3 } })
    expect(scheduler.getJob('job')).toMatchObject({
      name: 'greeter',
      version: 2,
      payload: { name: 'you' },
      misfireGraceMs: null,
      retry: { maxAttempts: 3, initialMs: 1_000 },
      nextFireTime: new Date(at(20)),
    })
    await clock.advance(7_000)
    expect(firedAt(told, 'job')).toEqual([10, 20])
  })

  test('takes null for none, whatever the default of the scheduler', async () => {
    const { scheduler } = await started({ jobDefaults: { misfireGrace: '1m', timeout: '5s', heartbeatTimeout: '1s' } })
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await scheduler.modifyJob('job', { misfireGrace: null, timeout: null, heartbeatTimeout: null })
    const none = { misfireGraceMs: null, timeoutMs: null, heartbeatTimeoutMs: null }
    expect(scheduler.getJob('job')).toMatchObject(none)
  })

  test('that changes nothing leaves the version', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, name: 'greeter' })
    await scheduler.modifyJob('job', { name: 'greeter' })
    expect(scheduler.getJob('job')?.version).toBe(1)
  })

  test('of another version is a conflict', async () => {
    const { scheduler } = await started()
    const job = await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await job.modify({ name: 'a' }, { version: 1 })
    await expect(job.modify({ name: 'b' }, { version: 1 })).rejects.toMatchObject({
      name: 'RejectedError',
      code: 'version-conflict',
      path: 'version',
    })
    expect(scheduler.getJob('job')).toMatchObject({ name: 'a', version: 2 })
  })

  test('may give the next fire time, as any kind of instant', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await scheduler.modifyJob('job', { nextFireTime: new Date(at(3)).toISOString() })
    await clock.advance(11_000)
    expect(firedAt(told, 'job')).toEqual([3, 10])
  })

  test('lets a run that is under way keep what it began with', async () => {
    const { scheduler, clock } = await started()
    const { handler, letGo } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('10s') })
    const run = await scheduler.runJob('job')
    await scheduler.modifyJob('job', { task: 'greet' })
    letGo('old')
    await expect(run.result()).resolves.toBe('old')
    await clock.settle()
    await expect((await scheduler.runJob('job')).result()).resolves.toEqual({ greeted: 'world' })
  })
})

describe('rescheduleJob', () => {
  test('begins the phase anew, also with an equal trigger', async () => {
    const { scheduler, clock, told } = await started()
    const job = await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await clock.advance(4_000)
    await job.reschedule(interval('10s'))
    await clock.advance(20_000)
    expect(firedAt(told, 'job')).toEqual([14, 24])
  })

  test('by a trigger that is over is rejected, and the job goes on', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await clock.advance(5_000)
    const over = interval('1s', { start: at(0), end: at(4) })
    await expect(scheduler.rescheduleJob('job', over)).rejects.toMatchObject({ code: 'never-fires' })
    await clock.advance(5_000)
    expect(firedAt(told, 'job')).toEqual([10])
  })
})

describe('removeJob and removeAllJobs', () => {
  test('leave nothing that fires', async () => {
    const { scheduler, clock, told } = await started()
    const job = await scheduler.addJob({ id: 'a', ...EVERY_10S })
    await scheduler.addJob({ id: 'b', ...EVERY_10S })
    await job.remove()
    expect(scheduler.getJobs().map(({ id }) => id)).toEqual(['b'])
    await scheduler.removeAllJobs()
    await clock.advance(30_000)
    expect([scheduler.getJobs(), firedAt(told, 'a'), firedAt(told, 'b')]).toEqual([[], [], []])
  })

  test('let what runs finish, and end what waits', async () => {
    const { scheduler, clock } = await started()
    const { handler, letGo } = stubborn()
    scheduler.task('wait', handler)
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: interval('1h'), overlap: 'queue' })
    const running = await scheduler.runJob('job')
    const waiting = await scheduler.runJob('job')
    await clock.advance(2_000)
    await scheduler.removeAllJobs()
    await expect(waiting.result()).rejects.toMatchObject({ outcome: 'cancelled' })
    letGo('done')
    await expect(running.result()).resolves.toBe('done')
  })
})

describe('backfill', () => {
  test('says first what it would run, and then runs it in order', async () => {
    const { scheduler, clock } = await started()
    const calls: string[] = []
    scheduler.task('record', ({ run }) => void calls.push(run.scheduledAt.toISOString().slice(0, 10)))
    await scheduler.addJob({ id: 'job', task: 'record', trigger: crontab('0 0 * * *') })
    const range = { from: '2026-12-29T00:00:00Z', to: new Date('2027-01-01T00:00:00Z') }
    const dry = await scheduler.backfill('job', { ...range, dryRun: true })
    expect(dry).toEqual({
      count: 3,
      times: ['29', '30', '31'].map((day) => new Date(`2026-12-${day}T00:00:00Z`)),
      runs: [],
    })
    const filled = await scheduler.backfill('job', range)
    expect(filled).toMatchObject({ count: 3, times: dry.times })
    await clock.settle()
    await Promise.all(filled.runs.map((run) => run.result()))
    expect(calls).toEqual(['2026-12-29', '2026-12-30', '2026-12-31'])
  })

  test('that is repeated under its command id says what it made, also when some of it is over', async () => {
    const { scheduler, clock } = await started()
    const { handler, letGo } = stubborn()
    let calls = 0
    scheduler.task('wait', () => (calls++ === 0 ? 'first' : handler()))
    await scheduler.addJob({ id: 'job', task: 'wait', trigger: crontab('0 0 * * *') })
    const range = { from: '2026-12-29T00:00:00Z', to: '2027-01-01T00:00:00Z', commandId: 'fill' }
    const made = await scheduler.backfill('job', range)
    await scheduler.backfill('job', { ...range, from: '2026-12-30T00:00:00Z', commandId: 'fill/2' })
    await clock.settle()
    const again = await scheduler.backfill('job', range)
    expect(again).toMatchObject({ count: 3, times: made.times })
    expect(again.runs.map(({ runId }) => runId)).toEqual(made.runs.map(({ runId }) => runId))
    await expect(again.runs[0]?.result()).resolves.toBe('first')
    const dry = await scheduler.backfill('job', { ...range, dryRun: true })
    expect(dry).toMatchObject({ count: 3, runs: [] })
    letGo()
  })

  test('of a range without a time runs nothing', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'job', task: 'greet', trigger: crontab('0 0 * * *') })
    const range = { from: '2026-12-29T01:00:00Z', to: '2026-12-29T02:00:00Z' }
    await expect(scheduler.backfill('job', range)).resolves.toEqual({ count: 0, times: [], runs: [] })
  })

  test('of more than 500 times is rejected, with the limit', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'job', task: 'greet', trigger: crontab('* * * * *') })
    await expect(scheduler.backfill('job', { from: T0 - 501 * 60_000, to: T0 })).rejects.toMatchObject({
      code: 'limit-exceeded',
      message: expect.stringContaining('500') as string,
    })
    const most = await scheduler.backfill('job', { from: T0 - 500 * 60_000, to: T0, dryRun: true })
    expect([most.count, most.times.length]).toEqual([500, 100])
  })
})

describe('a job that is given another trigger', () => {
  test('after an outage has all that came due decided before, however much it is, and is answered once', async () => {
    const { scheduler, clock } = await openScheduler()
    scheduler.task('greet', () => 'hello')
    const answers: unknown[] = []
    const decided: number[] = []
    scheduler.on('RunSkipped', ({ times }) => decided.push(times.count))
    scheduler.on('RunQueued', ({ coalesced, scheduledAt }) => {
      decided.push(1 + (coalesced?.count ?? 0))
      expect(scheduledAt).toEqual(new Date(at(50_000)))
    })
    scheduler.on('JobModified', ({ commandId }) => answers.push(commandId))
    await scheduler.addJob({ id: 'job', task: 'greet', trigger: interval('1s') })
    await clock.advance(50_000_500)
    const rescheduled = scheduler.rescheduleJob('job', interval('1h'), { commandId: 'move' })
    await scheduler.addJob({ id: 'other', task: 'greet', trigger: interval('1h') })
    await rescheduled
    expect(decided).toEqual([20_000, 20_000, 10_000])
    expect(answers).toEqual(['move'])
    expect(scheduler.getJob('job')?.nextFireTime).toEqual(new Date(at(53_600.5)))
  })
})

describe('printJobs', () => {
  test('writes a line for each job, by its next time', async () => {
    const { scheduler } = await openScheduler()
    await scheduler.addJob({ id: 'daily', task: 'report', trigger: crontab('0 10 * * *') })
    await scheduler.addJob({ id: 'often', task: 'greet', trigger: interval('10s') })
    await scheduler.addJob({ id: 'held', task: 'greet', trigger: date(at(3_000)), paused: true })
    let written = ''
    scheduler.printJobs({ write: (text) => (written += text) })
    const lines = written.trimEnd().split('\n')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['often', 'held', 'daily'])
    expect(lines[0]).toContain('2027-01-01T09:00:10.000Z')
    expect(lines[1]).toContain('paused')
    expect(lines[2]).toContain('report')
  })

  test('says when there are none', async () => {
    const { scheduler } = await openScheduler()
    let written = ''
    scheduler.printJobs({ write: (text) => (written += text) })
    expect(written).toBe('no jobs\n')
  })
})

test('job() registers the task and adds the job in one call, and again at every start without effect', async () => {
  const { scheduler, clock, told } = await openScheduler()
  let calls = 0
  const job = await scheduler.job('tick', interval('10s'), () => void (calls += 1), { labels: { team: 'a' } })
  expect(job.id).toBe('tick')
  await scheduler.start()
  await clock.advance(20_000)
  expect([calls, firedAt(told, 'tick')]).toEqual([2, [10, 20]])
  await expect(scheduler.job('tick', interval('10s'), () => {})).rejects.toMatchObject({ code: 'invalid-option' })
})
