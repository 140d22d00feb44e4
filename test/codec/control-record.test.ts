import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { controlRecord, readControl } from '../../src/codec/control-record.ts'
import type { ControlReading, ControlRecord } from '../../src/ports/run-codec.ts'
import { NOW, utf8 } from './sources.ts'

const AT = '2027-01-01T09:00:00.000Z'
const ATTEMPT = { runId: 'a/1-2-3/x', attempt: 2, at: NOW }

function read(json: object): ControlReading {
  return readControl({ value: utf8(JSON.stringify(json)) })
}

describe('a control record', () => {
  test('is JSON under the key of its run, in the one partition of the topic', () => {
    const { value, ...record } = controlRecord({ type: 'CancelRun', ...ATTEMPT, reason: 'not needed' })
    expect(record).toEqual({ topic: 'control', partition: 0, key: 'a/1-2-3/x', headers: [] })
    expect(JSON.parse(Buffer.from(value!).toString())).toEqual({
      type: 'CancelRun',
      runId: 'a/1-2-3/x',
      attempt: 2,
      reason: 'not needed',
      at: AT,
    })
  })

  test('is read back as it was', () => {
    const common = {
      runId: fc.string({ unit: 'grapheme', minLength: 1 }),
      attempt: fc.integer({ min: 1 }),
      at: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    }
    const any: fc.Arbitrary<ControlRecord> = fc.oneof(
      fc.record({
        type: fc.constant('CancelRun' as const),
        ...common,
        reason: fc.option(fc.string({ unit: 'grapheme' })),
      }),
      fc.record({ type: fc.constantFrom('RunGranted', 'ClaimRefused'), ...common, executor: fc.string() }),
    )
    fc.assert(
      fc.property(any, (control) => {
        expect(readControl(controlRecord(control))).toEqual({ kind: 'control', control })
      }),
    )
  })

  test('of a run that is over has no reason, or null', () => {
    for (const reason of [{}, { reason: null }]) {
      const json = { type: 'CancelRun', runId: 'a/1-2-3/x', attempt: 2, at: AT, later: 'unknown members are ignored' }
      expect(read({ ...json, ...reason })).toMatchObject({ control: { reason: null } })
    }
  })
})

describe('what is no control record', () => {
  const GRANT = { type: 'RunGranted', runId: 'a/1-2-3/x', attempt: 2, executor: 'here:1:aa', at: AT }

  test.each([
    [{ type: 'Explode' }, 'type: expected CancelRun | RunGranted | ClaimRefused, got "Explode"'],
    [{ runId: 7 }, 'runId: expected a text, got 7'],
    [{ attempt: 1.5 }, 'attempt: expected the number of the attempt, got 1.5'],
    [{ attempt: 0 }, 'attempt: expected the number of the attempt, got 0'],
    [{ executor: null }, 'executor: expected a text, got null'],
    [{ type: 'CancelRun', reason: 5 }, 'reason: expected a text, got 5'],
    [{ at: 'soon' }, 'at: expected an RFC 3339 instant with Z or an offset, got "soon"'],
    [{ at: 0 }, 'at: expected an RFC 3339 instant with Z or an offset, got 0'],
  ])('says what is wrong: %j', (wrong, why) => {
    expect(read({ ...GRANT, ...wrong })).toEqual({ kind: 'unreadable', why })
  })

  test('may be any bytes', () => {
    const json = fc.json().map(utf8)
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), json, fc.constant(null)), (value) => {
        expect(readControl({ value }).kind).toBe('unreadable')
      }),
    )
  })

  test('may be too large to be parsed', () => {
    const why = 'expected JSON of at most 65536 bytes of UTF-8'
    expect(read({ ...GRANT, filler: 'x'.repeat(70_000) })).toEqual({ kind: 'unreadable', why })
  })
})
