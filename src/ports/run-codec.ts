/** What an executor reads and writes, as records (protocol §5). What anyone may produce is read without ever throwing. */
import type { Report } from '../core/reports.ts'
import type { RunRequest } from './dispatcher.ts'
import type { StoredRecord } from './event-log.ts'
import type { OutgoingRecord } from './outbox.ts'

/** What an owner tells every executor of one attempt. `at`: epoch ms. */
export type ControlRecord =
  /** `reason` null: the run is over already and waits for no report. */
  | {
      readonly type: 'CancelRun'
      readonly runId: string
      readonly attempt: number
      readonly reason: string | null
      readonly at: number
    }
  /** Of an at-most-once attempt: `executor`, the id of a process, may start it; or may not. */
  | {
      readonly type: 'RunGranted' | 'ClaimRefused'
      readonly runId: string
      readonly attempt: number
      readonly executor: string
      readonly at: number
    }

/** Foreign bytes on a topic, and what is wrong with them. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly why: string
}

/** A record of a topic of runs as an executor finds it. */
export type RunReading =
  /** `run.again` is false: a record doesn't say it. */
  { readonly kind: 'run'; readonly run: RunRequest } | Unreadable

export type ControlReading = { readonly kind: 'control'; readonly control: ControlRecord } | Unreadable

export interface RunCodec {
  /** `executor`: whose topic the record stands on. */
  readonly readRun: (record: Pick<StoredRecord, 'value' | 'headers'>, executor: string) => RunReading
  readonly readControl: (record: Pick<StoredRecord, 'value'>) => ControlReading
  /** `partition`: where the run's job lives. */
  readonly reportRecord: (report: Report, partition: number) => OutgoingRecord
}
