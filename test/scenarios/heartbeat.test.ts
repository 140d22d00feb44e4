// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { TIMEOUT_SLACK_MS } from '../../src/core/limits.ts'
import { type Liveness, runDue as runDueOf } from '../../src/core/timers.ts'
import {
  jobAdded,
  retries,
  retryQueued,
  retryScheduled,
  runLost,
  runQueued,
  runStarted,
  runSucceeded,
  runTimedOut,
} from '../support/facts.ts'
import { OTHER_EXECUTOR, report, runDue, runError } from '../support/inputs.ts'
import { at, every, runAt } from '../support/moments.ts'
import { given, type GivenStage } from '../support/scenario.ts'
import { asked, SILENT } from './outcomes.ts'

const RUN = runAt(at(10))
const LOST = 'attempt 1 was silent for its heartbeat time-out of 30000 ms'

/** Runs since `at(10)`, and says that it is alive every 30 seconds. */
function running(over: Partial<JobDefinition> = {}): GivenStage {
  return given(
    jobAdded({ job: { trigger: every('10s'), heartbeatTimeoutMs: 30_000, ...over }, nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(20) }),
    { ...runStarted(RUN, { startedAt: at(10) }), time: at(10) },
  )
}

function dueAt(stage: GivenStage, liveness: Liveness): number | null | undefined {
  const run = stage.state.run(RUN)
  return run && runDueOf(stage.state, run, liveness)
}

/** Owner since `since`, and heard of the attempt at `heard`. */
function owner(since: number, heard?: number): Liveness {
  return { since, heardOf: (runId) => (runId === RUN ? heard : undefined) }
}

describe('an attempt with a heartbeat time-out', () => {
  test('is lost when it is silent for so long', () => {
    expect(dueAt(running(), SILENT)).toBe(at(40))
    running()
      .at(at(40) - 1)
      .when(runDue(RUN))
      .then()
    const when = running().at(at(40)).when(runDue(RUN))
    const after = when.then(runLost(RUN, { startedAt: at(10), reason: LOST }))
    expect(asked(when, after), 'its executor is told').toEqual([`cancel ${RUN}`])
  })

  test('lives on with each heartbeat', () => {
    const heard = owner(0, at(35))
    expect(dueAt(running(), heard)).toBe(at(65))
    running().hearing(heard).at(at(64)).when(runDue(RUN)).then()
    running()
      .hearing(heard)
      .at(at(65))
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(10), reason: LOST }))
  })

  test('makes no event with a heartbeat, and changes no state', () => {
    running().at(at(15)).when(report('heartbeat', RUN)).then()
  })

  test('has a full period after its partition was taken over, for nobody could hear it before', () => {
    const taken = owner(at(100))
    expect(dueAt(running(), taken)).toBe(at(130))
    running()
      .hearing(taken)
      .at(at(130) - 1)
      .when(runDue(RUN))
      .then()
    running()
      .hearing(taken)
      .at(at(130))
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(10), reason: LOST }))
  })

  test('lives on with a heartbeat to the new owner', () => {
    expect(dueAt(running(), owner(at(100), at(120)))).toBe(at(150))
  })

  test('is tried again, when its job has retries', () => {
    const error = runError('LostError', { message: LOST })
    running({ retry: retries(2, { jitter: 0 }) })
      .at(at(40))
      .when(runDue(RUN))
      .then(retryScheduled(RUN, { reason: 'lost', error, retryAt: at(41) }))
      .at(at(41))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
      .when(report('succeeded', RUN))
      .then({
        type: 'ReportIgnored',
        jobId: 'hello',
        runId: RUN,
        attempt: 1,
        report: 'succeeded',
        why: 'old-attempt',
        executor: 'host:1:aa',
        reportOffset: null,
        reason: null,
      })
  })

  test('is not tried again, when its retries leave such errors out', () => {
    running({ retry: retries(9, { nonRetryable: ['LostError'] }) })
      .at(at(40))
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(10), reason: LOST }))
  })

  test('that was over by itself is not lost afterwards', () => {
    running()
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN, { startedAt: at(10) }))
      .at(at(40))
      .when(runDue(RUN))
      .then()
  })

  test('is not watched before anyone has started it', () => {
    const queued = given(
      jobAdded({ job: { trigger: every('10s'), heartbeatTimeoutMs: 30_000 }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
    )
    expect(dueAt(queued, SILENT)).toBe(null)
    queued.at(at(3_600)).when(runDue(RUN)).then()
  })

  test('is judged by the clock of its owner, whatever that of its executor says', () => {
    const hour = 3_600_000
    for (const startedAt of [at(10) - hour, at(10) + hour]) {
      const began = { ...runStarted(RUN, { startedAt }), time: at(10) }
      const added = jobAdded({ job: { trigger: every('10s'), timeoutMs: 20_000, heartbeatTimeoutMs: 30_000 } })
      const skewed = given(added, runQueued(at(10), { nextFireTime: at(20) }), began)
      expect(dueAt(skewed, SILENT)).toBe(at(30) + TIMEOUT_SLACK_MS)
      expect(dueAt(skewed, owner(0, at(12)))).toBe(at(30) + TIMEOUT_SLACK_MS)
      skewed.at(at(11)).when(runDue(RUN)).then()
      expect(skewed.state.run(RUN)?.startedAt, 'as its executor said').toBe(startedAt)
    }
  })

  test('begins its period with the start of its first process, not of the second', () => {
    const twice = running()
      .at(at(25))
      .when(report('started', RUN, { executor: OTHER_EXECUTOR, startedAt: at(25) }))
      .then(runStarted(RUN, { executor: OTHER_EXECUTOR, startedAt: at(25) }))
    expect(twice.state.run(RUN)?.startedAt).toBe(at(10))
    expect(dueAt(twice, SILENT)).toBe(at(40))
  })
})

describe('of a time-out and a heartbeat the one counts that comes first:', () => {
  test('the time-out, when the attempt is heard of all the time', () => {
    const both = running({ timeoutMs: 60_000 })
    const heard = owner(0, at(60))
    expect(dueAt(both, heard)).toBe(at(70) + TIMEOUT_SLACK_MS)
    both
      .hearing(heard)
      .at(at(70) + TIMEOUT_SLACK_MS)
      .when(runDue(RUN))
      .then(
        runTimedOut(RUN, {
          startedAt: at(10),
          error: runError('TimeoutError', { message: 'attempt 1 took longer than its time-out of 60000 ms' }),
        }),
      )
  })

  test('the silence, when nothing is heard of it', () => {
    const both = running({ timeoutMs: 60_000 })
    expect(dueAt(both, SILENT)).toBe(at(40))
    both
      .at(at(40))
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(10), reason: LOST }))
  })

  test('the silence, when both have passed before anyone looked', () => {
    running({ timeoutMs: 60_000 })
      .at(at(600))
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(10), reason: LOST }))
  })
})
