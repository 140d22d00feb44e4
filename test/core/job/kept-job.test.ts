import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { storedSchema } from '../../../src/codec/schema-store.ts'
import type { JobDefinition, RetryPolicy } from '../../../src/core/job/definition.ts'
import type { JobState } from '../../../src/core/job/job-state.ts'
import { jobOf, keepJob } from '../../../src/core/job/kept-job.ts'
import { recordOf } from '../../codec/values.ts'
import { JOB_ROW } from '../../golden/samples.ts'

const AT_REST: JobState = { ...JOB_ROW, openRuns: [] }

function withDefinition(over: Partial<JobDefinition>): JobState {
  return { ...AT_REST, definition: { ...AT_REST.definition, ...over } }
}

function withRetry(over: Partial<RetryPolicy>): JobState {
  return withDefinition({ retry: { ...AT_REST.definition.retry, ...over } })
}

function again(job: JobState): JobState {
  return jobOf(keepJob(job))
}

const OTHER_VALUES: Partial<JobDefinition> = {
  task: 'another',
  contentType: 'text/plain',
  executor: 'another',
  misfireGraceMs: null,
  coalesce: 'all',
  maxCatchUp: 101,
  maxInstances: 2,
  overlap: 'queue',
  queueLimit: 11,
  timeoutMs: null,
  heartbeatTimeoutMs: 1,
  delivery: 'at-most-once',
  keepRuns: 11,
  deliver: { topic: 'mail', key: null, headers: {} },
  headers: null,
  trigger: null,
  name: null,
  description: 'another',
  labels: {},
  metadata: {},
  payload: new Uint8Array(0),
}

const OTHER_RETRIES: Partial<RetryPolicy> = {
  maxAttempts: 4,
  initialMs: 1_001,
  multiplier: 3,
  maxMs: 300_001,
  jitter: 0.3,
  nonRetryable: ['TypeError'],
}

describe('a job that the state keeps', () => {
  test('is given its payload as bytes that keep no others in memory', () => {
    for (const size of [11, 100, 2_000]) {
      const { payload } = again(withDefinition({ payload: new Uint8Array(size).fill(7) })).definition
      expect(payload.buffer.byteLength).toBe(size)
    }
  })

  test('comes back as it was, whatever is in it', () => {
    const jobs = recordOf(storedSchema('JobRow').schema) as fc.Arbitrary<object> as fc.Arbitrary<JobState>
    fc.assert(
      fc.property(jobs, fc.boolean(), (drawn, isAtRest) => {
        const job = isAtRest ? { ...drawn, openRuns: [] } : drawn
        expect(again(job)).toStrictEqual(job)
      }),
      { numRuns: 200 },
    )
  })

  test.for([0, 1, 255, 1_024, 1_025, 100_000])('has its payload of %d bytes, each of any value', (size) => {
    const job = withDefinition({ payload: Uint8Array.from({ length: size }, (_, at) => at % 256) })
    expect(again(job)).toStrictEqual(job)
  })

  test('is not given the policies of another that differs in one member', () => {
    const others = [
      ...Object.entries(OTHER_VALUES).map(([member, value]) => withDefinition({ [member]: value })),
      ...Object.entries(OTHER_RETRIES).map(([member, value]) => withRetry({ [member]: value })),
    ]
    for (const other of others) {
      expect(again(AT_REST)).toStrictEqual(AT_REST)
      expect(again(other)).toStrictEqual(other)
    }
  })

  test('keeps the sign of a zero, which is in its bytes', () => {
    const jobs = [0, -0].map((jitter) => withRetry({ jitter }))
    expect(jobs.map(again)).toStrictEqual(jobs)
  })

  test('names every member that a definition has', () => {
    const named = Object.keys({ ...OTHER_VALUES, retry: OTHER_RETRIES }).toSorted()
    expect(named).toEqual(Object.keys(AT_REST.definition).toSorted())
    expect(Object.keys(OTHER_RETRIES).toSorted()).toEqual(Object.keys(AT_REST.definition.retry).toSorted())
  })

  test('comes back from a table of policies that has long been full', () => {
    const jobs = Array.from({ length: 10_000 }, (_, at) =>
      withDefinition({ task: `task-${at % 5_000}`, keepRuns: at % 40 }),
    )
    expect(jobs.map(again)).toStrictEqual(jobs)
  })

  test('is not changed by who changes the bytes that were given for its payload', () => {
    const payload = Uint8Array.of(1, 2, 3)
    const kept = keepJob(withDefinition({ payload }))
    payload[0] = 9
    expect(jobOf(kept).definition.payload).toEqual(Uint8Array.of(1, 2, 3))
  })
})
