/**
 * Every code by which the core refuses a command (protocol §3), for each command that can get it.
 *
 * `topic-not-allowed` is about records on a Kafka topic: the core has no reason to give it.
 */
import { expect, test } from 'vitest'
import type { Command } from '../../src/core/commands.ts'
import type { Input } from '../../src/core/decide.ts'
import type { JobInput } from '../../src/core/job/definition.ts'
import { JOB_ID_PATTERN, MAX_OPEN_RUNS, MAX_PAUSE_RULES, MAX_PAYLOAD_BYTES } from '../../src/core/limits.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import { crontab, date, interval } from '../../src/core/triggers/make-trigger.ts'
import { jobAdded, rejected, runQueued } from '../support/facts.ts'
import { addJob, declareExecutor, given as withId, pauseJob, removeJob, resumeJob, runJob } from '../support/inputs.ts'
import { at, every, runAt, T0 } from '../support/moments.ts'
import { type Given, given } from '../support/scenario.ts'
import { snapshot } from '../support/state-snapshot.ts'
import { backfilled, backfillOf, finishedRun, jobsPaused } from './outcomes.ts'
import {
  backfill,
  called,
  cancelRun,
  modifyJob,
  pauseJobs,
  pauseSchedule,
  pauseUntil,
  rescheduleJob,
  resumeJobs,
  retryRun,
} from './requests.ts'

const RUN = runAt(at(10))
const JOB_ADDED = jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) })
const OPEN: readonly Given[] = [JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) })]
const NEVER = { type: 'crontab', expression: '0 0 30 2 *' }
const NOWHERE = { ...crontab('0 9 * * *'), zone: 'Mars/Olympus' }
const OVER = interval('10s', { start: at(-60), end: at(-1) })
const TOO_LARGE = new Uint8Array(MAX_PAYLOAD_BYTES + 1)
const LONG_ID = called('x'.repeat(301))
/** A run of the command that is asked again, an hour later. */
const FILLED = backfilled(at(10), { nextFireTime: at(10) })
const ENDED = finishedRun(RUN, { scheduledAt: at(10) })
const MANY_RULES = Array.from({ length: MAX_PAUSE_RULES }, (_, i) => jobsPaused({ labels: { team: `${i}` } }))
const MANY_RUNS = [
  JOB_ADDED,
  ...Array.from({ length: MAX_OPEN_RUNS }, (_, i) =>
    backfilled(at(-i - 1), { after: i === 0 ? null : backfillOf(at(-i)) }),
  ),
]
/** Nobody foresees everything. */
const UNREADABLE: JobInput = {
  retry: {
    get jitter(): number {
      throw new Error('no')
    },
  },
}

type Case = readonly [code: RejectionCode, what: string, history: readonly Given[], input: Input, path: string | null]

const CASES: readonly Case[] = [
  ['malformed', 'AddJob that throws when it is read', [], addJob(UNREADABLE), null],
  ['malformed', 'ModifyJob that throws when it is read', [JOB_ADDED], modifyJob(UNREADABLE), null],
  ['unsupported-type', 'a command that nobody knows', [], unheardOf('PolishJob'), 'type'],
  ['unsupported-type', 'a command without a type', [], unheardOf(undefined), 'type'],
  ['invalid-id', 'AddJob with an id of other characters', [], addJob({}, { jobId: 'a b' }), 'job.id'],
  ['invalid-id', 'RunJob with an id too long for a run', [JOB_ADDED], runJob({ envelope: LONG_ID }), 'commandId'],
  [
    'invalid-id',
    'BackfillJob with such an id',
    [JOB_ADDED],
    backfill(at(0), at(20), { envelope: LONG_ID }),
    'commandId',
  ],
  ['invalid-id', 'RetryRun with such an id', [JOB_ADDED], retryRun(RUN, finishedRun(RUN), LONG_ID), 'commandId'],
  ['invalid-trigger', 'AddJob with a text for a trigger', [], addJob({ trigger: '* * * * *' }), 'job.trigger'],
  [
    'invalid-trigger',
    'ModifyJob with a trigger of no kind',
    [JOB_ADDED],
    modifyJob({ trigger: {} }),
    'job.trigger.type',
  ],
  ['invalid-trigger', 'RescheduleJob every 9 ms', [JOB_ADDED], rescheduleJob(interval(9)), 'job.trigger.every'],
  ['never-fires', 'AddJob on 30 February', [], addJob({ trigger: NEVER }), 'job.trigger.expression'],
  ['never-fires', 'AddJob with a trigger that is over', [], addJob({ trigger: OVER }), 'job.trigger'],
  ['never-fires', 'AddJob that replaces by such a one', [JOB_ADDED], addJob({ trigger: OVER }), 'job.trigger'],
  ['never-fires', 'ModifyJob to such a one', [JOB_ADDED], modifyJob({ trigger: OVER }), 'job.trigger'],
  ['never-fires', 'RescheduleJob to a time that was decided', OPEN, rescheduleJob(date(at(10))), 'job.trigger'],
  ['unknown-zone', 'AddJob', [], addJob({ trigger: NOWHERE }), 'job.trigger.zone'],
  ['unknown-zone', 'ModifyJob', [JOB_ADDED], modifyJob({ trigger: NOWHERE }), 'job.trigger.zone'],
  ['unknown-zone', 'RescheduleJob', [JOB_ADDED], rescheduleJob(NOWHERE), 'job.trigger.zone'],
  ['unknown-executor', 'AddJob', [], addJob({ executor: 'gpu' }), 'job.executor'],
  ['unknown-executor', 'ModifyJob', [JOB_ADDED], modifyJob({ executor: 'gpu' }), 'job.executor'],
  ['invalid-option', 'AddJob without a task', [], addJob({ task: null }), 'job.task'],
  [
    'invalid-option',
    'AddJob with no way to handle what exists',
    [JOB_ADDED],
    addJob({}, { ifExists: 'x' as 'keep' }),
    'ifExists',
  ],
  [
    'invalid-option',
    'AddJob that begins with what was decided',
    OPEN,
    addJob({ nextFireTime: at(10) }),
    'job.nextFireTime',
  ],
  ['invalid-option', 'ModifyJob that pauses', [JOB_ADDED], modifyJob({ paused: true }), 'job.paused'],
  ['invalid-option', 'PauseJob for no reason', [JOB_ADDED], pauseJob(''), 'reason'],
  ['invalid-option', 'PauseJob until before 1970', [JOB_ADDED], pauseUntil(-1), 'until'],
  ['invalid-option', 'PauseJobs of no labels object', [], pauseJobs(7 as never), 'labels'],
  ['invalid-option', 'ResumeJobs of no labels object', [], resumeJobs('a' as never), 'labels'],
  ['invalid-option', 'PauseSchedule for no reason', [], pauseSchedule({ reason: '' }), 'reason'],
  ['invalid-option', 'BackfillJob of an empty range', [JOB_ADDED], backfill(at(9), at(9)), 'to'],
  ['invalid-option', 'CancelRun for no reason', OPEN, cancelRun(RUN, ''), 'reason'],
  ['invalid-option', 'RetryRun of an open run', OPEN, retryRun(RUN, null), 'runId'],
  ['invalid-option', 'RunJob with an empty content type', [JOB_ADDED], runJob({ contentType: '' }), 'contentType'],
  ['invalid-option', 'DeclareExecutor without a name', [], declareExecutor(''), 'executor'],
  ['payload-too-large', 'AddJob', [], addJob({ payload: TOO_LARGE }), 'job.payload'],
  ['payload-too-large', 'ModifyJob', [JOB_ADDED], modifyJob({ payload: TOO_LARGE }), 'job.payload'],
  ['payload-too-large', 'RunJob', [JOB_ADDED], runJob({ payload: TOO_LARGE }), 'payload'],
  ['job-exists', 'AddJob', [JOB_ADDED], addJob({}, { ifExists: 'reject' }), 'job.id'],
  ['job-not-found', 'ModifyJob', [], modifyJob({}), 'jobId'],
  ['job-not-found', 'RescheduleJob', [], rescheduleJob(null), 'jobId'],
  ['job-not-found', 'RemoveJob', [], removeJob(), 'jobId'],
  ['job-not-found', 'PauseJob', [], pauseJob(), 'jobId'],
  ['job-not-found', 'ResumeJob', [], resumeJob(), 'jobId'],
  ['job-not-found', 'RunJob', [], runJob(), 'jobId'],
  ['job-not-found', 'BackfillJob', [], backfill(at(0), at(9)), 'jobId'],
  ['job-not-found', 'RetryRun', [], retryRun(RUN, finishedRun(RUN)), 'jobId'],
  ['version-conflict', 'ModifyJob', [JOB_ADDED], modifyJob({}, { version: 7 }), 'version'],
  ['version-conflict', 'RescheduleJob', [JOB_ADDED], rescheduleJob(null, { version: 7 }), 'version'],
  ['run-not-found', 'CancelRun', [JOB_ADDED], cancelRun(RUN), 'runId'],
  ['run-not-found', 'RetryRun', [JOB_ADDED], retryRun(RUN, null), 'runId'],
  ['run-final', 'CancelRun', [JOB_ADDED], cancelRun(RUN, null, finishedRun(RUN)), 'runId'],
  ['run-final', 'RetryRun', [JOB_ADDED], retryRun(RUN, finishedRun(RUN, { outcome: 'succeeded' })), 'runId'],
  ['expired', 'BackfillJob under an id whose run is open', [JOB_ADDED, FILLED], backfill(at(10), at(20)), 'commandId'],
  ['expired', 'RetryRun under such an id', [JOB_ADDED, FILLED], retryRun(RUN, ENDED), 'commandId'],
  ['limit-exceeded', 'AddJob with a long name', [], addJob({ name: 'x'.repeat(201) }), 'job.name'],
  ['limit-exceeded', 'ModifyJob with a long name', [JOB_ADDED], modifyJob({ name: 'x'.repeat(201) }), 'job.name'],
  ['limit-exceeded', 'RunJob over maxInstances', OPEN, runJob(), 'jobId'],
  ['limit-exceeded', 'RetryRun over maxInstances', OPEN, retryRun(runAt(at(5)), finishedRun(runAt(at(5)))), 'jobId'],
  ['limit-exceeded', 'BackfillJob of a long range', [JOB_ADDED], backfill(at(0), at(10_000)), 'to'],
  ['limit-exceeded', 'BackfillJob beyond the open runs', MANY_RUNS, backfill(at(0), at(20)), 'from'],
  ['limit-exceeded', 'PauseJobs beyond the rules', MANY_RULES, pauseJobs({ team: 'x' }), 'labels'],
]

test.each(CASES)('%s: %s, and again when it is repeated', (code, _what, history, input, path) => {
  const { command } = input as Extract<Input, { kind: 'command' }>
  const envelope = { ...command, ...withId(command.commandId) }
  const { commandId, commandGiven, actor, commandOffset } = envelope
  const about = {
    jobId: 'jobId' in command && JOB_ID_PATTERN.test(command.jobId) ? command.jobId : null,
    ...{ commandId, commandGiven, actor, commandOffset },
  }
  const before = given(...history)
  const once = { ...input, command: envelope } as Input
  const after = before.when(once).then(rejected(code, path, about))
  const { lastTime, ...changed } = snapshot(after.state)
  expect({ ...changed, lastTime: before.state.lastTime }, 'it changes nothing').toEqual(snapshot(before.state))
  expect(lastTime).toBe(T0)
  after.when(once).then(rejected(code, path, about))
})

test('each code that the core can give is among them', () => {
  const codes: Readonly<Record<RejectionCode, boolean>> = {
    malformed: true,
    'unsupported-type': true,
    'invalid-id': true,
    'invalid-trigger': true,
    'never-fires': true,
    'unknown-zone': true,
    'unknown-executor': true,
    'invalid-option': true,
    'payload-too-large': true,
    'job-exists': true,
    'job-not-found': true,
    'version-conflict': true,
    'run-not-found': true,
    'run-final': true,
    'limit-exceeded': true,
    'topic-not-allowed': false,
    expired: true,
  }
  const given = Object.entries(codes).filter(([, isOfCore]) => isOfCore)
  expect(new Set(CASES.map(([code]) => code))).toEqual(new Set(given.map(([code]) => code)))
})

test('a rejection begins with the path, and is short', () => {
  const reasons = CASES.map(([, , history, input, path]) => {
    const [event] = given(...history).when(input).events
    return { path: path ?? '', reason: event?.type === 'CommandRejected' ? event.reason : '' }
  })
  expect(reasons.filter(({ path, reason }) => !reason.startsWith(path) || reason.length > 400)).toEqual([])
})

function unheardOf(type: string | undefined): Input {
  return { kind: 'command', command: { type, ...called('c1') } as unknown as Command }
}
