/** The port `StateCodec`: each kind of row and record has a schema of its own, by which it is known again. */
import { createHash } from 'node:crypto'

import { unreachable } from '../core/assert.ts'
import type { CheckpointRecord, StateCodec, StateRow } from '../ports/state-codec.ts'
import { DecodeError } from './decode-error.ts'
import { recordName } from './record-codec.ts'
import {
  checkpointManifest,
  checkpointPiece,
  commandIdRow,
  jobRow,
  localCheckpoint,
  partitionRow,
  runRow,
} from './rows.ts'

export function createStateCodec(): StateCodec {
  return {
    encodeRow,
    decodeRow,
    encode,
    decode,
    digest: (value) => new Uint8Array(createHash('sha256').update(value).digest()),
  }
}

function encodeRow(row: StateRow): Uint8Array {
  switch (row.kind) {
    case 'job':
      return jobRow.encode(row.row)
    case 'run':
      return runRow.encode(row.row)
    case 'command':
      return commandIdRow.encode(row.row)
    case 'partition':
      return partitionRow.encode(row.row)
    default:
      return unreachable(row)
  }
}

function decodeRow(value: Uint8Array): StateRow {
  const name = recordName(value)
  switch (name) {
    case 'JobRow':
      return { kind: 'job', row: jobRow.decode(value) }
    case 'RunRow':
      return { kind: 'run', row: runRow.decode(value) }
    case 'CommandIdRow':
      return { kind: 'command', row: commandIdRow.decode(value) }
    case 'PartitionRow':
      return { kind: 'partition', row: partitionRow.decode(value) }
    default:
      throw new DecodeError('', `expected a row of the state, got ${name}`, 'unsupported-type')
  }
}

function encode(record: CheckpointRecord): Uint8Array {
  switch (record.kind) {
    case 'piece':
      return checkpointPiece.encode(record.record)
    case 'manifest':
      return checkpointManifest.encode(record.record)
    case 'local':
      return localCheckpoint.encode(record.record)
    default:
      return unreachable(record)
  }
}

function decode(value: Uint8Array): CheckpointRecord {
  const name = recordName(value)
  switch (name) {
    case 'CheckpointPiece':
      return { kind: 'piece', record: checkpointPiece.decode(value) }
    case 'CheckpointManifest':
      return { kind: 'manifest', record: checkpointManifest.decode(value) }
    case 'LocalCheckpoint':
      return { kind: 'local', record: localCheckpoint.decode(value) }
    default:
      throw new DecodeError('', `expected a record of a checkpoint, got ${name}`, 'unsupported-type')
  }
}
