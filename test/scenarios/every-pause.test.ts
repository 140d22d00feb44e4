// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
/** What every pause promises, whatever is paused: a job, the jobs with some labels, the whole schedule. */
import { describe, expect, test } from 'vitest'
import type { Input } from '../../src/core/decide.ts'
import type { Decided } from '../../src/core/events.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { MAX_DESCRIPTION_CHARS, MAX_INSTANT_MS } from '../../src/core/limits.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import { isHeld, jobDue as dueOf, runDue as runDueOf } from '../../src/core/timers.ts'
import {
  applied,
  jobAdded,
  jobPaused,
  jobResumed,
  rejected,
  retries,
  retryQueued,
  retryScheduled,
  runNowQueued,
  runQueued,
  runStarted,
  schedulePaused,
} from '../support/facts.ts'
import { command, jobDue, resumeJob, runDue, runJob } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given } from '../support/scenario.ts'
import { jobsPaused, jobsResumed, scheduleResumed, SILENT } from './outcomes.ts'
import { pauseJobs, pauseSchedule, resumeJobs, resumeSchedule } from './requests.ts'

const TEAM = { team: 'a' }
const RUN = runAt(at(10))

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), labels: TEAM, ...over }, nextFireTime: at(10) })

interface Pausing {
  readonly reason?: string | null
  readonly until?: number | null
}

interface Kind {
  readonly pause: (options?: Pausing) => Input
  readonly paused: (options?: Pausing) => Decided
  readonly resume: Input
  /** At 15 s, with the job's next time at 20 s. */
  readonly resumed: Decided
  /** What the answer says whom it is for. */
  readonly whom: { readonly jobId: string | null }
}

const KINDS: Readonly<Record<string, Kind>> = {
  'of a job': {
    pause: ({ reason = null, until = null } = {}) => command({ type: 'PauseJob', jobId: JOB, reason, until }),
    paused: (options) => jobPaused(options),
    resume: resumeJob(),
    resumed: jobResumed({ through: at(15), nextFireTime: at(20) }),
    whom: { jobId: JOB },
  },
  'by labels': {
    pause: (options) => pauseJobs(TEAM, options),
    paused: (options) => jobsPaused({ labels: TEAM, ...options }),
    resume: resumeJobs(TEAM),
    resumed: jobsResumed({ labels: TEAM, through: at(15) }),
    whom: { jobId: null },
  },
  'of the schedule': {
    pause: (options) => pauseSchedule(options),
    paused: (options) => schedulePaused(options),
    resume: resumeSchedule(),
    resumed: scheduleResumed(),
    whom: { jobId: null },
  },
}

describe.each(Object.entries(KINDS))('a pause %s', (_kind, { pause, paused, resume, resumed, whom }) => {
  test('lets nothing fire, and the owner waits for no time of the job', () => {
    const stage = given(job())
      .when(pause({ reason: 'audit' }))
      .then(paused({ reason: 'audit' }))
    const there = stage.state.job(JOB)
    expect(there && isHeld(stage.state, there)).toBe(true)
    expect(there && dueOf(stage.state, there)).toBe(null)
    stage.at(at(60)).when(jobDue()).then()
  })

  test('leaves a run by hand alone', () => {
    given(job(), paused())
      .at(at(3))
      .when(runJob())
      .then(runNowQueued(at(3), { nextFireTime: at(10) }))
  })

  test('holds retries, and lets them go with its end', () => {
    const failed = [
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(RUN),
      retryScheduled(RUN, { retryAt: at(12) }),
    ]
    const waiting = given(job({ retry: retries(2) }), ...failed, paused())
    const run = waiting.state.run(RUN)
    expect(run && runDueOf(waiting.state, run, SILENT)).toBe(null)
    const over = waiting.at(at(15)).when(runDue(RUN)).then().when(resume).then(resumed)
    const again = over.state.run(RUN)
    expect(again && runDueOf(over.state, again, SILENT)).toBe(at(12))
    over.when(runDue(RUN)).then(retryQueued(RUN))
  })

  test('that is asked for again changes nothing, or its reason, or its end; without a reason it keeps the one it has', () => {
    const stage = given(job(), paused({ reason: 'audit', until: at(60) }))
    stage.when(pause({ reason: 'audit', until: at(60) })).then(applied(whom))
    stage.when(pause({ until: at(60) })).then(applied(whom))
    stage.when(pause({ reason: 'other', until: at(60) })).then(paused({ reason: 'other', until: at(60) }))
    stage.when(pause({ until: at(90) })).then(paused({ reason: 'audit', until: at(90) }))
    stage.when(pause()).then(paused({ reason: 'audit' }))
  })

  test('that is not there can be ended without effect', () => {
    given(job()).when(resume).then(applied(whom))
  })

  test.each<[string, Pausing, RejectionCode, string]>([
    ['an empty reason', { reason: '' }, 'invalid-option', 'reason'],
    ['a reason that is too long', { reason: 'x'.repeat(MAX_DESCRIPTION_CHARS + 1) }, 'limit-exceeded', 'reason'],
    ['an end before 1970', { until: -1 }, 'invalid-option', 'until'],
    ['an end after 9999', { until: MAX_INSTANT_MS + 1 }, 'invalid-option', 'until'],
  ])('is rejected for %s', (_what, options, code, path) => {
    given(job())
      .when(pause(options))
      .then(rejected(code, path, whom))
  })
})
