/** Inputs as the owner of a partition reads them. */
import type { CommandReading, InputCodec, InputRecord, ReportReading } from '../ports/input-codec.ts'
import type { SchemaRegistry } from '../ports/schema-registry.ts'
import { readCommand } from './command-record.ts'
import { ConfluentSchemas, isConfluent } from './confluent.ts'
import { DecodeError } from './decode-error.ts'
import { FORWARDED, forwardedAt } from './forwarded.ts'
import { headerTexts } from './headers.ts'
import { isPlainJob } from './plain-job.ts'
import { isPlainReport, readReport, type ReportRecord } from './report-codec.ts'

/** Without a registry the Confluent encoding is refused. */
export const INPUT_CODEC: InputCodec = Object.freeze({ command: readCommand, report } satisfies InputCodec)

/** Waits for the registry where a record names a schema that it has not named before. */
export function createInputCodec(registry: SchemaRegistry): InputCodec {
  const schemas = new ConfluentSchemas(registry)
  const confluentCommand = async (record: InputRecord, value: Uint8Array): Promise<CommandReading> =>
    readCommand(record, await schemas.singleObject(value))
  const confluentReport = async (record: InputRecord, value: Uint8Array): Promise<ReportReading> => {
    const encoded = await schemas.singleObject(value)
    if (encoded instanceof DecodeError) return unreadable(encoded)
    return report({ ...record, value: encoded })
  }
  return {
    command(record) {
      const { value, headers } = record
      return isConfluent(value) && !isPlainJob(headers) ? confluentCommand(record, value) : readCommand(record)
    },
    report(record) {
      const { value, headers } = record
      return isConfluent(value) && !isPlainReport(headers) ? confluentReport(record, value) : report(record)
    },
  }
}

function report(record: ReportRecord): ReportReading {
  try {
    const texts = headerTexts(record.headers, (name) => FORWARDED.includes(name))
    return { kind: 'report', report: readReport(record), forwardedAt: forwardedAt(texts, record.timestamp) }
  } catch (error) {
    if (error instanceof DecodeError) return unreadable(error)
    throw error
  }
}

function unreadable(error: DecodeError): ReportReading {
  return { kind: 'unreadable', reason: error.message }
}
