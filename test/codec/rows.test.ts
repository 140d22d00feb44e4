import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { DecodeError } from '../../src/codec/decode-error.ts'
import { recordCodec } from '../../src/codec/record-codec.ts'
import { jobRow, runRow } from '../../src/codec/rows.ts'
import { storedSchema } from '../../src/codec/schema-store.ts'
import { JOB_ROW, RUN_ROW } from '../golden/samples.ts'
import { recordOf } from './values.ts'

const ROWS = [
  'JobRow',
  'RunRow',
  'CommandIdRow',
  'PartitionRow',
  'Cursor',
  'CheckpointPiece',
  'CheckpointManifest',
  'LocalCheckpoint',
]

describe('rows', () => {
  test.for(ROWS)('%s comes back as it was', (name) => {
    const codec = recordCodec<object>(name)
    fc.assert(
      fc.property(recordOf(storedSchema(name).schema), (row) => {
        expect(codec.decode(codec.encode(row))).toStrictEqual(row)
      }),
      { numRuns: 40 },
    )
  })

  test('are not taken for each other', () => {
    expect(() => runRow.decode(jobRow.encode(JOB_ROW))).toThrow(
      new DecodeError('', 'expected RunRow, got JobRow', 'unsupported-type'),
    )
  })

  test('are their own bytes, which nothing changes later', () => {
    const first = runRow.encode(RUN_ROW)
    const copy = Uint8Array.from(first)
    runRow.encode({ ...RUN_ROW, runId: 'another' })
    expect(first).toEqual(copy)
    expect(first.buffer.byteLength).toBe(first.length)
  })
})
