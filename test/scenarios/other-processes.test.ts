// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
/** Reports of a process that is not the one that began the attempt. */
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import type { ReportType } from '../../src/core/reports.ts'
import {
  ignored,
  jobAdded,
  retries,
  retryScheduled,
  runFailed,
  runLost,
  runMissed,
  runQueued,
  runStarted,
  runSucceeded,
} from '../support/facts.ts'
import { EXECUTOR, OTHER_EXECUTOR, report, runError } from '../support/inputs.ts'
import { at, every, runAt } from '../support/moments.ts'
import { given, type GivenStage } from '../support/scenario.ts'
import { runGranted } from './outcomes.ts'

const RUN = runAt(at(10))
const OTHER = { executor: OTHER_EXECUTOR }
const LATE = runError('LostError', {
  message: 'it was begun, and another process that it was handed to found it too late to begin',
})
const UNKNOWN = runError('UnknownTaskError', { message: "no executor process of 'default' has a task 'greet'" })

function queued(over: Partial<JobDefinition> = {}): GivenStage {
  return given(
    jobAdded({ job: { trigger: every('10s'), ...over }, nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(20) }),
  ).at(at(11))
}

function started(over: Partial<JobDefinition> = {}): GivenStage {
  return queued(over)
    .when(report('started', RUN, { startedAt: at(11) }))
    .then(runStarted(RUN, { startedAt: at(11) }))
}

describe('an at-most-once attempt that was granted', () => {
  const granted = queued({ delivery: 'at-most-once', timeoutMs: 60_000, retry: retries(5) })
    .when(report('started', RUN))
    .then(runGranted(RUN))

  test.each<ReportType>(['succeeded', 'failed', 'timed-out', 'unknown-task', 'cancelled', 'missed'])(
    'is not ended by %s of a process that it was not granted to',
    (type) => {
      const after = granted.when(report(type, RUN, OTHER)).then(ignored(RUN, type, 'claimed', OTHER))
      expect(after.state.run(RUN)).toMatchObject({ status: 'running', attempt: 1, executor: EXECUTOR })
      after.when(report('succeeded', RUN)).then(runSucceeded(RUN, { startedAt: at(11) }))
    },
  )
})

describe('an attempt that may run twice', () => {
  test('is ended by a process that took it up after a restart, even when its start was not recorded', () => {
    started()
      .when(report('succeeded', RUN, OTHER))
      .then(runSucceeded(RUN, { startedAt: at(11), ...OTHER }))
    started()
      .when(report('failed', RUN, { ...OTHER, error: runError() }))
      .then(runFailed(RUN, { startedAt: at(11), error: runError(), ...OTHER }))
  })

  test.each<ReportType>(['missed', 'unknown-task'])('and runs is not ended by %s of its own process', (type) => {
    started()
      .when(report(type, RUN))
      .then(ignored(RUN, type, 'repeated'))
  })

  test.each<[ReportType, Partial<JobDefinition>]>([
    ['missed', { timeoutMs: 60_000 }],
    ['missed', { heartbeatTimeoutMs: 60_000 }],
    ['unknown-task', { timeoutMs: 60_000 }],
    ['unknown-task', { heartbeatTimeoutMs: 60_000 }],
  ])('and runs is not ended by %s of another process when %o ends it anyway', (type, over) => {
    started({ ...over, retry: retries(5) })
      .when(report(type, RUN, OTHER))
      .then(ignored(RUN, type, 'claimed', OTHER))
  })

  test('is lost when nothing else would end it and another process finds it too late to begin', () => {
    started()
      .when(report('missed', RUN, OTHER))
      .then(runLost(RUN, { startedAt: at(11), reason: LATE.message, ...OTHER }))
    started({ retry: retries(2, { jitter: 0 }) })
      .when(report('missed', RUN, OTHER))
      .then(retryScheduled(RUN, { reason: 'lost', error: LATE, retryAt: at(12), ...OTHER }))
  })

  test('is tried again when nothing else would end it and it was handed to a process without such a task', () => {
    started()
      .when(report('unknown-task', RUN, OTHER))
      .then(retryScheduled(RUN, { reason: 'unknown-task', error: UNKNOWN, retryAt: at(12), ...OTHER }))
  })

  test('and was not begun is missed by whoever finds it too late', () => {
    queued({ timeoutMs: 60_000 })
      .when(report('missed', RUN, OTHER))
      .then(runMissed(at(10)))
  })
})
