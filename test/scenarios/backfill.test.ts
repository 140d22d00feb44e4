// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { CommandEnvelope } from '../../src/core/commands.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import {
  MAX_BACKFILL,
  MAX_COMMAND_ID_CHARS,
  MAX_INSTANT_MS,
  MAX_OPEN_RUNS,
  TIMES_LISTED,
} from '../../src/core/limits.ts'
import { crontab, interval } from '../../src/core/triggers/make-trigger.ts'
import {
  applied,
  duplicate,
  executorDeclared,
  jobAdded,
  jobFinished,
  jobPaused,
  rejected,
  runCancelled,
  runFailed,
  runQueued,
  runSkipped,
  runSucceeded,
  times,
} from '../support/facts.ts'
import { declareExecutor, given as withId, jobDue, report, runError, runJob } from '../support/inputs.ts'
import { at, every, JOB, resolved, runAt, T0 } from '../support/moments.ts'
import { given, nothing } from '../support/scenario.ts'
import { asked, backfilled, backfillOf, by, statuses } from './outcomes.ts'
import { backfill, called, cancelRun, dryRun } from './requests.ts'

const HOURLY = resolved(crontab('0 * * * *'))
const hour = (hours: number): number => at(hours * 3_600)

/** A job that fires every hour; the present is `T0`, its next time an hour later. */
const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: HOURLY, ...over }, nextFireTime: hour(1) })
const run = (scheduledAt: number, after: number | null, over: Parameters<typeof backfilled>[1] = {}) =>
  backfilled(scheduledAt, { after: after === null ? null : backfillOf(after), nextFireTime: hour(1), ...over })

describe('a backfill', () => {
  const filled = given(job())
    .when(backfill(hour(-3), hour(0)))
    .then(run(hour(-3), null), run(hour(-2), hour(-3)), run(hour(-1), hour(-2)))

  test('makes the runs of its range, from inclusive to exclusive, oldest first', () => {
    expect(statuses(filled)).toEqual(['queued', 'waiting', 'waiting'])
  })

  test('runs them one after another', () => {
    const first = backfillOf(hour(-3))
    const when = filled.when(report('succeeded', first))
    const after = when.then(runSucceeded(first))
    expect(statuses(after)).toEqual(['queued', 'waiting'])
    expect(asked(when, after)).toEqual([`dispatch ${backfillOf(hour(-2))}`])
  })

  test('goes on when one of them fails', () => {
    const first = backfillOf(hour(-3))
    const after = filled.when(report('failed', first, { error: runError() })).then(runFailed(first))
    expect(statuses(after)).toEqual(['queued', 'waiting'])
  })

  test('closes up when one that waits is cancelled', () => {
    const after = filled
      .when(cancelRun(backfillOf(hour(-2))))
      .then(runCancelled(backfillOf(hour(-2)), { ...by(), executor: null, reason: 'cancelled on request' }))
      .when(report('succeeded', backfillOf(hour(-3))))
      .then(runSucceeded(backfillOf(hour(-3))))
    expect(statuses(after)).toEqual(['queued'])
  })

  test('leaves the schedule as it was', () => {
    const { state } = filled
    expect(state.job(JOB)).toMatchObject({ nextFireTime: hour(1), decidedThrough: null, decidedCount: 0 })
  })

  test('of the same range once more makes other runs, under its own command id', () => {
    const envelope = called('again')
    filled
      .when(report('succeeded', backfillOf(hour(-3))))
      .then(runSucceeded(backfillOf(hour(-3))))
      .when(backfill(hour(-3), hour(-2), { envelope }))
      .then(
        backfilled(hour(-3), {
          ...envelope,
          runId: backfillOf(hour(-3), envelope),
          after: '*',
          nextFireTime: hour(1),
        }),
      )
  })

  test('under a command id that begins another one with a slash is another backfill', () => {
    const [long, short] = [withId('nightly/2'), withId('nightly')]
    const runId = (envelope: CommandEnvelope, place: string) => `${backfillOf(hour(-1), envelope)}/${place}`
    given(job({ maxInstances: 9 }))
      .when(backfill(hour(-1), hour(0), { envelope: long }))
      .then(run(hour(-1), null, { ...long, runId: runId(long, '1-2-0') }))
      .when(backfill(hour(-1), hour(0), { envelope: short }))
      .then(run(hour(-1), null, { ...short, runId: runId(short, '1-3-0') }))
  })

  test('under the same command id a second time is a duplicate', () => {
    const envelope = withId('once')
    given(job())
      .when(backfill(hour(-1), hour(0), { envelope }))
      .then(run(hour(-1), null, { ...envelope, runId: `${backfillOf(hour(-1), envelope)}/1-2-0` }))
      .when(backfill(hour(-1), hour(0), { envelope }))
      .then(duplicate(envelope))
  })

  test('under a command id that is forgotten makes other runs, with ids of their own', () => {
    const envelope = withId('once')
    const runId = (place: string) => `${backfillOf(hour(-1), envelope)}/${place}`
    const ask = backfill(hour(-1), hour(0), { envelope })
    given(jobAdded({ job: { trigger: HOURLY }, nextFireTime: hour(9) }))
      .when(ask)
      .then(run(hour(-1), null, { ...envelope, runId: runId('1-2-0'), nextFireTime: hour(9) }))
      .when(report('succeeded', runId('1-2-0')))
      .then(runSucceeded(runId('1-2-0')))
      .at(hour(1) + 1)
      .when(declareExecutor('gpu', withId('later')))
      .then(executorDeclared('gpu', withId('later')))
      .when(ask)
      .then(run(hour(-1), null, { ...envelope, runId: runId('1-5-0'), nextFireTime: hour(9) }))
  })

  test('under a command id that is forgotten is refused while its runs are open', () => {
    const envelope = withId('once')
    const ask = backfill(hour(-1), hour(0), { envelope })
    const runId = `${backfillOf(hour(-1), envelope)}/1-2-0`
    given(jobAdded({ job: { trigger: HOURLY }, nextFireTime: hour(9) }))
      .when(ask)
      .then(run(hour(-1), null, { ...envelope, runId, nextFireTime: hour(9) }))
      .at(hour(1) + 1)
      .when(declareExecutor('gpu', withId('later')))
      .then(executorDeclared('gpu', withId('later')))
      .when(ask)
      .then(rejected('expired', 'commandId', envelope))
  })

  test('may reach into the future, which then fires all the same', () => {
    given(job({ maxInstances: 2 }))
      .when(backfill(hour(1), hour(1) + 1))
      .then(run(hour(1), null))
      .at(hour(1))
      .when(jobDue())
      .then(runQueued(hour(1), { nextFireTime: hour(2) }))
  })

  test('is no reason for a run to be missed: it has no time to start before', () => {
    const { state } = given(job({ misfireGraceMs: 1_000 }))
      .when(backfill(hour(-1), hour(0)))
      .then(run(hour(-1), null))
    expect(state.run(backfillOf(hour(-1)))?.startBefore).toBe(null)
  })

  test('runs under the present version of the job, on its executor', () => {
    given(job(), {
      type: 'JobModified',
      jobId: JOB,
      ...by(),
      version: 2,
      definition: { ...job().definition, name: 'new' },
      anchor: T0,
      nextFireTime: hour(1),
    })
      .when(backfill(hour(-1), hour(0)))
      .then(run(hour(-1), null, { jobVersion: 2 }))
  })

  test('of a paused job runs, as what is asked for by hand does', () => {
    given(job(), jobPaused())
      .when(backfill(hour(-1), hour(0)))
      .then(run(hour(-1), null))
  })

  test('takes an instance: a time that comes due meanwhile is skipped', () => {
    filled
      .at(hour(1))
      .when(jobDue())
      .then(runSkipped('max-instances', times(hour(1)), hour(2)))
  })

  test('waits for a place when the job has none, and only its first run does', () => {
    const filled = given(job(), runQueued(hour(1), { nextFireTime: hour(2) }))
      .at(hour(1))
      .when(backfill(hour(-2), hour(0)))
      .then(
        run(hour(-2), null, { after: '*', nextFireTime: hour(2) }),
        run(hour(-1), hour(-2), { nextFireTime: hour(2) }),
      )
    expect(statuses(filled)).toEqual(['queued', 'waiting', 'waiting'])
    const when = filled.when(report('succeeded', runAt(hour(1))))
    const after = when.then(runSucceeded(runAt(hour(1))))
    expect(statuses(after)).toEqual(['queued', 'waiting'])
    expect(asked(when, after)).toEqual([`dispatch ${backfillOf(hour(-2))}`])
  })

  test('closes up for a place as well when its first run, which waits for one, is cancelled', () => {
    const after = given(job(), runQueued(hour(1), { nextFireTime: hour(2) }))
      .when(backfill(hour(-2), hour(0)))
      .then(
        run(hour(-2), null, { after: '*', nextFireTime: hour(2) }),
        run(hour(-1), hour(-2), { nextFireTime: hour(2) }),
      )
      .when(cancelRun(backfillOf(hour(-2))))
      .then(runCancelled(backfillOf(hour(-2)), { ...by(), executor: null, reason: 'cancelled on request' }))
      .when(report('succeeded', runAt(hour(1))))
      .then(runSucceeded(runAt(hour(1))))
    expect(statuses(after)).toEqual(['queued'])
  })

  test('takes one of several instances: a run by hand beside it needs another', () => {
    given(job({ maxInstances: 2 }))
      .when(backfill(hour(-2), hour(0)))
      .then(run(hour(-2), null), run(hour(-1), hour(-2)))
      .when(runJob({ envelope: called('hand') }))
      .then(
        runQueued(T0, {
          ...by(called('hand')),
          cause: 'run-now',
          runId: `${runAt(T0)}/hand`,
          nextFireTime: hour(1),
        }),
      )
  })

  test('does not count against what repeat allows', () => {
    const trigger = every('10s', { repeat: 1 })
    given(jobAdded({ job: { trigger, maxInstances: 9 }, nextFireTime: at(10) }))
      .when(backfill(at(10), at(31)))
      .then(
        backfilled(at(10), { nextFireTime: at(10) }),
        backfilled(at(20), { after: backfillOf(at(10)), nextFireTime: at(10) }),
        backfilled(at(30), { after: backfillOf(at(20)), nextFireTime: at(10) }),
      )
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10)))
  })

  test('of a job whose trigger is over keeps it there until its last run', () => {
    const trigger = resolved(interval('10s', { start: T0, end: at(10) }))
    const [first, second] = [backfillOf(at(0)), backfillOf(at(10))]
    given(jobAdded({ job: { trigger }, nextFireTime: at(10) }), runQueued(at(10)))
      .when(backfill(at(0), at(60)))
      .then(backfilled(at(0), { after: '*' }), backfilled(at(10), { after: first }))
      .when(report('succeeded', runAt(at(10))))
      .then(runSucceeded(runAt(at(10))))
      .when(report('succeeded', first))
      .then(runSucceeded(first))
      .when(report('succeeded', second))
      .then(runSucceeded(second), jobFinished())
  })
})

describe('a dry run', () => {
  test('says the times and makes no run', () => {
    const { state } = given(job())
      .when(dryRun(hour(-3), hour(0)))
      .then(applied({ times: times(hour(-3), hour(-2), hour(-1)) }))
    expect(state.runCount).toBe(0)
  })

  test('counts all of them, and lists a hundred', () => {
    const all = Array.from({ length: TIMES_LISTED + 20 }, (_, i) => hour(-(TIMES_LISTED + 20) + i))
    const [first = 0, ...more] = all
    given(job())
      .when(dryRun(first, hour(0)))
      .then(applied({ times: times(first, ...more) }))
  })

  test('has the same limit', () => {
    const most = given(job()).when(dryRun(hour(-MAX_BACKFILL), hour(0)))
    expect(most.events).toMatchObject([{ type: 'CommandApplied', times: { count: MAX_BACKFILL } }])
    given(job())
      .when(dryRun(hour(-MAX_BACKFILL - 1), hour(0)))
      .then(rejected('limit-exceeded', 'to'))
  })
})

describe('a range', () => {
  test('without a scheduled time changes nothing', () => {
    given(job())
      .when(backfill(hour(-1) + 1, hour(0)))
      .then(applied())
  })

  test('of a job without a trigger has none', () => {
    given(jobAdded())
      .when(backfill(hour(-9), hour(0)))
      .then(applied())
  })

  test('before the start of an interval has none', () => {
    given(jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) }))
      .when(backfill(at(-60), at(0)))
      .then(applied())
  })

  test('in which an interval begins has nothing at its start, which was no fire', () => {
    const hourly = given(jobAdded({ job: { trigger: every('1h') }, nextFireTime: hour(1) }))
    hourly.when(dryRun(hour(-2), hour(0) + 1)).then(applied())
    hourly.when(dryRun(hour(-2), hour(1) + 1)).then(applied({ times: times(hour(1)) }))
  })

  test('of which the first instant is a scheduled time has that one, of which the last is does not', () => {
    given(job())
      .when(backfill(hour(-1), hour(-1) + 1))
      .then(run(hour(-1), null))
    given(job())
      .when(backfill(hour(-1) - 1, hour(-1)))
      .then(applied())
  })

  test.each([
    ['ends where it begins', hour(-1), hour(-1), 'to'],
    ['ends before it begins', hour(-1), hour(-2), 'to'],
    ['begins before 1970', -1, hour(0), 'from'],
    ['begins at half a millisecond', 0.5, hour(0), 'from'],
    ['ends after 9999', hour(-1), MAX_INSTANT_MS + 1, 'to'],
    ['ends nowhere', hour(-1), Number.NaN, 'to'],
    ['begins with no number', 'yesterday' as unknown as number, hour(0), 'from'],
  ])('that %s is rejected', (_what, from, to, path) => {
    given(job()).when(backfill(from, to)).then(rejected('invalid-option', path))
  })

  test('may be all there is, as long as few times are in it', () => {
    const trigger = resolved(interval('10s', { start: at(-30), end: at(-10) }))
    given(jobAdded({ job: { trigger }, nextFireTime: hour(1) }))
      .when(dryRun(0, MAX_INSTANT_MS))
      .then(applied({ times: times(at(-30), at(-20), at(-10)) }))
  })
})

describe('a backfill is limited to', () => {
  test(`${MAX_BACKFILL} runs: one more is rejected, and nothing is queued`, () => {
    const { state } = given(job())
      .when(backfill(hour(-MAX_BACKFILL - 1), hour(0)))
      .then(rejected('limit-exceeded', 'to'))
    expect(state.runCount).toBe(0)
    const { events } = given(job()).when(backfill(hour(-MAX_BACKFILL), hour(0)))
    expect(events.filter(({ type }) => type === 'RunQueued')).toHaveLength(MAX_BACKFILL)
  })

  test(`${MAX_OPEN_RUNS} runs of the job without an outcome`, () => {
    const full = given(job()).when(backfill(hour(-MAX_BACKFILL), hour(0)))
    const filled = full.then(...full.events)
    const room = MAX_OPEN_RUNS - MAX_BACKFILL
    const envelope = called('more')
    filled.when(backfill(hour(-room - 1), hour(0), { envelope })).then(rejected('limit-exceeded', 'from', envelope))
    const { events } = filled.when(backfill(hour(-room), hour(0), { envelope }))
    expect(events).toHaveLength(room)
  })

  test('a command id that a run id can have', () => {
    const longest = called('x'.repeat(MAX_COMMAND_ID_CHARS))
    const { events } = given(job()).when(backfill(hour(-1), hour(0), { envelope: longest }))
    expect(events).toMatchObject([{ type: 'RunQueued', runId: backfillOf(hour(-1), longest) }])
    const longer = called('x'.repeat(MAX_COMMAND_ID_CHARS + 1))
    given(job())
      .when(backfill(hour(-1), hour(0), { envelope: longer }))
      .then(rejected('invalid-id', 'commandId', longer))
  })
})

test('a job that is not there has no past', () => {
  nothing.when(backfill(hour(-1), hour(0))).then(rejected('job-not-found', 'jobId'))
})
