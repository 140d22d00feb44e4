// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { Input } from '../../src/core/decide.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import type { Report, ReportType } from '../../src/core/reports.ts'
import { ignored, jobAdded, runQueued, runStarted, runSucceeded } from '../support/facts.ts'
import { EXECUTOR, OTHER_EXECUTOR, report } from '../support/inputs.ts'
import { at, every, runAt } from '../support/moments.ts'
import { given, type GivenStage, nothing } from '../support/scenario.ts'
import { asked, runGranted } from './outcomes.ts'

const RUN = runAt(at(10))
const TYPES: readonly ReportType[] = [
  'started',
  'heartbeat',
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'missed',
  'unknown-task',
]

function queued(job: Partial<JobDefinition> = {}): GivenStage {
  return given(
    jobAdded({ job: { trigger: every('10s'), ...job }, nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(20) }),
  ).at(at(12))
}

/** From who was not handed the attempt. */
function strangers(type: ReportType, over: Partial<Report> = {}): Extract<Input, { readonly kind: 'report' }> {
  const input = report(type, RUN, over)
  if (input.kind !== 'report') throw new Error('a report is expected')
  return { ...input, hasWrongToken: true }
}

describe.each(TYPES)('a report without the right token, of type %s,', (type) => {
  test('is ignored, whatever becomes of the run, which is ended by the report that has it', () => {
    queued()
      .when(strangers(type))
      .then(ignored(RUN, type, 'wrong-token'))
      .when(report('started', RUN, { startedAt: at(11) }))
      .then(runStarted(RUN, { startedAt: at(11) }))
      .when(strangers(type))
      .then(ignored(RUN, type, 'wrong-token'))
      .when(report('succeeded', RUN, { startedAt: at(11), result: 1 }))
      .then(runSucceeded(RUN, { startedAt: at(11), result: 1 }))
  })

  test('learns nothing of runs and attempts that there are or are not', () => {
    nothing.when(strangers(type)).then(ignored(RUN, type, 'wrong-token'))
    queued()
      .when(strangers(type, { attempt: 7 }))
      .then(ignored(RUN, type, 'wrong-token', { attempt: 7 }))
  })
})

test('a report without the right token counts no more when what it says could not be written', () => {
  const input = strangers('succeeded')
  queued()
    .when({ kind: 'unwritable', input, why: 'too large' })
    .then(ignored(RUN, 'failed', 'wrong-token'))
})

describe('a claim without the right token', () => {
  test.each([EXECUTOR, OTHER_EXECUTOR])('has no answer, for %s may have claimed it rightly', (executor) => {
    const when = queued({ delivery: 'at-most-once' }).when(strangers('started', { executor }))
    const after = when.then(ignored(RUN, 'started', 'wrong-token', { executor }))
    expect(asked(when, after)).toEqual([])
    const claim = after.when(report('started', RUN))
    expect(asked(claim, claim.then(runGranted(RUN)))).toEqual([`grant ${RUN}`])
  })
})
