// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, expect, test } from 'vitest'
import type { JobInput } from '../../../src/core/job/definition.ts'
import {
  MAX_ATTEMPTS,
  MAX_CATCH_UP,
  MAX_DESCRIPTION_CHARS,
  MAX_DURATION_MS,
  MAX_INSTANCES,
  MAX_INSTANT_MS,
  MAX_JSON_DEPTH,
  MAX_KEEP_RUNS,
  MAX_LABELS,
  MAX_METADATA_BYTES,
  MAX_NAME_CHARS,
  MAX_PAYLOAD_BYTES,
  MAX_QUEUE,
} from '../../../src/core/limits.ts'
import type { RejectionCode } from '../../../src/core/rejections.ts'
import { crontab, excluding, interval, rrule } from '../../../src/core/triggers/make-trigger.ts'
import { jobAdded, rejected } from '../../support/facts.ts'
import { addJob, removeJob } from '../../support/inputs.ts'
import { nothing } from '../../support/scenario.ts'

/** What a program without types, or a record on the topic, may send. */
type Anything = { readonly [K in keyof JobInput]: unknown }
type Case = readonly [what: string, job: Anything, code: RejectionCode, path: string]

const chars = (count: number): string => 'x'.repeat(count)
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })
const labels = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))

const CASES: readonly Case[] = [
  ['no task', { task: null }, 'invalid-option', 'job.task'],
  ['an empty task name', { task: '' }, 'invalid-option', 'job.task'],
  ['a task that is no text', { task: 7 }, 'invalid-option', 'job.task'],
  ['a task name over its limit', { task: chars(MAX_NAME_CHARS + 1) }, 'limit-exceeded', 'job.task'],
  ['a delivery to a topic', { deliver: { topic: 'orders' } }, 'invalid-option', 'job.deliver'],
  [
    'a payload one byte over its limit',
    { payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) },
    'payload-too-large',
    'job.payload',
  ],
  ['a payload that is no bytes', { payload: 'text' }, 'invalid-option', 'job.payload'],
  ['an empty content type', { contentType: '' }, 'invalid-option', 'job.contentType'],
  ['a trigger that is no object', { trigger: '* * * * *' }, 'invalid-trigger', 'job.trigger'],
  ['a trigger of an unknown type', { trigger: { type: 'moon' } }, 'invalid-trigger', 'job.trigger.type'],
  [
    'a bad crontab',
    { trigger: { type: 'crontab', expression: '61 * * * *' } },
    'invalid-trigger',
    'job.trigger.expression',
  ],
  [
    'an unknown zone',
    { trigger: { ...crontab('0 9 * * *'), zone: 'Mars/Olympus' } },
    'unknown-zone',
    'job.trigger.zone',
  ],
  ['half a millisecond', { nextFireTime: 1.5 }, 'invalid-option', 'job.nextFireTime'],
  [
    'a crontab that never fires',
    { trigger: { type: 'crontab', expression: '0 0 30 2 *' } },
    'never-fires',
    'job.trigger.expression',
  ],
  ['an interval under 10 ms', { trigger: interval(9) }, 'invalid-trigger', 'job.trigger.every'],
  [
    'holidays for which no package is here',
    { trigger: excluding(rrule('DTSTART:20270101T090000Z\nRRULE:FREQ=DAILY'), { holidays: 'DE-BY' }) },
    'invalid-option',
    'job.trigger.exclude[0].holidays',
  ],
  ['an executor that nobody declared', { executor: 'gpu' }, 'unknown-executor', 'job.executor'],
  ['an empty executor name', { executor: '' }, 'invalid-option', 'job.executor'],
  ['a name over its limit', { name: chars(MAX_NAME_CHARS + 1) }, 'limit-exceeded', 'job.name'],
  [
    'a description over its limit',
    { description: chars(MAX_DESCRIPTION_CHARS + 1) },
    'limit-exceeded',
    'job.description',
  ],
  ['labels that are no object', { labels: ['a'] }, 'invalid-option', 'job.labels'],
  ['a label that is no text', { labels: { a: 1 } }, 'invalid-option', 'job.labels.a'],
  ['a label without a name', { labels: { '': 'x' } }, 'invalid-option', 'job.labels'],
  ['a label named __proto__', { labels: JSON.parse('{"__proto__":"x"}') }, 'invalid-option', 'job.labels'],
  ['too many labels', { labels: labels(MAX_LABELS + 1) }, 'limit-exceeded', 'job.labels'],
  ['metadata that is no object', { metadata: [1] }, 'invalid-option', 'job.metadata'],
  ['metadata over its limit', { metadata: { a: chars(MAX_METADATA_BYTES) } }, 'invalid-option', 'job.metadata'],
  ['metadata too deep', { metadata: deep(MAX_JSON_DEPTH + 1) }, 'invalid-option', 'job.metadata'],
  ['metadata with a BigInt', { metadata: { a: 1n } }, 'invalid-option', 'job.metadata.a'],
  ['metadata with NaN', { metadata: { a: [Number.NaN] } }, 'invalid-option', 'job.metadata.a[0]'],
  [
    'metadata with a key named __proto__',
    { metadata: JSON.parse('{"__proto__":1}') },
    'invalid-option',
    'job.metadata',
  ],
  ['a grace time of nothing', { misfireGraceMs: 0 }, 'invalid-option', 'job.misfireGraceMs'],
  ['a grace time over ten years', { misfireGraceMs: MAX_DURATION_MS + 1 }, 'invalid-option', 'job.misfireGraceMs'],
  ['an unknown way to coalesce', { coalesce: 'some' }, 'invalid-option', 'job.coalesce'],
  ['no catch-up', { maxCatchUp: 0 }, 'invalid-option', 'job.maxCatchUp'],
  ['a catch-up over its limit', { maxCatchUp: MAX_CATCH_UP + 1 }, 'invalid-option', 'job.maxCatchUp'],
  ['no instance', { maxInstances: 0 }, 'invalid-option', 'job.maxInstances'],
  ['too many instances', { maxInstances: MAX_INSTANCES + 1 }, 'invalid-option', 'job.maxInstances'],
  ['half an instance', { maxInstances: 1.5 }, 'invalid-option', 'job.maxInstances'],
  ['an unknown overlap', { overlap: 'maybe' }, 'invalid-option', 'job.overlap'],
  ['a queue over its limit', { queueLimit: MAX_QUEUE + 1 }, 'invalid-option', 'job.queueLimit'],
  ['a retry policy that is no object', { retry: 3 }, 'invalid-option', 'job.retry'],
  ['no attempt', { retry: { maxAttempts: 0 } }, 'invalid-option', 'job.retry.maxAttempts'],
  ['too many attempts', { retry: { maxAttempts: MAX_ATTEMPTS + 1 } }, 'invalid-option', 'job.retry.maxAttempts'],
  ['a negative wait', { retry: { initialMs: -1 } }, 'invalid-option', 'job.retry.initialMs'],
  ['a shrinking wait', { retry: { multiplier: 0.5 } }, 'invalid-option', 'job.retry.multiplier'],
  ['a wait that is no number', { retry: { multiplier: Number.NaN } }, 'invalid-option', 'job.retry.multiplier'],
  ['a longest wait that is negative', { retry: { maxMs: -1 } }, 'invalid-option', 'job.retry.maxMs'],
  ['jitter over the whole wait', { retry: { jitter: 1.1 } }, 'invalid-option', 'job.retry.jitter'],
  ['error names that are no list', { retry: { nonRetryable: 'Error' } }, 'invalid-option', 'job.retry.nonRetryable'],
  ['an error name that is no text', { retry: { nonRetryable: [7] } }, 'invalid-option', 'job.retry.nonRetryable'],
  ['a time-out of nothing', { timeoutMs: 0 }, 'invalid-option', 'job.timeoutMs'],
  ['a heartbeat time-out of nothing', { heartbeatTimeoutMs: 0 }, 'invalid-option', 'job.heartbeatTimeoutMs'],
  ['an unknown way of delivery', { delivery: 'twice' }, 'invalid-option', 'job.delivery'],
  ['too many runs to keep', { keepRuns: MAX_KEEP_RUNS + 1 }, 'invalid-option', 'job.keepRuns'],
  ['a first fire time before 1970', { nextFireTime: -1 }, 'invalid-option', 'job.nextFireTime'],
  ['a first fire time after 9999', { nextFireTime: MAX_INSTANT_MS + 1 }, 'invalid-option', 'job.nextFireTime'],
  ['a first fire time that is no number', { nextFireTime: 'soon' }, 'invalid-option', 'job.nextFireTime'],
]

describe('AddJob is rejected, with the member at fault,', () => {
  test.each(CASES)('for %s', (_what, job, code, path) => {
    nothing.when(addJob(job as JobInput)).then(rejected(code, path))
  })

  test.each(['', ' ', 'a b', 'ä', 'a/b', chars(201)])('for the job id %j', (jobId) => {
    nothing.when(addJob({}, { jobId })).then(rejected('invalid-id', 'job.id', { jobId: null }))
  })

  test('for an ifExists that is not known', () => {
    const there = nothing.when(addJob()).then(jobAdded())
    there.when(addJob({}, { ifExists: 'merge' as 'keep' })).then(rejected('invalid-option', 'ifExists'))
  })

  test('for the first problem, when there are several', () => {
    nothing.when(addJob({ maxInstances: 0, keepRuns: -1 })).then(rejected('invalid-option', 'job.maxInstances'))
  })

  test('as malformed where nobody foresaw what came', () => {
    const retry = Object.defineProperty({}, 'jitter', {
      get() {
        throw new Error('no')
      },
    })
    nothing.when(addJob({ retry })).then(rejected('malformed', null))
  })
})

describe('a value at its limit is taken:', () => {
  test.each([
    ['a payload', { payload: new Uint8Array(MAX_PAYLOAD_BYTES).fill(32) }],
    ['a name', { name: chars(MAX_NAME_CHARS) }],
    ['a description', { description: chars(MAX_DESCRIPTION_CHARS) }],
    ['labels', { labels: labels(MAX_LABELS) as Readonly<Record<string, string>> }],
    ['metadata', { metadata: { a: chars(MAX_METADATA_BYTES - '{"a":""}'.length) } }],
    ['a grace time', { misfireGraceMs: MAX_DURATION_MS }],
    ['instances', { maxInstances: MAX_INSTANCES }],
    ['catch-up', { maxCatchUp: MAX_CATCH_UP }],
    ['runs to keep', { keepRuns: MAX_KEEP_RUNS }],
    ['a time-out', { timeoutMs: 1 }],
  ])('%s', (_what, job) => {
    nothing.when(addJob(job)).then(jobAdded({ job }))
  })

  test('an interval of 10 ms', () => {
    const { events } = nothing.when(addJob({ trigger: interval(10) }))
    expect(events.map(({ type }) => type)).toEqual(['JobAdded'])
  })

  test('a job id of 200 characters of its alphabet', () => {
    const jobId = `AZaz09._:@-${chars(189)}`
    nothing.when(addJob({}, { jobId })).then(jobAdded({ jobId }))
  })
})

describe('what is kept of a definition is what is on the log', () => {
  test('metadata as JSON says it', () => {
    const metadata = { when: new Date(0), nothing: undefined } as unknown as NonNullable<JobInput['metadata']>
    nothing.when(addJob({ metadata })).then(jobAdded({ job: { metadata: { when: '1970-01-01T00:00:00.000Z' } } }))
  })

  test('metadata as it was, whatever its owner does to it later', () => {
    const metadata = { list: [1] }
    const { state } = nothing.when(addJob({ metadata })).then(jobAdded({ job: { metadata: { list: [1] } } }))
    const stage = nothing.when(addJob({ metadata }))
    metadata.list.push(2)
    stage.then(jobAdded({ job: { metadata: { list: [1] } } }))
    expect(state.jobCount).toBe(1)
  })

  test('text without lone surrogates', () => {
    const broken = 'a\ud800b'
    const whole = 'a\ufffdb'
    nothing
      .when(
        addJob({
          name: broken,
          description: broken,
          labels: { [broken]: broken },
          retry: { nonRetryable: [broken] },
          task: broken,
        }),
      )
      .then(
        jobAdded({
          job: {
            name: whole,
            description: whole,
            labels: { [whole]: whole },
            task: whole,
            retry: {
              maxAttempts: 1,
              initialMs: 1_000,
              multiplier: 2,
              maxMs: 300_000,
              jitter: 0.2,
              nonRetryable: [whole],
            },
          },
        }),
      )
  })
})

test('a command for a job id that no job can have is answered without it', () => {
  nothing.when(removeJob(chars(5_000))).then(rejected('job-not-found', 'jobId', { jobId: null }))
  nothing.when(removeJob('\ud800')).then(rejected('job-not-found', 'jobId', { jobId: null }))
})
