/** Pauses of jobs, of labels and of the schedule, through the public face. */
import { describe, expect, test } from 'vitest'
import { type JobHold, interval } from '../../src/index.ts'
import { at } from '../support/moments.ts'
import { firedAt, started } from './open-scheduler.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const

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
    await scheduler.addJob({ id: 'job', ...EVERY_10S, labels: { team: 'a' } })
    await scheduler.pauseJobs({ team: 'a' }, { until: at(15) })
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

describe('what holds a job', () => {
  const held = (kind: JobHold['kind'], rest: Partial<JobHold> = {}): JobHold => {
    return { kind, labels: null, reason: null, until: null, ...rest }
  }

  test('is each pause above it: its own, those by labels that it has, that of the schedule', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, labels: { team: 'a', env: 'live' } })
    await scheduler.pause({ reason: 'migration' })
    await scheduler.pauseJobs({ team: 'a' }, { reason: 'audit', until: at(60) })
    await scheduler.pauseJobs({ team: 'b' })
    await scheduler.pauseJob('job', { reason: 'wrong data' })
    expect(scheduler.getJob('job')?.heldBy).toEqual([
      held('job', { reason: 'wrong data' }),
      held('labels', { labels: { team: 'a' }, reason: 'audit', until: new Date(at(60)) }),
      held('schedule', { reason: 'migration' }),
    ])
  })

  test('is there while it has no pause of its own, and is gone with the resume', async () => {
    const { scheduler } = await started()
    await scheduler.pauseJobs({ team: 'a' })
    await scheduler.addJob({ id: 'job', ...EVERY_10S, labels: { team: 'a' } })
    await scheduler.addJob({ id: 'free', ...EVERY_10S, labels: { team: 'b' } })
    expect(scheduler.getJobs()).toMatchObject([
      { id: 'free', paused: null, heldBy: [] },
      { id: 'job', paused: null, heldBy: [held('labels', { labels: { team: 'a' } })] },
    ])
    await scheduler.resumeJobs({ team: 'a' })
    expect(scheduler.getJob('job')?.heldBy).toEqual([])
  })

  test('stands in the table of printJobs in place of the next time', async () => {
    const { scheduler } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S, labels: { team: 'a' } })
    await scheduler.pauseJobs({ team: 'a' }, { reason: 'audit' })
    let text = ''
    scheduler.printJobs({ write: (lines) => (text += lines) })
    expect(text).toMatch(/^job {2}greet {2}.* {2}paused by team=a: audit\n$/)
  })
})

test('a pause of no labels is refused, and says how the whole schedule is paused', async () => {
  const { scheduler, told } = await started()
  await expect(scheduler.pauseJobs({})).rejects.toMatchObject({
    code: 'invalid-option',
    message: 'labels: expected at least one, got none: pause() pauses the whole schedule',
  })
  expect(told.filter(({ type }) => type === 'JobsPaused')).toEqual([])
})
