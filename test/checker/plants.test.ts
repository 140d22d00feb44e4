// Logs on which exactly one thing is wrong: the checker must say which. Each row is a log of the job `tick`, which was
// added at `START` and fires every second.
import { describe, expect, test } from 'vitest'
import type { ViolationKind } from './audit/report.ts'
import { batch, checked, historyOf, kindsOf } from './plant/checked.ts'
import { History, type PlantedBatch, type PlantedEvent } from './plant/history.ts'
import { added, at, definition, fired, ofRun, runIdOf, START, succeeded, TICK, times } from './plant/story.ts'

const job = { jobId: TICK }
const skipped = (members: Readonly<Record<string, unknown>>): PlantedEvent => ({
  ...{ type: 'RunSkipped', why: 'max-instances', ...job },
  ...members,
})
const retry = (attempt: number, wait = 100): PlantedEvent =>
  ofRun('RunRetryScheduled', 1, { attempt, reason: 'failed', retryAt: at(1) + wait })
const pause: PlantedEvent = { type: 'JobPaused', commandId: 'p', ...job }
const remove: PlantedEvent = { type: 'JobRemoved', commandId: 'rm', ...job }
/** Version 2 of the job, which keeps its phase unless it says otherwise. */
const modified = (policies: Readonly<Record<string, unknown>>, next = at(1)): PlantedEvent => ({
  ...{ type: 'JobModified', commandId: 'm', ...job, version: 2, anchor: START, nextFireTime: next },
  definition: definition(policies),
})
const first = batch(at(1), fired(1))
const done = batch(at(1) + 5, succeeded(1))

type Row = [what: string, kinds: ViolationKind[], batches: PlantedBatch[]]

const decisions: Row[] = [
  [
    'a time that is decided a second time',
    ['decided-twice'],
    [first, done, batch(at(2), skipped({ why: 'coalesced', times: times(at(1)), nextFireTime: at(2) }))],
  ],
  [
    'a time that is decided twice in one batch',
    ['decided-twice'],
    [batch(at(2), fired(2, { coalesced: times(at(1)) }), skipped({ times: times(at(1)), nextFireTime: at(3) }))],
  ],
  ['a time that nobody decided', ['not-decided'], [first, done, batch(at(3), fired(3))]],
  ['a first fire that nobody decided', ['not-decided'], [batch(at(2), fired(2))]],
  ['a fire before it is due', ['early'], [batch(at(1) - 1, fired(1))]],
  [
    'a time that the trigger has not',
    ['not-decided', 'off-schedule'],
    [batch(at(2), fired(1, { scheduledAt: at(1) + 1, dueAt: at(1) + 1, runId: runIdOf(at(1) + 1) }))],
  ],
  [
    'a count of coalesced times that is too high',
    ['wrong-count', 'not-decided'],
    [batch(at(3), fired(3, { coalesced: { ...times(at(1), at(2)), count: 3 } }))],
  ],
  [
    'a count of many coalesced times that is too low',
    ['wrong-count'],
    [batch(at(301), fired(301, { coalesced: { ...many(1, 300), count: 299 } }))],
  ],
  ['a hole in the coalesced times', ['not-decided'], [batch(at(4), fired(4, { coalesced: times(at(1), at(3)) }))]],
  [
    'a next fire time that is not the next',
    ['wrong-next-fire-time'],
    [batch(at(1), fired(1, { nextFireTime: at(3) }))],
  ],
  ['a due time that is not the scheduled one', ['wrong-due-time'], [batch(at(2), fired(1, { dueAt: at(1) + 1 }))]],
  [
    'a fire for the latest that stands for a later one',
    ['wrong-coalesce'],
    [batch(at(3), fired(1, { coalesced: times(at(2), at(3)), nextFireTime: at(4) }))],
  ],
  [
    'a miss within the grace time',
    ['unfounded'],
    [batch(at(1), { type: 'RunMissed', ...job, times: times(at(1)), nextFireTime: at(2) })],
  ],
  [
    'a skip although nothing runs',
    ['unfounded'],
    [batch(at(1), skipped({ times: times(at(1)), nextFireTime: at(2) }))],
  ],
  ['more runs at a time than allowed', ['over-max-instances'], [first, batch(at(2), fired(2))]],
  [
    'a resume that forgets a time of the pause',
    ['not-decided'],
    [
      batch(START + 1, pause),
      batch(at(2), { type: 'JobResumed', commandId: 'r', ...job, skipped: times(at(2)), nextFireTime: at(3) }),
    ],
  ],
  [
    'a fire after more repetitions than asked for',
    ['off-schedule'],
    [
      batch(START + 1, modified({ trigger: '{"type":"interval","every":"PT1S","repeat":1}' })),
      batch(at(1), fired(1, { jobVersion: 2, nextFireTime: null }), succeeded(1)),
      batch(at(2), fired(2, { jobVersion: 2, nextFireTime: null })),
    ],
  ],
]

const jobs: Row[] = [
  ['a fire while the job is paused', ['while-paused'], [batch(START + 1, pause), first]],
  [
    'a fire while the schedule is paused',
    ['while-paused'],
    [batch(START + 1, { type: 'SchedulePaused', commandId: 'p' }), first],
  ],
  [
    'a fire while its labels are paused',
    ['while-paused'],
    [batch(START + 1, { type: 'JobsPaused', commandId: 'p', labels: {} }), first],
  ],
  ['a fire after the job was removed', ['after-removal'], [batch(START + 1, remove), first]],
  ['a job that is added twice', ['job-order'], [batch(START + 1, added({ commandId: 'b' }))]],
  [
    'a job that is removed twice',
    ['job-order'],
    [batch(START + 1, remove), batch(START + 2, { ...remove, commandId: 'b' })],
  ],
  [
    'a removal of all that counts other jobs or runs than there are',
    ['job-order'],
    [first, batch(at(1) + 1, { type: 'JobsRemoved', commandId: 'all', count: 1, cancelledRuns: 1 })],
  ],
  ['a job that is finished too soon', ['job-order'], [batch(START + 1, { type: 'JobFinished', ...job })]],
  ['a run of a version that the job has not', ['job-order'], [batch(at(1), fired(1, { jobVersion: 2 }))]],
]

const runs: Row[] = [
  ['a second outcome', ['second-outcome'], [first, done, batch(at(1) + 6, ofRun('RunLost', 1))]],
  ['something after the outcome', ['after-outcome'], [first, done, batch(at(1) + 6, ofRun('RunStarted', 1))]],
  ['an outcome of a run that was never queued', ['unknown-run'], [done]],
  ['a run that is queued twice', ['queued-twice', 'decided-twice'], [first, done, batch(at(1) + 6, fired(1))]],
  ['a run under a wrong id', ['wrong-run-id'], [batch(at(1), fired(1, { runId: runIdOf(at(1), '1-9-0') }))]],
  [
    'a missing attempt',
    ['wrong-attempt'],
    [first, batch(at(1) + 1, retry(1)), batch(at(1) + 100, ofRun('RunRetryQueued', 1, { attempt: 3 }))],
  ],
  ['an outcome of another attempt', ['wrong-attempt'], [first, batch(at(1) + 1, succeeded(1, { attempt: 2 }))]],
  ['a success while the run waits for its retry', ['wrong-attempt'], [first, batch(at(1) + 1, retry(1)), done]],
  [
    'a retry before its time',
    ['early'],
    [first, batch(at(1) + 1, retry(1)), batch(at(1) + 99, ofRun('RunRetryQueued', 1, { attempt: 2 }))],
  ],
  [
    'a retry after the job was removed',
    ['after-removal'],
    [first, batch(at(1) + 1, retry(1), remove), batch(at(1) + 100, ofRun('RunRetryQueued', 1, { attempt: 2 }))],
  ],
  [
    'a second grant of one attempt',
    ['wrong-attempt'],
    [
      batch(START + 1, modified({ delivery: 'at-most-once' })),
      batch(at(1), fired(1, { jobVersion: 2 })),
      batch(at(1) + 1, ofRun('RunGranted', 1), ofRun('RunGranted', 1)),
    ],
  ],
  [
    'a success of an attempt that may run only once and was never granted',
    ['wrong-attempt'],
    [
      batch(START + 1, modified({ delivery: 'at-most-once' })),
      batch(at(1), fired(1, { jobVersion: 2 })),
      batch(at(1) + 1, succeeded(1)),
    ],
  ],
  [
    'a start of a run that waits for another',
    ['wrong-attempt'],
    [
      batch(START + 1, modified({ overlap: 'queue' })),
      batch(at(1), fired(1, { jobVersion: 2 })),
      batch(at(2), fired(2, { jobVersion: 2, after: '*' })),
      batch(at(2) + 1, ofRun('RunStarted', 2)),
    ],
  ],
  [
    'more attempts than allowed',
    ['wrong-attempt'],
    [
      first,
      ...[1, 2, 3].flatMap((attempt) => [
        batch(at(1) + attempt, retry(attempt, attempt)),
        batch(at(1) + attempt, ofRun('RunRetryQueued', 1, { attempt: attempt + 1 })),
      ]),
    ],
  ],
]

const commands: Row[] = [
  ['a second answer', ['second-answer'], [batch(START + 1, { type: 'CommandRejected', commandId: 'add-tick' })]],
  [
    'two answers in one batch',
    ['second-answer'],
    [batch(START + 1, { ...pause, commandId: 'c' }, { type: 'CommandApplied', commandId: 'c' })],
  ],
  ['an effect that happens twice', ['second-answer'], [batch(START + 1, pause, pause)]],
  [
    'a duplicate of nothing',
    ['second-answer'],
    [batch(START + 1, { type: 'CommandApplied', commandId: 'new', duplicate: true })],
  ],
]

describe.each([
  ['decisions', decisions],
  ['jobs', jobs],
  ['runs', runs],
  ['commands', commands],
])('%s', (_, rows) => {
  test.each(rows)('%s is found', (__, kinds, batches) => {
    const report = checked(historyOf(...batches))
    expect(kindsOf(report).toSorted()).toEqual(kinds.toSorted())
    expect(report.violations.every(({ offset }) => offset !== undefined)).toBe(true)
  })
})

describe('at the end', () => {
  test('a run without an outcome is open, and with `final` a violation', () => {
    expect(checked(historyOf(first))).toMatchObject({ openRuns: 1, violations: [] })
    expect(kindsOf(checked(historyOf(first), { final: true }))).toEqual(['open-run'])
  })

  test('an acknowledged command that is not on the log is lost', () => {
    expect(kindsOf(checked(historyOf(), { acknowledged: ['add-tick'] }))).toEqual([])
    expect(kindsOf(checked(historyOf(), { acknowledged: ['add-tick', 'gone'] }))).toEqual(['lost-command'])
  })

  test('a run is executed when it is on the log, and succeeds when it was executed', () => {
    const executed = new Set([runIdOf(at(1))])
    expect(kindsOf(checked(historyOf(first, done), { executed }))).toEqual([])
    expect(kindsOf(checked(historyOf(), { executed }))).toEqual(['unknown-run'])
    expect(kindsOf(checked(historyOf(first, done), { executed: new Set() }))).toEqual(['not-executed'])
  })
})

test('a job on a partition that is not its home is found', () => {
  const history = new History().announce(START, { partitions: 1_000 }).batch(batch(START, added()))
  expect(kindsOf(checked(history))).toEqual(['wrong-partition'])
})

/** More times than an event lists. */
function many(from: number, to: number): Readonly<Record<string, unknown>> {
  const listed = Array.from({ length: 100 }, (_, index) => at(from + index))
  return { first: at(from), last: at(to), count: to - from + 1, listed }
}
