/**
 * One fixed value of every record. Their bytes are golden: `regenerate.ts` writes them, `test/codec/golden.test.ts`
 * compares. The types make the compiler say when a core type and its sample differ.
 */
import type { Command, CommandType } from '../../src/core/commands.ts'
import type { EventOf, EventType } from '../../src/core/events.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import type { JobState } from '../../src/core/job/job-state.ts'
import type { Report } from '../../src/core/reports.ts'
import type { RunState } from '../../src/core/run/run-state.ts'
import type {
  CheckpointManifest,
  CheckpointPiece,
  CommandIdRow,
  CursorRow,
  LocalCheckpointRow,
  PartitionRow,
} from '../../src/ports/state-codec.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const filled = (size: number, byte: number): Uint8Array => new Uint8Array(size).fill(byte)

const T0 = Date.UTC(2027, 0, 1, 9)
const stamp = { epoch: 3, seq: 300, index: 7, time: T0 + 12 }
const caused = { commandId: 'horolog.commands/4/77', commandGiven: false, actor: 'anna', commandOffset: 77 }
const jobId = 'daily:report'
const runId = 'daily:report/3-12-0/20270101T090000.000Z'
const ofRun = { jobId, runId, attempt: 2 }
const executor = 'host:4711:00112233445566778899aabbccddeeff'
const over = { ...ofRun, scheduledAt: T0, startedAt: T0 + 3, executor }
const times = { first: T0 - 120_000, last: T0 - 60_000, count: 2, listed: [T0 - 120_000, T0 - 60_000] }
const error = { name: 'TypeError', message: 'naïve ✗', stack: null, retryable: true }

const DEFINITION: JobDefinition = {
  task: 'send-report',
  deliver: null,
  payload: bytes('{"to":"Zoë"}'),
  contentType: 'application/json',
  headers: [{ name: 'traceparent', value: bytes('00-1') }],
  trigger: { type: 'crontab', expression: '0 9 * * 1-5', zone: 'Europe/Paris' },
  executor: 'default',
  name: 'Daily report',
  description: null,
  labels: { team: 'blue', tier: '1' },
  metadata: { ticket: 4711, tags: ['a', null, true] },
  misfireGraceMs: 3_600_000,
  coalesce: 'latest',
  maxCatchUp: 100,
  maxInstances: 1,
  overlap: 'skip',
  queueLimit: 10,
  retry: { maxAttempts: 3, initialMs: 1_000, multiplier: 2, maxMs: 300_000, jitter: 0.2, nonRetryable: ['RangeError'] },
  timeoutMs: 60_000,
  heartbeatTimeoutMs: null,
  delivery: 'at-least-once',
  keepRuns: 10,
}

const DELIVERED: JobDefinition = {
  ...DEFINITION,
  task: null,
  deliver: { topic: 'orders', key: 'k1', headers: { source: 'shop' } },
  headers: null,
  trigger: null,
}

export const EVENTS: { readonly [T in EventType]: EventOf<T> } = {
  OwnerAnnounced: {
    type: 'OwnerAnnounced', ...stamp, owner: filled(16, 0xa1), node: 'host:4711', generation: 5, partitions: 12,
    hash: 'murmur2', format: 1, logId: filled(16, 0x01), zoneData: '2026c',
  },
  BatchCommitted: {
    type: 'BatchCommitted', ...stamp, owner: filled(16, 0xa1), count: 7, prev: filled(32, 0xcc), commandsThrough: 77,
    reportsThrough: -1, dispatchedThrough: { epoch: 3, seq: 298 },
  },
  InputLost: { type: 'InputLost', ...stamp, topic: 'horolog.commands', from: 78, to: 9_000_000_000 },
  ClockStepped: { type: 'ClockStepped', ...stamp, stepMs: -7_200_000 },
  ExecutorDeclared: { type: 'ExecutorDeclared', ...stamp, ...caused, executor: 'reports' },
  CommandApplied: { type: 'CommandApplied', ...stamp, ...caused, jobId: null, duplicate: true, times: null },
  CommandRejected: {
    type: 'CommandRejected', ...stamp, ...caused, jobId, code: 'invalid-option',
    reason: 'job.retry.maxAttempts: expected a whole number from 1 to 1000, got 0', path: 'job.retry.maxAttempts',
  },
  CommandForwarded: { type: 'CommandForwarded', ...stamp, ...caused, jobId, toPartition: 9, reportOffset: null },
  ReportIgnored: { type: 'ReportIgnored', ...stamp, ...ofRun, report: 'succeeded', why: 'old-attempt', executor, reportOffset: null, reason: null },
  JobAdded: {
    type: 'JobAdded', ...stamp, ...caused, jobId, version: 1, definition: DEFINITION, anchor: T0, nextFireTime: T0 + 86_400_000,
    paused: false,
  },
  JobModified: {
    type: 'JobModified', ...stamp, ...caused, jobId, version: 2, definition: DELIVERED, anchor: T0, nextFireTime: null,
    movedFrom: T0 + 1, heldThrough: T0 + 2,
  },
  JobPaused: { type: 'JobPaused', ...stamp, ...caused, jobId, reason: 'holidays', until: T0 + 1 },
  JobResumed: { type: 'JobResumed', ...stamp, ...caused, jobId, through: T0, skipped: times, nextFireTime: T0 },
  JobRemoved: { type: 'JobRemoved', ...stamp, ...caused, jobId },
  JobFinished: { type: 'JobFinished', ...stamp, jobId },
  JobsPaused: { type: 'JobsPaused', ...stamp, ...caused, labels: { team: 'blue' }, reason: null, until: null },
  JobsResumed: { type: 'JobsResumed', ...stamp, ...caused, labels: {}, through: T0 },
  JobsRemoved: { type: 'JobsRemoved', ...stamp, ...caused, count: 1_234, cancelledRuns: 3 },
  SchedulePaused: { type: 'SchedulePaused', ...stamp, ...caused, reason: 'deployment', until: null },
  ScheduleResumed: { type: 'ScheduleResumed', ...stamp, ...caused },
  RunQueued: {
    type: 'RunQueued', ...stamp, ...caused, jobId, runId, scheduledAt: T0, dueAt: T0 + 5, cause: 'run-now', jobVersion: 2,
    executor: 'default', startBefore: T0 + 3_600_000, after: '*', coalesced: times, coalescesThrough: T0, retryOf: null, nextFireTime: T0 + 86_400_000,
    payload: bytes('x'), contentType: 'text/plain',
  },
  RunSkipped: {
    type: 'RunSkipped', ...stamp, jobId, runId: null, why: 'max-instances', times, nextFireTime: T0 + 86_400_000,
  },
  RunMissed: { type: 'RunMissed', ...stamp, jobId, runId, attempt: 1, times, nextFireTime: null },
  RunStarted: { type: 'RunStarted', ...stamp, ...ofRun, executor, startedAt: T0 + 3 },
  RunGranted: { type: 'RunGranted', ...stamp, ...ofRun, executor },
  RunRetryScheduled: {
    type: 'RunRetryScheduled', ...stamp, ...ofRun, reason: 'failed', error: { ...error, stack: 'at a\nat b' }, executor, retryAt: T0 + 999,
  },
  RunRetryQueued: { type: 'RunRetryQueued', ...stamp, ...ofRun },
  RunSucceeded: { type: 'RunSucceeded', ...stamp, ...over, result: { sent: 3, to: ['Zoë'] } },
  RunFailed: { type: 'RunFailed', ...stamp, ...over, error },
  RunTimedOut: { type: 'RunTimedOut', ...stamp, ...over, error: null },
  RunCancelRequested: { type: 'RunCancelRequested', ...stamp, ...caused, ...ofRun, reason: null },
  RunCancelled: { type: 'RunCancelled', ...stamp, ...caused, ...over, reason: 'no longer needed' },
  RunLost: { type: 'RunLost', ...stamp, ...over, startedAt: null, executor: null, reason: 'no heartbeat' },
}

const asked = { commandId: 'c-1', commandGiven: true, actor: 'anna', commandOffset: 78 }

export const COMMANDS: { readonly [T in CommandType]: Extract<Command, { readonly type: T }> } = {
  AddJob: {
    type: 'AddJob', ...asked, jobId, ifExists: 'keep',
    job: {
      task: 'send-report', payload: bytes('{"to":"Zoë"}'), contentType: 'application/json',
      trigger: { type: 'interval', every: 'PT90S' }, executor: 'reports', name: 'Daily', description: 'says what happened',
      labels: { team: 'blue' }, metadata: { a: [1] }, misfireGraceMs: 60_000, coalesce: 'all', maxCatchUp: 5, maxInstances: 2,
      overlap: 'queue', queueLimit: 3, retry: { maxAttempts: 3, initialMs: 5, multiplier: 1.5, maxMs: 50, jitter: 0, nonRetryable: ['X'] },
      timeoutMs: 1_000, heartbeatTimeoutMs: 500, delivery: 'at-most-once', keepRuns: 0, paused: true, nextFireTime: T0,
    },
  },
  ModifyJob: { type: 'ModifyJob', ...asked, jobId, version: 4, job: { timeoutMs: null, name: 'Weekly' } },
  RescheduleJob: { type: 'RescheduleJob', ...asked, jobId, version: null, trigger: { type: 'crontab', expression: '@daily' } },
  RemoveJob: { type: 'RemoveJob', ...asked, jobId },
  PauseJob: { type: 'PauseJob', ...asked, jobId, reason: 'holidays', until: T0 },
  ResumeJob: { type: 'ResumeJob', ...asked, jobId },
  RunJob: { type: 'RunJob', ...asked, jobId, payload: bytes('[1, 2]'), contentType: 'application/json' },
  BackfillJob: { type: 'BackfillJob', ...asked, jobId, from: T0 - 86_400_000, to: T0, dryRun: true },
  CancelRun: { type: 'CancelRun', ...asked, jobId, runId, reason: null },
  RetryRun: { type: 'RetryRun', ...asked, jobId, runId },
  PauseJobs: { type: 'PauseJobs', ...asked, labels: { team: 'blue' }, reason: 'freeze', until: T0 },
  ResumeJobs: { type: 'ResumeJobs', ...asked, labels: { team: 'blue' } },
  PauseSchedule: { type: 'PauseSchedule', ...asked, reason: null, until: null },
  ResumeSchedule: { type: 'ResumeSchedule', ...asked },
  RemoveAllJobs: { type: 'RemoveAllJobs', ...asked },
  DeclareExecutor: { type: 'DeclareExecutor', ...asked, executor: 'reports' },
}

export const REPORT: Report = {
  type: 'failed', jobId, runId, attempt: 2, token: 'AbC-_', at: T0 + 10, startedAt: T0 + 3, executor, result: null, error,
}

export const JOB_ROW: JobState = {
  jobId, incarnation: '3-12-0', version: 2, definition: DEFINITION, anchor: T0, nextFireTime: T0 + 60_000, zoneData: '2026c', decidedThrough: T0,
  decidedCount: 12, paused: { reason: 'holidays', until: null }, heldThrough: null, coalescedThrough: null, openRuns: [runId], endedRuns: 6, addedAt: T0 - 1,
  last: { runId, outcome: 'succeeded', at: T0 }, counts: { succeeded: 5, failed: 1, stopped: 0, missed: 2, skipped: 3 },
}

export const RUN_ROW: RunState = {
  runId, jobId, incarnation: '3-12-0', scheduledAt: T0, dueAt: T0 + 5, cause: 'trigger', jobVersion: 2, definition: DEFINITION,
  payload: bytes('"now"'), contentType: 'application/json', startBefore: T0 + 1_000, after: null, status: 'retrying', attempt: 2, queuedAt: T0,
  startedAt: T0 + 3, runningSince: T0 + 4, executor, starts: 1, granted: false, retryAt: T0 + 900, unknownTask: 0, cancelRequested: false,
}

export const COMMAND_ID_ROW: CommandIdRow = { commandId: 'c-1', time: T0 }
export const PARTITION_ROW: PartitionRow = {
  executors: ['default', 'reports'], schedulePaused: null, pauseRules: [{ labels: { team: 'blue' }, reason: null, until: T0 }], lastTime: T0, zoneData: '2026c',
}
export const CURSOR: CursorRow = {
  offset: 123_456, epoch: 3, owner: filled(16, 0xa1), seq: 300, chain: filled(32, 0xcc), commandsThrough: 77, reportsThrough: -1,
  dispatchedThrough: { epoch: 3, seq: 298 }, logId: filled(16, 0x01),
  batchOffset: 123_440, prev: filled(32, 0xcb), partitions: 12, extra: filled(2, 0x0e),
}
export const PIECE: CheckpointPiece = {
  checkpoint: '0b5c', number: 1, rows: [filled(3, 1), filled(0, 0)], deleted: ['job/a', 'command/c-0'],
}
export const MANIFEST: CheckpointManifest = {
  checkpoint: '0b5c', time: T0, cursor: CURSOR, parent: null, pieces: [{ number: 0, offset: 17, sha256: filled(32, 0xee) }],
}
export const LOCAL: LocalCheckpointRow = { generation: 2, pieces: 16, cursor: CURSOR }
