/** Inputs as the owner of a partition reads them. */
import type { InputCodec, ReportReading } from '../ports/input-codec.ts'
import { readCommand } from './command-record.ts'
import { DecodeError } from './decode-error.ts'
import { FORWARDED, forwardedAt } from './forwarded.ts'
import { headerTexts } from './headers.ts'
import { readReport, type ReportRecord } from './report-codec.ts'

export const INPUT_CODEC: InputCodec = Object.freeze({ command: readCommand, report } satisfies InputCodec)

function report(record: ReportRecord): ReportReading {
  try {
    const texts = headerTexts(record.headers, (name) => FORWARDED.includes(name))
    return { kind: 'report', report: readReport(record), forwardedAt: forwardedAt(texts, record.timestamp) }
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'unreadable', reason: error.message }
    throw error
  }
}
