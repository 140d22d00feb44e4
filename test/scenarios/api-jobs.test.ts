/** The verbs for jobs, through the public face. */
import { describe, expect, test } from 'vitest'
import { calendarInterval, crontab, date, excluding, interval, or, type Trigger } from '../../src/index.ts'
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

describe('pauses', () => {
  test('of a job: nothing fires, and what came due is counted', async () => {
    const { scheduler, clock, told } = await started()
    const job = await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await job.pause({ reason: 'holidays' })
    await clock.advance(25_000)
    expect(scheduler.getJob('job')?.paused).toEqual({ reason: 'holidays', until: null })
    await job.resume()
    await clock.advance(10_000)
    expect(firedAt(told, 'job')).toEqual([30])
    expect(scheduler.getJob('job')?.counts.skipped).toBe(2)
  })

  test('of a job until a time end by themselves, and the time itself fires', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await scheduler.pauseJob('job', { until: new Date(at(30)) })
    expect(scheduler.getJob('job')?.paused).toEqual({ reason: null, until: new Date(at(30)) })
    await clock.advance(30_000)
    expect(firedAt(told, 'job')).toEqual([30])
    expect(scheduler.getJob('job')?.paused).toBe(null)
  })

  test('by labels hold jobs that are added later, and no others', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.pauseJobs({ team: 'a' }, { reason: 'audit' })
    await scheduler.addJob({ id: 'held', ...EVERY_10S, labels: { team: 'a', env: 'live' } })
    await scheduler.addJob({ id: 'free', ...EVERY_10S, labels: { team: 'b' } })
    await clock.advance(25_000)
    expect([firedAt(told, 'held'), firedAt(told, 'free')]).toEqual([[], [10, 20]])
    await scheduler.resumeJobs({ team: 'a' })
    await clock.advance(10_000)
    expect(firedAt(told, 'held')).toEqual([30])
    expect(scheduler.getJob('held')?.counts.skipped).toBe(2)
  })

  test('by labels until a time end by themselves', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await scheduler.pauseJobs({}, { until: at(15) })
    await clock.advance(20_000)
    expect(firedAt(told, 'job')).toEqual([20])
    expect(scheduler.getJob('job')?.counts.skipped).toBe(1)
  })

  test('of the schedule judge what came due when it goes on', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'late', ...EVERY_10S, misfireGrace: '1s' })
    await scheduler.addJob({ id: 'any', ...EVERY_10S })
    await scheduler.pause({ reason: 'migration' })
    expect(scheduler.state).toBe('paused')
    await clock.advance(35_000)
    expect([firedAt(told, 'late'), firedAt(told, 'any')]).toEqual([[], []])
    await scheduler.resume()
    await clock.settle()
    expect(scheduler.state).toBe('running')
    expect([firedAt(told, 'late'), firedAt(told, 'any')]).toEqual([[], [30]])
    expect(scheduler.getJob('late')?.counts.missed).toBe(3)
  })

  test('of the schedule until a time end by themselves', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await scheduler.pause({ until: at(25) })
    await clock.advance(24_999)
    expect([scheduler.state, firedAt(told, 'job')]).toEqual(['paused', []])
    await clock.advance(1)
    expect([scheduler.state, firedAt(told, 'job')]).toEqual(['running', [20]])
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

describe('exportJobs and importJobs', () => {
  /** The next ten times of a job from the present on, told by its fires. */
  async function nextTimes(trigger: Trigger, ahead: number, times: number): Promise<[number[], number[]]> {
    const here = await started()
    await here.scheduler.addJob({ id: 'job', task: 'greet', trigger, payload: { name: 'you' } })
    await here.clock.advance(ahead)
    const file = JSON.parse(JSON.stringify(here.scheduler.exportJobs())) as unknown
    const there = await started()
    await there.clock.set(here.clock.now() + 1_000)
    await here.clock.set(there.clock.now())
    await expect(there.scheduler.importJobs(file)).resolves.toBe(1)
    const [before, after] = [here.told.length, there.told.length]
    for (let i = 0; i < times; i += 1) {
      const next = Math.min(...[here, there].map(({ clock }) => clock.nextTimerAt() ?? Infinity))
      for (const { clock } of [here, there]) await clock.advance(next - clock.now())
    }
    return [firedAt(here.told.slice(before), 'job'), firedAt(there.told.slice(after), 'job')]
  }

  test.each<[string, Trigger, number]>([
    ['an interval', interval('10s'), 13_000],
    ['an interval with a start', interval('10s', { start: at(3) }), 15_000],
    ['an interval in a combination', or([interval('10s'), interval('25s')]), 13_000],
    ['an interval without its Sundays', excluding(interval('7h'), { weekdays: ['sun'] }), 25_000_000],
    ['every third day', calendarInterval({ days: 3, time: '10:00', zone: 'Asia/Tokyo' }), 200_000_000],
    ['a crontab', crontab('*/7 * * * *'), 13_000],
  ])('keep the phase of %s', async (_what, trigger, ahead) => {
    const [here, there] = await nextTimes(trigger, ahead, 4)
    expect(here.length).toBeGreaterThan(2)
    expect(there).toEqual(here)
  })

  test('keep everything that a job is made of', async () => {
    const here = await started()
    await here.scheduler.addJob({
      id: 'job',
      task: 'greet',
      payload: new Uint8Array([1, 2, 255]),
      contentType: 'application/x-bytes',
      headers: { traceparent: '00-1' },
      trigger: interval('10s'),
      name: 'greeter',
      description: 'says hello',
      labels: { team: 'a' },
      metadata: { ticket: [1, null, 'x'] },
      misfireGrace: '5s',
      coalesce: 'all',
      maxCatchUp: 7,
      maxInstances: 2,
      overlap: 'queue',
      queueLimit: 3,
      retry: { maxAttempts: 4, initial: '2s', nonRetryable: ['TypeError'] },
      timeout: '1m',
      heartbeatTimeout: '20s',
      delivery: 'at-most-once',
      keepRuns: 5,
      paused: true,
    })
    const there = await started()
    await there.scheduler.importJobs(JSON.parse(JSON.stringify(here.scheduler.exportJobs())))
    const [was, is] = [here, there].map(({ scheduler }) => scheduler.getJob('job'))
    expect(was).toMatchObject({
      payload: new Uint8Array([1, 2, 255]),
      headers: { traceparent: '00-1' },
      queueLimit: 3,
      nextFireTime: new Date(at(10)),
    })
    const anchored = { ...was?.trigger, start: new Date(T0).toISOString() }
    expect(is).toEqual({ ...was, trigger: anchored, incarnation: is?.incarnation })
  })

  test('keep the reason and the end of a pause, of a job that was not there', async () => {
    const here = await started()
    await here.scheduler.addJob({ id: 'job', ...EVERY_10S })
    await here.scheduler.addJob({ id: 'there', ...EVERY_10S })
    await here.scheduler.pauseJob('job', { reason: 'audit', until: at(95) })
    await here.scheduler.pauseJob('there', { reason: 'audit' })
    const there = await started()
    await there.scheduler.addJob({ id: 'there', ...EVERY_10S })
    await there.scheduler.importJobs(JSON.parse(JSON.stringify(here.scheduler.exportJobs())))
    expect(there.scheduler.getJob('job')?.paused).toEqual({ reason: 'audit', until: new Date(at(95)) })
    expect(there.scheduler.getJob('there')?.paused).toBe(null)
    await there.clock.advance(100_000)
    expect(firedAt(there.told, 'job')).toEqual([100])
  })

  test('go on counting the repetitions that are left', async () => {
    const [here, there] = await nextTimes(interval('10s', { repeat: 3 }), 13_000, 9)
    expect(here).toEqual([20, 30])
    expect(there).toEqual(here)
  })

  test('leave out a job that only waits for the end of its run: nothing is left to schedule', async () => {
    const here = await started()
    const { handler } = stubborn()
    here.scheduler.task('wait', handler)
    await here.scheduler.addJob({ id: 'once', task: 'wait' })
    await here.scheduler.addJob({ id: 'job', ...EVERY_10S })
    await here.clock.settle()
    expect(here.scheduler.getJob('once')?.nextFireTime).toBe(null)
    expect(here.scheduler.exportJobs().jobs.map(({ id }) => id)).toEqual(['job'])
  })

  test('into the scheduler they came from change no time', async () => {
    const { scheduler, clock, told } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await clock.advance(13_000)
    await scheduler.importJobs(scheduler.exportJobs())
    await clock.advance(20_000)
    expect(firedAt(told, 'job')).toEqual([10, 20, 30])
  })

  test('follow ifExists, and stop at the first job that is refused', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'a', ...EVERY_10S })
    await scheduler.addJob({ id: 'b', ...EVERY_10S })
    const file = scheduler.exportJobs()
    await scheduler.removeAllJobs()
    await scheduler.addJob({ id: 'b', ...EVERY_10S, name: 'mine' })
    await expect(scheduler.importJobs(file, { ifExists: 'reject' })).rejects.toMatchObject({ code: 'job-exists' })
    await expect(scheduler.importJobs(file, { ifExists: 'keep' })).resolves.toBe(2)
    expect(scheduler.getJobs().map(({ id, name }) => [id, name])).toEqual([
      ['a', null],
      ['b', 'mine'],
    ])
  })

  test.each([
    ['no file', null, 'file'],
    ['another version', { horolog: 2, jobs: [] }, 'file'],
    ['no list', { horolog: 1, jobs: {} }, 'file.jobs'],
    ['a job without an id', { horolog: 1, jobs: [{ task: 'greet' }] }, 'file.jobs[0].id'],
    ['no base64', { horolog: 1, jobs: [{ id: 'a', payloadBase64: '?' }] }, 'file.jobs[0].payloadBase64'],
    ['no instant', { horolog: 1, jobs: [{ id: 'a', nextFireTime: 'soon' }] }, 'file.jobs[0].nextFireTime'],
  ])('refuse %s, with its place', async (_what, file, path) => {
    const { scheduler } = await started()
    await expect(scheduler.importJobs(file)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringMatching(new RegExp(`^${path.replaceAll(/[[\]]/g, String.raw`\$&`)}: `)) as string,
    })
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
