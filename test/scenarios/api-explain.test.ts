/** `explain`: why a job or a run did or did not run, through the public face. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/index.ts'
import { at } from '../support/moments.ts'
import { World } from '../support/world.ts'
import { started } from './open-scheduler.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const

describe('explain', () => {
  test('says of each pause above a job since when, by whom, why and until when', async () => {
    const { scheduler, clock } = await started()
    await scheduler.pauseJobs({ team: 'a' }, { actor: 'ben', until: at(60) })
    await scheduler.addJob({ id: 'job', ...EVERY_10S, labels: { team: 'a' } })
    await clock.advance(5_000)
    await scheduler.pauseJob('job', { actor: 'ann', reason: 'wrong data' })
    expect(await scheduler.explain('job')).toMatchObject({
      jobId: 'job',
      runId: null,
      at: null,
      verdict: [
        `It does not fire: it is paused by ann since ${new Date(at(5)).toISOString()}: wrong data.`,
        expect.stringContaining('jobs with team=a are paused by ben'),
        'It had 0 runs.',
      ],
      heldBy: [
        { kind: 'job', reason: 'wrong data', until: null, since: new Date(at(5)), actor: 'ann' },
        { kind: 'labels', labels: { team: 'a' }, until: new Date(at(60)), since: new Date(at(0)), actor: 'ben' },
      ],
    })
  })

  test('counts what became of the times of a job, and tells the last facts in words', async () => {
    const { scheduler, clock } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await clock.advance(30_000)
    const explained = await scheduler.explain('job', { limit: 2 })
    expect(explained?.counts).toMatchObject({ runs: { trigger: 3 }, outcomes: { succeeded: 3 }, retries: 0 })
    expect(explained?.timeline.map(({ type, time }) => [type, time])).toEqual([
      ['RunQueued', new Date(at(30))],
      ['RunSucceeded', new Date(at(30))],
    ])
    expect(explained?.omitted).toBeGreaterThan(2)
  })

  test('says what became of one scheduled time, and of a time that was none', async () => {
    const { scheduler, clock } = await started()
    await scheduler.addJob({ id: 'job', ...EVERY_10S })
    await clock.advance(20_000)
    const ran = await scheduler.explain('job', { at: new Date(at(10)) })
    expect(ran?.verdict).toEqual([])
    expect(ran?.timeline.map(({ type }) => type)).toEqual(['RunQueued', 'RunSucceeded'])
    const none = await scheduler.explain('job', { at: at(15) })
    expect(none?.verdict).toEqual([expect.stringContaining('was not a scheduled time of job')])
    expect(none).toMatchObject({ at: new Date(at(15)), counts: null, timeline: [] })
  })

  test('tells a run from its cause on, and which pause its next attempt waits for', async () => {
    const { scheduler, clock } = await started()
    scheduler.task('fail', () => {
      throw new RangeError('too far')
    })
    const retry = { maxAttempts: 2, initial: '20s', jitter: 0 }
    await scheduler.addJob({ id: 'job', task: 'fail', trigger: interval('1h'), retry })
    const { runId } = await scheduler.runJob('job', { actor: 'ann' })
    await clock.settle()
    await scheduler.pause({ reason: 'migration' })
    const explained = await scheduler.explain(runId)
    expect(explained).toMatchObject({ jobId: 'job', runId, counts: null, omitted: 0 })
    expect(explained?.heldBy).toMatchObject([{ kind: 'schedule', reason: 'migration' }])
    expect(explained?.verdict).toEqual([
      'It is there because it was asked for, beside the schedule.',
      expect.stringContaining('It is tried again at'),
      expect.stringMatching(/^That has to wait: the whole schedule is paused since .*: migration\.$/),
    ])
    expect(explained?.timeline.map(({ text }) => text)).toContain('queued by ann beside the schedule')
  })

  test('is undefined for what the events have not', async () => {
    const { scheduler } = await started()
    expect(await scheduler.explain('nothing')).toBe(undefined)
    expect(await scheduler.explain('nothing/1-1-0/20270101T090000.000Z')).toBe(undefined)
  })

  test.each([
    ['a time of a run', 'job/1-1-0/20270101T090000.000Z', { at: at(0) }, 'at: expected the id of a job beside it'],
    ['no fact', 'job', { limit: 0 }, 'limit: expected a whole number from 1 to 100000, got 0'],
    ['a time that is none', 'job', { at: 'noon' }, 'at: expected'],
  ])('refuses to be asked for %s', async (_what, id, options, message) => {
    const { scheduler } = await started()
    await expect(scheduler.explain(id, options)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(message) as string,
    })
  })
})

test('a client that only asks sees what holds a job, and why it did not run, as its owner does', async () => {
  const world = new World({ topics: true })
  const owner = await world.node('owner', { tasks: { greet: () => null } })
  const asking = await world.node('asking', { roles: [], started: false })
  await world.pass(asking.client.addJob({ id: 'job', ...EVERY_10S, labels: { team: 'a' } }))
  await world.pass(asking.client.pauseJobs({ team: 'a' }, { actor: 'ann', reason: 'audit' }))
  await world.advance(15_000)
  const hold = { kind: 'labels', labels: { team: 'a' }, reason: 'audit', until: null }
  expect(asking.client.getJob('job')).toMatchObject({ paused: null, heldBy: [hold] })
  const explained = await world.pass(asking.client.explain('job'))
  expect(explained?.heldBy).toMatchObject([{ ...hold, actor: 'ann' }])
  expect(await world.pass(owner.client.explain('job'))).toEqual(explained)
})
