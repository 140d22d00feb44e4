// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { expect, test } from 'vitest'
import { MAX_COMMAND_ID_CHARS, MAX_PAYLOAD_BYTES } from '../../../src/core/limits.ts'
import {
  duplicate,
  jobAdded,
  jobRemoved,
  rejected,
  retryScheduled,
  runNowQueued,
  runQueued,
  runStarted,
  runSucceeded,
} from '../../support/facts.ts'
import { bytes, ENVELOPE, given as withId, jobDue, removeJob, report, runJob } from '../../support/inputs.ts'
import { at, every, JOB, runAt } from '../../support/moments.ts'
import { given, nothing } from '../../support/scenario.ts'

const JOB_ADDED = jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) })

test('a run by hand is queued now, and the schedule goes on as it was', () => {
  given(JOB_ADDED)
    .at(at(3))
    .when(runJob())
    .then(runNowQueued(at(3), { nextFireTime: at(10) }))
    .when(report('succeeded', `${runAt(at(3))}/c1`))
    .then(runSucceeded(`${runAt(at(3))}/c1`))
    .at(at(10))
    .when(jobDue())
    .then(runQueued(at(10), { nextFireTime: at(20) }))
})

test('a run by hand may have a payload of its own', () => {
  const payload = bytes('{"to":"you"}')
  const { state } = given(JOB_ADDED)
    .at(at(3))
    .when(runJob({ payload, contentType: 'application/json' }))
    .then(runNowQueued(at(3), { nextFireTime: at(10), payload, contentType: 'application/json' }))
  expect([...state.runs()].map((run) => run.payload)).toEqual([payload])
  expect(state.job(JOB)?.definition.payload).toEqual(new Uint8Array(0))
})

test('a job that is not there cannot be run', () => {
  nothing.when(runJob()).then(rejected('job-not-found', 'jobId'))
  given(JOB_ADDED, jobRemoved()).when(runJob()).then(rejected('job-not-found', 'jobId'))
})

test('a run by hand over maxInstances is rejected', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }))
    .when(runJob())
    .then(rejected('limit-exceeded', 'jobId'))
})

test('a run by hand is rejected while another waits for its retry', () => {
  given(
    JOB_ADDED,
    runQueued(at(10), { nextFireTime: at(20) }),
    runStarted(runAt(at(10))),
    retryScheduled(runAt(at(10))),
  )
    .when(runJob())
    .then(rejected('limit-exceeded', 'jobId'))
})

test('a run by hand is taken beside runs that wait for their predecessor', () => {
  given(
    jobAdded({ job: { trigger: every('10s'), coalesce: 'all', maxInstances: 2 }, nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(30) }),
    runQueued(at(20), { nextFireTime: at(30), after: runAt(at(10)) }),
  )
    .at(at(25))
    .when(runJob())
    .then(runNowQueued(at(25), { nextFireTime: at(30) }))
})

test('a payload at its limit is taken, one byte more is rejected', () => {
  const payload = new Uint8Array(MAX_PAYLOAD_BYTES)
  given(JOB_ADDED)
    .when(runJob({ payload }))
    .then(runNowQueued(at(0), { nextFireTime: at(10), payload }))
  given(JOB_ADDED)
    .when(runJob({ payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) }))
    .then(rejected('payload-too-large', 'payload'))
})

test('a command id that is too long for a run id is rejected', () => {
  const envelope = { ...ENVELOPE, commandId: 'x'.repeat(MAX_COMMAND_ID_CHARS + 1) }
  given(JOB_ADDED)
    .when(runJob({ envelope }))
    .then(rejected('invalid-id', 'commandId', envelope))
})

test('two runs by hand at the same moment are two runs', () => {
  const second = { ...ENVELOPE, commandId: 'c2' }
  const { state } = given(jobAdded({ job: { trigger: every('10s'), maxInstances: 2 }, nextFireTime: at(10) }))
    .at(at(3))
    .when(runJob())
    .then(runNowQueued(at(3), { nextFireTime: at(10) }))
    .when(runJob({ envelope: second }))
    .then(runNowQueued(at(3), { nextFireTime: at(10) }, second))
  expect(state.runCount).toBe(2)
})

test('the same command id twice is one run', () => {
  const envelope = withId('once')
  given(JOB_ADDED)
    .at(at(3))
    .when(runJob({ envelope }))
    .then(runNowQueued(at(3), { nextFireTime: at(10) }, envelope))
    .at(at(4))
    .when(runJob({ envelope }))
    .then(duplicate(envelope))
})

test('a run by hand of a job that is then removed may finish', () => {
  const run = `${runAt(at(3))}/c1`
  given(JOB_ADDED)
    .at(at(3))
    .when(runJob())
    .then(runNowQueued(at(3), { nextFireTime: at(10) }))
    .when(removeJob())
    .then(jobRemoved())
    .when(report('succeeded', run))
    .then(runSucceeded(run))
})
