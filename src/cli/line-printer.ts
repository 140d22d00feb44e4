/** Writes lines of the log in the asked form, in pieces, as fast as its reader takes them. */
import { publicEvent } from '../client/public-event.ts'
import { eventToJson } from '../codec/event-json.ts'
import { detailOf } from './event-text.ts'
import { type OutputFormat, styled, write } from './output.ts'
import type { LogLine } from './partition-lines.ts'
import { pad } from './table.ts'

export interface LinePrinter {
  begin(): Promise<void>
  print(line: LogLine): Promise<void>
  /** Writes what has been gathered. */
  flush(): Promise<void>
  end(): Promise<void>
}

/** Gathered before it is written. */
const PIECE_CHARS = 32 * 1024

const OFFSET_COLUMNS = 8
const TYPE_COLUMNS = 18
const JOB_COLUMNS = 16
const TIME_COLUMNS = '2027-01-01T09:00:00.000Z'.length

export interface LinePrinterOptions {
  readonly format: OutputFormat
  /** Also what is not accepted. */
  readonly raw: boolean
  /** The log has several: each offset is told with its own. */
  readonly partitions: number
}

export function linePrinter({ format, raw, partitions }: LinePrinterOptions): LinePrinter {
  let piece = ''
  let count = 0
  const flush = async (): Promise<void> => {
    const text = piece
    piece = ''
    if (text !== '') await write(text)
  }
  return {
    async begin() {
      if (format === 'json') piece += '['
      if (format === 'table') piece += `${styled('dim', row('OFFSET', 'TIME', 'TYPE', 'JOB', 'DETAIL'))}\n`
    },
    async print(line) {
      if (format === 'table') piece += `${tableLine(line, partitions)}\n`
      else if (format === 'jsonl') piece += `${JSON.stringify(jsonLine(line, raw))}\n`
      else piece += `${count === 0 ? '\n' : ',\n'}${JSON.stringify(jsonLine(line, raw))}`
      count += 1
      if (piece.length >= PIECE_CHARS) await flush()
    },
    flush,
    async end() {
      if (format === 'json') piece += count === 0 ? ']\n' : '\n]\n'
      await flush()
    },
  }
}

function jsonLine({ partition, offset, event, refused }: LogLine, raw: boolean): object {
  const place = { partition, offset, ...(event === null ? {} : eventToJson(event)) }
  return raw ? { ...place, accepted: refused === null, ...(refused === null ? {} : { refused }) } : place
}

function tableLine({ partition, offset, event, refused }: LogLine, partitions: number): string {
  const place = partitions === 1 ? String(offset) : `${partition}:${offset}`
  if (event === null) return styled('yellow', row(place, '', '(no event)', '', `refused: ${refused}`))
  const job = 'jobId' in event ? (event.jobId ?? '') : ''
  const detail = detailOf(publicEvent(event, { store: 'default', partition: partition, offset: offset }))
  const text = row(
    place,
    new Date(event.time).toISOString(),
    event.type,
    job,
    refused === null ? detail : `refused: ${refused}; ${detail}`,
  )
  return refused === null ? text : styled('yellow', text)
}

function row(place: string, time: string, type: string, job: string, detail: string): string {
  const cells = [
    pad(place, OFFSET_COLUMNS),
    pad(time, TIME_COLUMNS),
    pad(type, TYPE_COLUMNS),
    pad(job, JOB_COLUMNS),
    detail,
  ]
  return cells.join('  ').trimEnd()
}
