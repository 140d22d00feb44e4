// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import type { Outcome } from '../../src/core/job/job-state.ts'
import { MAX_COMMAND_ID_CHARS } from '../../src/core/limits.ts'
import {
  duplicate,
  executorDeclared,
  jobAdded,
  jobModified,
  jobPaused,
  rejected,
  runFailed,
  runQueued,
  runStarted,
  runSucceeded,
} from '../support/facts.ts'
import { declareExecutor, ENVELOPE, given as withId, report, runError } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given, nothing } from '../support/scenario.ts'
import { by, finishedRun, statuses } from './outcomes.ts'
import { called, retryRun } from './requests.ts'

const RUN = runAt(at(10))
const ENDED = finishedRun(RUN, { scheduledAt: at(10) })
const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), ...over }, nextFireTime: at(20) })
/** The run that does `RUN` again. */
const again = (over: Parameters<typeof runQueued>[1] = {}, envelope = ENVELOPE) =>
  runQueued(at(10), {
    ...by(envelope),
    cause: 'run-now',
    runId: `${RUN}/${envelope.commandId}`,
    retryOf: RUN,
    nextFireTime: at(20),
    ...over,
  })

describe('a run is done again', () => {
  test.each<Outcome>(['failed', 'timed-out', 'cancelled', 'missed', 'lost'])('that ended %s', (outcome) => {
    given(job())
      .at(at(15))
      .when(retryRun(RUN, { ...ENDED, outcome }))
      .then(again())
  })

  test('as a run of its own, for the same scheduled time, from the first attempt on', () => {
    const { state } = given(job())
      .at(at(15))
      .when(retryRun(RUN, { ...ENDED, attempt: 3 }))
      .then(again())
    expect(state.run(`${RUN}/c1`)).toMatchObject({ scheduledAt: at(10), attempt: 1, status: 'queued', starts: 0 })
  })

  test("with the payload that it was given instead of its job's", () => {
    const own = { payload: new Uint8Array([0, 255]), contentType: 'image/png' }
    given(job())
      .at(at(15))
      .when(retryRun(RUN, { ...ENDED, ...own }))
      .then(again(own))
  })

  test('and the schedule goes on as it was', () => {
    const { state } = given(job()).at(at(15)).when(retryRun(RUN, ENDED)).then(again())
    expect(state.job(JOB)).toMatchObject({ nextFireTime: at(20), decidedThrough: null, decidedCount: 0 })
  })

  test('under the present version of the job', () => {
    given(job(), jobModified({ job: { trigger: every('10s'), name: 'fixed' }, nextFireTime: at(20) }))
      .when(retryRun(RUN, ENDED))
      .then(again({ jobVersion: 2 }))
  })

  test('however late: it has no time to start before', () => {
    given(job({ misfireGraceMs: 1_000 }))
      .at(at(3_600))
      .when(retryRun(RUN, ENDED))
      .then(again())
  })

  test('while its job is paused, as what is asked for by hand is', () => {
    given(job(), jobPaused()).when(retryRun(RUN, ENDED)).then(again())
  })

  test('and again, when that one fails too', () => {
    const second = `${RUN}/c1`
    const other = called('c2')
    given(job())
      .when(retryRun(RUN, ENDED))
      .then(again())
      .when(report('failed', second, { error: runError() }))
      .then(runFailed(second, { scheduledAt: at(10) }))
      .when(retryRun(second, { ...ENDED, runId: second }, other))
      .then(again({ retryOf: second }, other))
  })

  test('once per command id', () => {
    const envelope = withId('once')
    given(job())
      .when(retryRun(RUN, ENDED, envelope))
      .then(again({ runId: `${RUN}/once/1-2-0` }, envelope))
      .when(retryRun(RUN, ENDED, envelope))
      .then(duplicate(envelope))
  })

  test('under an id of its own, also when the command id is used again after it was forgotten', () => {
    const envelope = withId('once')
    const runId = `${RUN}/once/1-2-0`
    given(jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(9_000) }))
      .when(retryRun(RUN, ENDED, envelope))
      .then(again({ runId, nextFireTime: at(9_000) }, envelope))
      .when(report('failed', runId, { error: runError() }))
      .then(runFailed(runId, { scheduledAt: at(10) }))
      .at(at(3_601))
      .when(declareExecutor('gpu', withId('later')))
      .then(executorDeclared('gpu', withId('later')))
      .when(retryRun(RUN, ENDED, envelope))
      .then(again({ runId: `${RUN}/once/1-5-0`, nextFireTime: at(9_000) }, envelope))
  })

  test('when its place is free, with overlap queue', () => {
    const stage = given(job({ overlap: 'queue' }), runQueued(at(20), { nextFireTime: at(30) }))
      .when(retryRun(RUN, ENDED))
      .then(again({ after: '*', nextFireTime: at(30) }))
    expect(statuses(stage)).toEqual(['queued', 'waiting'])
    expect(statuses(stage.when(report('succeeded', runAt(at(20)))).then(runSucceeded(runAt(at(20)))))).toEqual([
      'queued',
    ])
  })

  test('in the place of what runs, with overlap cancel-running', () => {
    const running = runAt(at(20))
    given(job({ overlap: 'cancel-running' }), runQueued(at(20), { nextFireTime: at(30) }), runStarted(running))
      .when(retryRun(RUN, ENDED))
      .then(
        {
          type: 'RunCancelRequested',
          jobId: JOB,
          runId: running,
          attempt: 1,
          reason: 'a later run of the job takes its place',
          commandId: null,
          commandGiven: false,
          actor: null,
          commandOffset: null,
        },
        again({ after: running, nextFireTime: at(30) }),
      )
  })
})

describe('a run is not done again', () => {
  test('that succeeded', () => {
    given(job())
      .when(retryRun(RUN, { ...ENDED, outcome: 'succeeded' }))
      .then(rejected('run-final', 'runId'))
  })

  test('that has no outcome yet', () => {
    given(job(), runQueued(at(20), { nextFireTime: at(30) }))
      .when(retryRun(runAt(at(20)), null))
      .then(rejected('invalid-option', 'runId'))
  })

  test('that nobody knows any more', () => {
    given(job()).when(retryRun(RUN, null)).then(rejected('run-not-found', 'runId'))
  })

  test('that was of another job', () => {
    given(job())
      .when(retryRun(RUN, { ...ENDED, jobId: 'other' }))
      .then(rejected('run-not-found', 'runId'))
  })

  test('of a job that is not there', () => {
    nothing.when(retryRun(RUN, ENDED)).then(rejected('job-not-found', 'jobId'))
  })

  test('over maxInstances', () => {
    given(job(), runQueued(at(20), { nextFireTime: at(30) }))
      .when(retryRun(RUN, ENDED))
      .then(rejected('limit-exceeded', 'jobId'))
  })

  test('under a command id that is too long for a run id', () => {
    const longer = called('x'.repeat(MAX_COMMAND_ID_CHARS + 1))
    given(job())
      .when(retryRun(RUN, ENDED, longer))
      .then(rejected('invalid-id', 'commandId', longer))
  })
})
