/** Effects and answers as records (protocol §3, §5). */
import type { Event } from '../core/events.ts'
import type { Deliver } from '../core/job/definition.ts'
import type { Report } from '../core/reports.ts'
import type { RunRequest } from './dispatcher.ts'
import type { InputRecord } from './input-codec.ts'
import type { OutgoingRecord } from './outbox.ts'
import type { ControlRecord } from './run-codec.ts'

export interface OutputCodec {
  run(request: RunRequest): OutgoingRecord
  /** The run as a record for its reader: the payload as it is. */
  delivery(request: RunRequest, to: Deliver): OutgoingRecord
  control(control: ControlRecord): OutgoingRecord
  report(report: Report, partition: number): OutgoingRecord
  /** The outcome of a command: its events, all of one batch. */
  reply(to: string, events: readonly Event[], partition: number): OutgoingRecord
  /** The record as it was, to its home; `at`: epoch ms of the decision. */
  forward(record: InputRecord, commandId: string | null, toPartition: number, at: number): OutgoingRecord
  deadLetter(record: InputRecord, error: string, reason: string): OutgoingRecord
}
