import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { readRun, runRecord } from '../../src/codec/run-record.ts'
import type { RunRequest } from '../../src/ports/dispatcher.ts'
import type { RunReading } from '../../src/ports/run-codec.ts'
import { headersOf, NOW, utf8 } from './sources.ts'

const HEADERS = {
  'horolog-run-id': 'a/1-2-3/20270101T090000.000Z',
  'horolog-attempt': '2',
  'horolog-task': 'greet',
  'horolog-job-id': 'a',
  'horolog-scheduled-at': '2027-01-01T09:00:00.000Z',
  'horolog-due-at': '2027-01-01T09:00:00.500Z',
  'horolog-delivery': 'at-least-once',
  'horolog-partition': '7',
  'horolog-epoch': '12',
}
const RUN: RunRequest = {
  runId: 'a/1-2-3/20270101T090000.000Z',
  jobId: 'a',
  attempt: 2,
  task: 'greet',
  deliver: null,
  payload: utf8('{"name":"world"}'),
  contentType: 'application/json',
  headers: null,
  scheduledAt: NOW,
  dueAt: NOW + 500,
  startBefore: null,
  timeoutMs: null,
  heartbeatTimeoutMs: null,
  delivery: 'at-least-once',
  executor: 'default',
  partition: 7,
  epoch: 12,
  token: null,
  again: false,
}

function read(texts: Readonly<Record<string, string>>, value: Uint8Array | null = RUN.payload): RunReading {
  return readRun({ value, headers: headersOf(texts) }, 'default')
}

function written(run: RunRequest): Record<string, string> {
  return Object.fromEntries(runRecord(run).headers.map(([name, value]) => [name, Buffer.from(value).toString()]))
}

describe('a run record', () => {
  test('has its payload as the value, its job as the key, and all else in headers', () => {
    const { headers: _, ...record } = runRecord(RUN)
    expect(record).toEqual({ topic: 'runs.default', spreadBy: RUN.runId, key: 'a', value: RUN.payload })
    expect(written(RUN)).toEqual({ ...HEADERS, 'content-type': 'application/json' })
  })

  test('says only what there is of limits and token', () => {
    const run: RunRequest = {
      ...RUN,
      startBefore: NOW + 1_000,
      timeoutMs: 60_000,
      heartbeatTimeoutMs: 30_000,
      token: 'dG9rZW4',
    }
    expect(written(run)).toMatchObject({
      'horolog-start-before': '2027-01-01T09:00:01.000Z',
      'horolog-timeout-ms': '60000',
      'horolog-heartbeat-ms': '30000',
      'horolog-token': 'dG9rZW4',
    })
  })

  test('is read back as it was, with the headers of the submitter in their order', () => {
    const instant = fc.integer({ min: 0, max: 253_402_300_799_999 })
    const text = fc.string({ unit: 'grapheme', maxLength: 200 })
    const count = fc.integer({ min: 0, max: 2 ** 31 - 1 })
    const header = fc.record({
      name: fc.constantFrom('traceparent', 'tenant', 'x'),
      value: fc.uint8Array({ maxLength: 20 }),
    })
    const any = fc.record({
      rest: text,
      attempt: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      task: text,
      payload: fc.uint8Array(),
      contentType: text,
      headers: fc.option(fc.array(header, { minLength: 1, maxLength: 5 })),
      scheduledAt: instant,
      dueAt: instant,
      startBefore: fc.option(instant),
      timeoutMs: fc.option(count),
      heartbeatTimeoutMs: fc.option(count),
      delivery: fc.constantFrom('at-least-once', 'at-most-once'),
      partition: count,
      epoch: fc.nat(2 ** 40),
      token: fc.option(text),
    })
    fc.assert(
      fc.property(any, ({ rest, ...members }) => {
        const run = { ...RUN, ...members, runId: `a/${rest}` }
        const { value, headers } = runRecord(run)
        const reading = readRun({ value, headers }, 'default')
        expect(reading).toEqual({ kind: 'run', run })
      }),
    )
  })

  test('without a content type is JSON, and without a value has no payload', () => {
    expect(read(HEADERS, null)).toEqual({ kind: 'run', run: { ...RUN, payload: new Uint8Array(0) } })
  })

  test('takes the last of a header that comes twice', () => {
    const headers = [...headersOf({ 'horolog-task': 'another' }), ...headersOf(HEADERS)]
    expect(readRun({ value: null, headers }, 'default')).toMatchObject({ run: { task: 'greet' } })
  })
})

describe('what is no run record', () => {
  test('says which header is missing', () => {
    for (const name of Object.keys(HEADERS)) {
      const rest = Object.fromEntries(Object.entries(HEADERS).filter(([other]) => other !== name))
      expect(read(rest)).toEqual({ kind: 'unreadable', why: `${name}: expected this header, got nothing` })
    }
  })

  test.each([
    ['horolog-run-id', 'b/1-2-3/x', 'horolog-run-id: expected a run of the job a, got "b/1-2-3/x"'],
    ['horolog-job-id', 'not an id', 'horolog-job-id: expected a job id, got "not an id"'],
    ['horolog-attempt', '0', 'horolog-attempt: expected a number from 1 to 2147483647, got 0'],
    ['horolog-attempt', '-1', 'horolog-attempt: expected a whole number, got "-1"'],
    ['horolog-epoch', '1e3', 'horolog-epoch: expected a whole number, got "1e3"'],
    ['horolog-partition', '9'.repeat(16), 'horolog-partition: expected a whole number, got "9999999999999999"'],
    ['horolog-scheduled-at', 'soon', 'horolog-scheduled-at: expected an RFC 3339 instant with Z or an offset'],
    ['horolog-due-at', '2027-01-01T09:00', 'horolog-due-at: expected an RFC 3339 instant with Z or an offset'],
    ['horolog-timeout-ms', '1.5', 'horolog-timeout-ms: expected a whole number, got "1.5"'],
    ['horolog-delivery', 'maybe', 'horolog-delivery: expected at-least-once | at-most-once, got "maybe"'],
    ['horolog-task', 'x'.repeat(4_001), 'horolog-task: expected at most 4000 bytes of UTF-8'],
  ])('says what is wrong with %s', (name, value, why) => {
    expect(read({ ...HEADERS, [name]: value })).toEqual({ kind: 'unreadable', why })
  })

  test('may be any bytes under any names', () => {
    const name = fc.oneof(fc.constantFrom(...Object.keys(HEADERS), 'horolog-token', 'content-type'), fc.string())
    const headers = fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 40 })), { maxLength: 30 })
    fc.assert(
      fc.property(headers, fc.option(fc.uint8Array()), fc.boolean(), (some, value, whole) => {
        const all = whole ? [...headersOf(HEADERS), ...some] : some
        expect(['run', 'unreadable']).toContain(readRun({ value, headers: all }, 'default').kind)
      }),
    )
  })
})
