import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { decodeCommand } from '../../src/codec/command-avro.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { decodeReport } from '../../src/codec/report-codec.ts'
import * as rows from '../../src/codec/rows.ts'
import { encodeSamples } from '../golden/encode-samples.ts'
import * as samples from '../golden/samples.ts'
import { SOURCE } from './sources.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/records.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>
const bytesOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(golden[name] ?? '', 'hex'))

describe('golden bytes', () => {
  test('are what the samples encode to, for every record', () => {
    expect(
      Object.fromEntries([...encodeSamples()].map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')])),
    ).toEqual(golden)
  })

  test('of events are read as the samples', () => {
    const codec = createEventCodec()
    for (const event of Object.values(samples.EVENTS)) {
      expect(codec.decode(bytesOf(event.type))).toStrictEqual({ kind: 'event', event })
    }
  })

  test('of commands are read as the samples', () => {
    for (const command of Object.values(samples.COMMANDS)) {
      const source = { ...SOURCE, offset: command.commandOffset }
      expect(decodeCommand(bytesOf(command.type), source)).toEqual(command)
    }
  })

  test('of the report and the rows are read as the samples', () => {
    expect(decodeReport(bytesOf('Report'))).toStrictEqual(samples.REPORT)
    expect(rows.jobRow.decode(bytesOf('JobRow'))).toStrictEqual(samples.JOB_ROW)
    expect(rows.runRow.decode(bytesOf('RunRow'))).toStrictEqual(samples.RUN_ROW)
    expect(rows.commandIdRow.decode(bytesOf('CommandIdRow'))).toStrictEqual(samples.COMMAND_ID_ROW)
    expect(rows.partitionRow.decode(bytesOf('PartitionRow'))).toStrictEqual(samples.PARTITION_ROW)
    expect(rows.cursorRow.decode(bytesOf('Cursor'))).toStrictEqual(samples.CURSOR)
    expect(rows.checkpointPiece.decode(bytesOf('CheckpointPiece'))).toStrictEqual(samples.PIECE)
    expect(rows.checkpointManifest.decode(bytesOf('CheckpointManifest'))).toStrictEqual(samples.MANIFEST)
    expect(rows.localCheckpoint.decode(bytesOf('LocalCheckpoint'))).toStrictEqual(samples.LOCAL)
  })
})
