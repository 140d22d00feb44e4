import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseJson } from '../../src/codec/json-text.ts'
import {
  decodeReport,
  encodeReport,
  readReport,
  REPORT_TYPES,
  type ReportRecord,
  reportFromJson,
  reportToJson,
} from '../../src/codec/report-codec.ts'
import { storedSchema } from '../../src/codec/schema-store.ts'
import type { Json } from '../../src/core/json.ts'
import type { Report } from '../../src/core/reports.ts'
import { REPORT } from '../golden/samples.ts'
import { headersOf, NOW, utf8 } from './sources.ts'
import { recordOf } from './values.ts'

const fromJson = (json: Json): Report => reportFromJson(parseJson(JSON.stringify(json), ''))
const record = (value: Uint8Array | null, texts: Readonly<Record<string, string>> = {}): ReportRecord => ({
  timestamp: NOW,
  headers: headersOf(texts),
  value,
})
const PLAIN = {
  'horolog-run-id': 'a/1-2-3/20270101T090000.000Z',
  'horolog-attempt': '2',
  'horolog-outcome': 'succeeded',
}

describe('reports', () => {
  test('come back as they were from Avro and from JSON', () => {
    const instant = fc.integer({ min: 0, max: 253_402_300_799_999 })
    const any = fc.tuple(recordOf(storedSchema('Report').schema, instant), fc.constantFrom(...REPORT_TYPES))
    fc.assert(
      fc.property(any, ([members, type]) => {
        const error = members['error'] === null ? null : { ...Object(members['error']), retryable: false }
        const report = { ...members, type, runId: 'a/1-2-3/x', jobId: 'a', error } as unknown as Report
        expect(decodeReport(encodeReport(report))).toStrictEqual(report)
        expect(fromJson(reportToJson(report))).toEqual(report)
      }),
    )
  })

  test('are told apart by their first byte or by their headers', () => {
    expect(readReport(record(encodeReport(REPORT)))).toEqual(REPORT)
    expect(readReport(record(utf8(JSON.stringify(reportToJson(REPORT)))))).toEqual(REPORT)
    expect(readReport(record(utf8('{"sent":3}'), PLAIN))).toEqual({
      type: 'succeeded',
      jobId: 'a',
      runId: 'a/1-2-3/20270101T090000.000Z',
      attempt: 2,
      token: null,
      at: NOW,
      startedAt: null,
      executor: '',
      result: { sent: 3 },
      error: null,
    })
  })

  test('by headers have JSON, text or nothing as their result, and a message when the run failed', () => {
    expect(readReport(record(utf8('done'), PLAIN)).result).toBe('done')
    expect(readReport(record(null, PLAIN)).result).toBeNull()
    expect(
      readReport(record(utf8('disk full'), { ...PLAIN, 'horolog-outcome': 'failed', 'horolog-token': 'T' })),
    ).toMatchObject({
      type: 'failed',
      token: 'T',
      result: null,
      error: { name: 'Error', message: 'disk full', retryable: true },
    })
  })

  test('in JSON may leave out what is optional and say more than is known', () => {
    const json = {
      type: 'started',
      runId: 'a/1-2-3/x',
      attempt: 1,
      at: '2027-01-01T09:00:00Z',
      executor: 'h:1:ab',
      cpu: 5,
    }
    const { cpu: _cpu, ...said } = json
    expect(fromJson(json)).toEqual({
      ...said,
      at: NOW,
      jobId: 'a',
      token: null,
      startedAt: null,
      result: null,
      error: null,
    })
  })

  test('of an error may be retried unless they say otherwise', () => {
    const json = { ...reportToJson(REPORT), error: { name: 'Error', message: 'x' } }
    expect(fromJson(json).error).toEqual({ name: 'Error', message: 'x', stack: null, retryable: true })
  })

  const REFUSED: readonly (readonly [what: string, record: ReportRecord, path: string])[] = [
    ['another type', record(utf8(JSON.stringify({ ...reportToJson(REPORT), type: 'done' }))), 'type'],
    ['no run', record(utf8(JSON.stringify({ ...reportToJson(REPORT), runId: '' }))), 'runId'],
    [
      'a run id without end',
      record(utf8(JSON.stringify({ ...reportToJson(REPORT), runId: 'x'.repeat(2_000) }))),
      'runId',
    ],
    ['an attempt that is no number', record(null, { ...PLAIN, 'horolog-attempt': 'x' }), 'horolog-attempt'],
    ['an outcome that is none', record(null, { ...PLAIN, 'horolog-outcome': 'fine' }), 'type'],
    ['a result that is not UTF-8', record(Uint8Array.of(0xff), PLAIN), ''],
    ['nothing', record(null), ''],
    [
      'an error without a name',
      record(utf8(JSON.stringify({ ...reportToJson(REPORT), error: { message: 'x' } }))),
      'error.name',
    ],
  ]
  test.for(REFUSED)('with %s are refused', ([, bad, path]) => {
    expect(() => readReport(bad)).toThrow(expect.objectContaining({ name: 'DecodeError', path }))
  })
})
