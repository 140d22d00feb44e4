/** Records around commands, as tests need them. */
import type { CommandSource } from '../../src/codec/command-members.ts'
import type { CommandRecord } from '../../src/codec/command-record.ts'
import type { RecordHeader } from '../../src/ports/event-log.ts'

export const SOURCE: CommandSource = Object.freeze({
  commandId: null,
  actor: null,
  jobId: null,
  place: 'commands/4/78',
  offset: 78,
})

/** 2027-01-01T09:00:00.000Z */
export const NOW: number = Date.UTC(2027, 0, 1, 9)

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export function headersOf(texts: Readonly<Record<string, string>>): RecordHeader[] {
  return Object.entries(texts).map(([name, text]) => [name, utf8(text)])
}

export function recordOf(
  value: Uint8Array | string | null,
  texts: Readonly<Record<string, string>> = {},
): CommandRecord {
  return {
    topic: 'commands',
    partition: 4,
    offset: 78,
    timestamp: NOW,
    key: 'key-1',
    headers: headersOf(texts),
    value: typeof value === 'string' ? utf8(value) : value,
  }
}
