/** The samples as bytes, by name of their record. */
import { encodeCommand } from '../../src/codec/command-avro.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { encodeReport } from '../../src/codec/report-codec.ts'
import {
  checkpointManifest,
  checkpointPiece,
  commandIdRow,
  cursorRow,
  jobRow,
  localCheckpoint,
  partitionRow,
  runRow,
} from '../../src/codec/rows.ts'
import {
  COMMAND_ID_ROW,
  COMMANDS,
  CURSOR,
  EVENTS,
  JOB_ROW,
  LOCAL,
  MANIFEST,
  PARTITION_ROW,
  PIECE,
  REPORT,
  RUN_ROW,
} from './samples.ts'

export function encodeSamples(): ReadonlyMap<string, Uint8Array> {
  const all = new Map<string, Uint8Array>()
  const codec = createEventCodec()
  for (const event of Object.values(EVENTS)) {
    for (const value of codec.encode([event]).values) all.set(event.type, new Uint8Array(value))
  }
  for (const command of Object.values(COMMANDS)) all.set(command.type, encodeCommand(command))
  all.set('Report', encodeReport(REPORT))
  all.set('JobRow', jobRow.encode(JOB_ROW))
  all.set('RunRow', runRow.encode(RUN_ROW))
  all.set('CommandIdRow', commandIdRow.encode(COMMAND_ID_ROW))
  all.set('PartitionRow', partitionRow.encode(PARTITION_ROW))
  all.set('Cursor', cursorRow.encode(CURSOR))
  all.set('CheckpointPiece', checkpointPiece.encode(PIECE))
  all.set('CheckpointManifest', checkpointManifest.encode(MANIFEST))
  all.set('LocalCheckpoint', localCheckpoint.encode(LOCAL))
  return all
}
