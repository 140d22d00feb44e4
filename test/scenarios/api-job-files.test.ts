/** Jobs as a file: what `exportJobs` writes and `importJobs` reads, through the public face. */
import { describe, expect, test } from 'vitest'
import { calendarInterval, crontab, excluding, interval, or, type Trigger } from '../../src/index.ts'
import { at, T0 } from '../support/moments.ts'
import { firedAt, started, stubborn } from './open-scheduler.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const

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
