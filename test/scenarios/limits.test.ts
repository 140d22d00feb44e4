// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
/**
 * Each limit of src/core/limits.ts that a command or a report can meet: at it all is well, one above is an error that
 * names path, limit and what came. Limits with a scenario of their own are there: MAX_BACKFILL and MAX_OPEN_RUNS in
 * backfill, MAX_TIMES_PER_DECISION in fire-job, what is remembered of commands in decide and below.
 */
import { describe, expect, test } from 'vitest'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import type { EventOf } from '../../src/core/events.ts'
import type { JobDefinition, JobInput } from '../../src/core/job/definition.ts'
import {
  MAX_ATTEMPTS,
  MAX_BATCH_BYTES,
  MAX_CATCH_UP,
  MAX_COMMANDS_REMEMBERED,
  MAX_DESCRIPTION_CHARS,
  MAX_DURATION_MS,
  MAX_ERROR_CHARS,
  MAX_HEADERS_BYTES,
  MAX_INSTANCES,
  MAX_INSTANT_MS,
  MAX_JOB_ID_CHARS,
  MAX_JSON_DEPTH,
  MAX_KEEP_RUNS,
  MAX_LABELS,
  MAX_METADATA_BYTES,
  MAX_NAME_CHARS,
  MAX_PAYLOAD_BYTES,
  MAX_QUEUE,
  MAX_RECORD_BYTES,
  MAX_RESULT_BYTES,
  MAX_TRIGGER_CHARS,
  MIN_JOB_INTERVAL_MS,
} from '../../src/core/limits.ts'
import { State } from '../../src/core/state.ts'
import { excluding, interval, or } from '../../src/core/triggers/make-trigger.ts'
import { parseTrigger } from '../../src/core/triggers/parse-trigger.ts'
import { jobAdded, retries, runFailed, runQueued, runSucceeded } from '../support/facts.ts'
import { addJob, report, runError } from '../support/inputs.ts'
import { at, every, resolved, runAt, T0 } from '../support/moments.ts'
import { given, nothing } from '../support/scenario.ts'
import { modifyJob } from './requests.ts'

const chars = (count: number): string => 'x'.repeat(count)
const entries = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `E${i}`)
/** Objects in objects, `levels` of them. */
const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) })
/** Metadata of exactly so many bytes. */
const metadata = (bytes: number): { a: string } => ({ a: chars(bytes - '{"a":""}'.length) })

interface Bound {
  readonly path: string
  /** The members of a job at the limit, and one above or below. */
  readonly at: JobInput
  readonly over: JobInput
  /** What the error says of the limit, and of what came. */
  readonly limit: string | number
  readonly came: string | number
  readonly code?: string
}

const MAX_DURATIONS = (['misfireGraceMs', 'timeoutMs', 'heartbeatTimeoutMs'] as const).map((member) => ({
  path: `job.${member}`,
  at: { [member]: MAX_DURATION_MS },
  over: { [member]: MAX_DURATION_MS + 1 },
  limit: MAX_DURATION_MS,
  came: MAX_DURATION_MS + 1,
}))

function whole(member: 'maxCatchUp' | 'maxInstances' | 'queueLimit' | 'keepRuns', min: number, max: number): Bound[] {
  const path = `job.${member}`
  return [
    { path, at: { [member]: max }, over: { [member]: max + 1 }, limit: max, came: max + 1 },
    { path, at: { [member]: min }, over: { [member]: min - 1 }, limit: min, came: min - 1 },
  ]
}

function ofRetry(
  member: 'maxAttempts' | 'initialMs' | 'multiplier' | 'maxMs' | 'jitter',
  min: number,
  max: number,
): Bound[] {
  const path = `job.retry.${member}`
  return [
    { path, at: { retry: { [member]: max } }, over: { retry: { [member]: max + 1 } }, limit: max, came: max + 1 },
    { path, at: { retry: { [member]: min } }, over: { retry: { [member]: min - 1 } }, limit: min, came: min - 1 },
  ]
}

function text(member: 'task' | 'contentType' | 'name' | 'description', max: number): Bound {
  const code = 'limit-exceeded'
  const over = { [member]: chars(max + 1) }
  return { path: `job.${member}`, at: { [member]: chars(max) }, over, limit: max, came: max + 1, code }
}

const BOUNDS: readonly Bound[] = [
  text('task', MAX_NAME_CHARS),
  text('contentType', MAX_NAME_CHARS),
  text('name', MAX_NAME_CHARS),
  text('description', MAX_DESCRIPTION_CHARS),
  {
    path: 'job.payload',
    at: { payload: new Uint8Array(MAX_PAYLOAD_BYTES) },
    over: { payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) },
    limit: MAX_PAYLOAD_BYTES,
    came: MAX_PAYLOAD_BYTES + 1,
    code: 'payload-too-large',
  },
  {
    path: 'job.labels',
    at: { labels: entries(MAX_LABELS) },
    over: { labels: entries(MAX_LABELS + 1) },
    limit: MAX_LABELS,
    came: MAX_LABELS + 1,
    code: 'limit-exceeded',
  },
  {
    path: 'job.labels.l',
    at: { labels: { l: chars(MAX_NAME_CHARS) } },
    over: { labels: { l: chars(MAX_NAME_CHARS + 1) } },
    limit: MAX_NAME_CHARS,
    came: 'xxx…"',
  },
  {
    path: 'job.labels',
    at: { labels: { [chars(MAX_NAME_CHARS)]: 'l' } },
    over: { labels: { [chars(MAX_NAME_CHARS + 1)]: 'l' } },
    limit: MAX_NAME_CHARS,
    came: 'xxx…"',
  },
  {
    path: 'job.metadata',
    at: { metadata: metadata(MAX_METADATA_BYTES) },
    over: { metadata: metadata(MAX_METADATA_BYTES + 1) },
    limit: MAX_METADATA_BYTES,
    came: MAX_METADATA_BYTES + 1,
  },
  {
    path: 'job.metadata',
    at: { metadata: nested(MAX_JSON_DEPTH) as never },
    over: { metadata: nested(MAX_JSON_DEPTH + 1) as never },
    limit: MAX_JSON_DEPTH,
    came: 'deeper',
  },
  ...MAX_DURATIONS,
  ...whole('maxCatchUp', 1, MAX_CATCH_UP),
  ...whole('maxInstances', 1, MAX_INSTANCES),
  ...whole('queueLimit', 1, MAX_QUEUE),
  ...whole('keepRuns', 0, MAX_KEEP_RUNS),
  ...ofRetry('maxAttempts', 1, MAX_ATTEMPTS),
  ...ofRetry('initialMs', 0, MAX_DURATION_MS),
  ...ofRetry('multiplier', 1, 100),
  ...ofRetry('maxMs', 0, MAX_DURATION_MS),
  ...ofRetry('jitter', 0, 1),
  {
    path: 'job.retry.nonRetryable',
    at: { retry: { nonRetryable: names(MAX_LABELS) } },
    over: { retry: { nonRetryable: names(MAX_LABELS + 1) } },
    limit: MAX_LABELS,
    came: MAX_LABELS + 1,
  },
  {
    path: 'job.retry.nonRetryable',
    at: { retry: { nonRetryable: [chars(MAX_NAME_CHARS)] } },
    over: { retry: { nonRetryable: [chars(MAX_NAME_CHARS + 1)] } },
    limit: MAX_NAME_CHARS,
    came: 'an array of 1',
  },
  {
    path: 'job.nextFireTime',
    at: { nextFireTime: MAX_INSTANT_MS },
    over: { nextFireTime: MAX_INSTANT_MS + 1 },
    limit: '9999',
    came: MAX_INSTANT_MS + 1,
  },
  { path: 'job.nextFireTime', at: { nextFireTime: 0 }, over: { nextFireTime: -1 }, limit: '1970', came: -1 },
  {
    path: 'job.trigger.every',
    at: { trigger: interval(MIN_JOB_INTERVAL_MS) },
    over: { trigger: interval(MIN_JOB_INTERVAL_MS - 1) },
    limit: MIN_JOB_INTERVAL_MS,
    came: 'PT0.009S',
    code: 'invalid-trigger',
  },
  {
    path: 'job.trigger.triggers[1].every',
    at: { trigger: or([interval('1m'), interval(MIN_JOB_INTERVAL_MS)]) },
    over: { trigger: or([interval('1m'), interval(MIN_JOB_INTERVAL_MS - 1)]) },
    limit: MIN_JOB_INTERVAL_MS,
    came: 'PT0.009S',
    code: 'invalid-trigger',
  },
  {
    path: 'job.trigger.trigger.every',
    at: { trigger: excluding(interval(MIN_JOB_INTERVAL_MS), { weekdays: ['sun'] }) },
    over: { trigger: excluding(interval(MIN_JOB_INTERVAL_MS - 1), { weekdays: ['sun'] }) },
    limit: MIN_JOB_INTERVAL_MS,
    came: 'PT0.009S',
    code: 'invalid-trigger',
  },
  {
    path: 'job.trigger',
    at: { trigger: written(MAX_TRIGGER_CHARS) },
    over: { trigger: written(MAX_TRIGGER_CHARS + 1) },
    limit: MAX_TRIGGER_CHARS,
    came: MAX_TRIGGER_CHARS + 1,
    code: 'limit-exceeded',
  },
]

describe.each(BOUNDS)('$path', ({ path, at: most, over, limit, came, code = 'invalid-option' }) => {
  test(`may be at its limit, ${limit}`, () => {
    const [event] = nothing.at(T0).when(addJob(most)).events
    expect(event).toMatchObject({ type: 'JobAdded' })
    const [change] = given(jobAdded({ nextFireTime: at(10) }))
      .at(at(1))
      .when(modifyJob(most)).events
    expect(['JobModified', 'CommandApplied']).toContain(change?.type)
  })

  test(`${came} is beyond it: the error says so, and nothing is added or changed`, () => {
    const added = nothing.at(T0).when(addJob(over)).events
    const changed = given(jobAdded({ nextFireTime: at(10) })).when(modifyJob(over)).events
    for (const events of [added, changed]) {
      expect(events).toMatchObject([{ type: 'CommandRejected', code, path }])
      const { reason } = events[0] as EventOf<'CommandRejected'>
      const [expected = '', got = ''] = reason.split(', got ')
      expect(expected.startsWith(`${path}: expected`)).toBe(true)
      expect(expected).toContain(String(limit))
      expect(got).toContain(String(came))
    }
  })
})

test(`a job id may have ${MAX_JOB_ID_CHARS} characters, and not one more`, () => {
  const jobId = chars(MAX_JOB_ID_CHARS)
  nothing.when(addJob({}, { jobId })).then(jobAdded({ jobId }))
  const [event] = nothing.when(addJob({}, { jobId: `${jobId}x` })).events
  expect(event).toMatchObject({ code: 'invalid-id', path: 'job.id', reason: expect.stringContaining('200') as string })
})

describe('a result', () => {
  const RUN = runAt(at(10))
  const queued = given(
    jobAdded({ job: { trigger: every('10s'), retry: retries(9) }, nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(20) }),
  )

  test.each([
    [`of ${MAX_RESULT_BYTES} bytes`, chars(MAX_RESULT_BYTES - 2)],
    [`of ${MAX_JSON_DEPTH} levels`, nested(MAX_JSON_DEPTH) as never],
  ])('%s is kept', (_what, result) => {
    queued.when(report('succeeded', RUN, { result })).then(runSucceeded(RUN, { result }))
  })

  test.each([
    [
      `of ${MAX_RESULT_BYTES + 1} bytes`,
      chars(MAX_RESULT_BYTES - 1),
      `result: expected at most ${MAX_RESULT_BYTES} bytes as JSON, got ${MAX_RESULT_BYTES + 1} bytes`,
    ],
    [
      `of ${MAX_JSON_DEPTH + 1} levels`,
      nested(MAX_JSON_DEPTH + 1) as never,
      `result: expected JSON of at most ${MAX_JSON_DEPTH} levels, got a deeper value`,
    ],
    [
      'with a key named __proto__',
      JSON.parse('{"__proto__":1}') as never,
      'result: expected no key named __proto__, got __proto__',
    ],
  ])('%s fails its run, which is not tried again: the task would return it again', (_what, result, message) => {
    queued
      .when(report('succeeded', RUN, { result }))
      .then(runFailed(RUN, { error: runError('ResultError', { message, retryable: false }) }))
  })
})

test(`an error is cut after ${MAX_ERROR_CHARS} characters of message and stack, and ${MAX_NAME_CHARS} of its name`, () => {
  const RUN = runAt(at(10))
  const long = (count: number) =>
    runError(chars(MAX_NAME_CHARS + count), {
      message: chars(MAX_ERROR_CHARS + count),
      stack: chars(MAX_ERROR_CHARS + count),
    })
  const cut = `${chars(MAX_ERROR_CHARS)}…`
  const queued = given(
    jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(20) }),
  )
  queued.when(report('failed', RUN, { error: long(0) })).then(runFailed(RUN, { error: long(0) }))
  queued
    .when(report('failed', RUN, { error: long(1) }))
    .then(runFailed(RUN, { error: runError(chars(MAX_NAME_CHARS), { message: cut, stack: cut }) }))
})

test('a definition with everything at its limit at once fits a record, and a batch', () => {
  // The longest in bytes: three for each character of the texts.
  const wide = (count: number): string => '€'.repeat(count)
  const labels = Object.fromEntries(
    Array.from({ length: MAX_LABELS }, (_, i) => [`${i}`.padStart(MAX_NAME_CHARS, '€'), wide(MAX_NAME_CHARS)]),
  )
  const job: JobInput = {
    task: wide(MAX_NAME_CHARS),
    payload: new Uint8Array(MAX_PAYLOAD_BYTES),
    contentType: wide(MAX_NAME_CHARS),
    trigger: written(MAX_TRIGGER_CHARS),
    name: wide(MAX_NAME_CHARS),
    description: wide(MAX_DESCRIPTION_CHARS),
    labels,
    metadata: metadata(MAX_METADATA_BYTES),
    retry: { nonRetryable: Array.from({ length: MAX_LABELS }, () => wide(MAX_NAME_CHARS)) },
    headers: [{ name: 'h', value: new Uint8Array(MAX_HEADERS_BYTES - 1) }],
  }
  const jobId = chars(MAX_JOB_ID_CHARS)
  const [event] = nothing.at(T0).when(addJob(job, { jobId })).events
  expect(event?.type).toBe('JobAdded')
  const { bytes } = createEventCodec().encode([
    { ...(event as EventOf<'JobAdded'>), epoch: 1, seq: 1, index: 0, time: T0 },
  ])
  expect(bytes).toBeLessThan(MAX_RECORD_BYTES)
  expect(bytes).toBeLessThan(MAX_BATCH_BYTES)
})

test(`${MAX_COMMANDS_REMEMBERED} command ids are remembered, and those of the oldest time go for one more`, () => {
  const state = new State()
  for (let i = 0; i < MAX_COMMANDS_REMEMBERED; i += 1) state.rememberCommand(`c${i}`, i < 2 ? T0 : T0 + 1)
  expect(['c0', 'c1', 'c2'].map((id) => state.commandTime(id))).toEqual([T0, T0, T0 + 1])
  state.rememberCommand('one more', T0 + 1)
  expect(['c0', 'c1', 'c2'].map((id) => state.commandTime(id))).toEqual([undefined, undefined, T0 + 1])
  expect(state.commandTime('one more')).toBe(T0 + 1)
})

test('an executor may have as long a name as any other name, when it is declared', () => {
  const executor = chars(MAX_NAME_CHARS)
  const declared = given({
    type: 'ExecutorDeclared',
    executor,
    commandId: null,
    commandGiven: false,
    actor: null,
    commandOffset: null,
  })
  const job: Partial<JobDefinition> = { executor }
  declared.when(addJob(job)).then(jobAdded({ job }))
  const [event] = declared.when(addJob({ executor: chars(MAX_NAME_CHARS + 1) })).events
  expect(event).toMatchObject({ code: 'limit-exceeded', path: 'job.executor' })
})

/** A trigger that is so many characters long as the log has it. */
function written(length: number): unknown {
  const dates = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => new Date(T0 + i * 86_400_000).toISOString().slice(0, 10))
  const make = (last: number, expression: string): unknown => ({
    type: 'excluding',
    trigger: { type: 'crontab', expression },
    exclude: [{ dates: dates(2_000) }, { dates: dates(2_000) }, { dates: dates(last) }],
  })
  const lengthOf = (trigger: unknown): number => JSON.stringify(resolved(parseTrigger(trigger))).length
  const perDate = ',"2027-01-01"'.length
  const last = 1 + Math.floor((length - lengthOf(make(1, '* * * * *'))) / perDate)
  const missing = length - lengthOf(make(last, '* * * * *'))
  return make(last, `${' '.repeat(missing)}* * * * *`)
}
