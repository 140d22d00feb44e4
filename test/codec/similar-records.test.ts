import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DecodeError } from '../../src/codec/decode-error.ts'
import { recordCodec } from '../../src/codec/record-codec.ts'
import { storedSchema } from '../../src/codec/schema-store.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import type { JobState } from '../../src/core/job/job-state.ts'
import { JOB_ROW } from '../golden/samples.ts'
import { recordOf } from './values.ts'

const DEFINITIONS = recordOf(
  storedSchema('JobDefinition').schema,
) as fc.Arbitrary<object> as fc.Arbitrary<JobDefinition>

/** Some members of two definitions, the others of the one of before. */
const CHANGES = fc.record({
  other: DEFINITIONS,
  members: fc.uniqueArray(fc.constantFrom(...(Object.keys(JOB_ROW.definition) as (keyof JobDefinition)[])), {
    maxLength: 6,
  }),
})

function changed(
  before: JobDefinition,
  other: JobDefinition,
  members: readonly (keyof JobDefinition)[],
): JobDefinition {
  return { ...before, ...Object.fromEntries(members.map((member) => [member, other[member]])) }
}

test('records that share members with those before them come back as they were', () => {
  fc.assert(
    fc.property(fc.array(CHANGES, { maxLength: 12, size: 'max' }), (changes) => {
      const codec = recordCodec<JobState>('JobRow')
      const rows = [JOB_ROW]
      for (const { other, members } of changes) {
        const last = rows.at(-1) ?? JOB_ROW
        rows.push({ ...last, definition: changed(last.definition, other, members) })
      }
      // Compared when all are read: none may be changed by a later one.
      expect(rows.map((row) => codec.decode(codec.encode(row)))).toStrictEqual(rows)
    }),
    { numRuns: 60 },
  )
})

test('a record that is cut short is refused at any byte, and the next one is read as if it had not been there', () => {
  const codec = recordCodec<JobState>('JobRow')
  const value = codec.encode(JOB_ROW)
  for (let end = 0; end < value.length; end += 1) {
    expect(codec.decode(value)).toStrictEqual(JOB_ROW)
    expect(() => codec.decode(value.slice(0, end))).toThrow(DecodeError)
  }
  const other = { ...JOB_ROW, definition: { ...JOB_ROW.definition, labels: { tier: '2' }, keepRuns: 11 } }
  expect(codec.decode(codec.encode(other))).toStrictEqual(other)
})

test('of two records that are equal the definition is there once', () => {
  const codec = recordCodec<JobState>('JobRow')
  const [first, second] = [JOB_ROW, { ...JOB_ROW, jobId: 'another' }].map((row) => codec.decode(codec.encode(row)))
  expect(second?.definition).toBe(first?.definition)
})

test('what two records share can be changed by nobody', () => {
  const codec = recordCodec<JobState>('JobRow')
  const deliver = { topic: 'orders', key: null, headers: { source: 'horolog' } }
  const definition: JobDefinition = { ...JOB_ROW.definition, deliver }
  const rows = [definition, { ...definition, name: 'another' }].map((one) =>
    codec.decode(codec.encode({ ...JOB_ROW, definition: one })),
  )
  const [first, second] = rows.map((row) => row.definition)
  const shared = Object.entries(second ?? {}).filter(
    ([name, value]) => typeof value === 'object' && value !== null && value === first?.[name as keyof JobDefinition],
  )
  const free = shared.filter(([, value]) => !isFrozen(value)).map(([name]) => name)
  expect(shared.map(([name]) => name)).toEqual(expect.arrayContaining(['labels', 'retry', 'deliver', 'headers']))
  // Bytes cannot be frozen.
  expect(free).toEqual(['payload'])
})

function isFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return !(value instanceof Uint8Array)
  return Object.isFrozen(value) && Object.values(value).every((one) => one instanceof Uint8Array || isFrozen(one))
}
