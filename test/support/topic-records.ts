/** Records of topics as people see them: texts of headers, JSON of values. */
import type { RecordHeader } from '../../src/ports/event-log.ts'
import type { TopicRecord } from './world.ts'

export function headers(texts: Readonly<Record<string, string>>): readonly RecordHeader[] {
  return Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)])
}

/** The last one of a name wins. */
export function headerTexts(record: Pick<TopicRecord, 'headers'>): Record<string, string> {
  return Object.fromEntries(record.headers.map(([name, value]) => [name, Buffer.from(value).toString()]))
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** The value of a record, read as JSON. */
export function parsed(record: Pick<TopicRecord, 'value'>): Record<string, unknown> {
  return JSON.parse(Buffer.from(record.value ?? []).toString()) as Record<string, unknown>
}
