/** Records of the commands and reports topics as inputs. What anyone may produce is read without ever throwing. */
import type { Command, CommandEnvelope } from '../core/commands.ts'
import type { Rejection } from '../core/rejections.ts'
import type { Report } from '../core/reports.ts'
import type { StoredRecord, TopicPartition } from './event-log.ts'

export type InputRecord = StoredRecord & TopicPartition

/** What the headers say beside the command. */
interface Asked {
  /** The topic on which the answer is wanted; null: on none. */
  readonly replyTo: string | null
  /** When an owner of another partition sent it here, epoch ms; null: it was produced here. */
  readonly forwardedAt: number | null
}

export type CommandReading =
  | (Asked & { readonly kind: 'command'; readonly command: Command })
  | (Asked & {
      readonly kind: 'rejected'
      readonly rejection: Rejection
      readonly envelope: CommandEnvelope
      /** The job that it named, as far as that could be read. */
      readonly jobId: string | null
    })

export type ReportReading =
  | { readonly kind: 'report'; readonly report: Report; readonly forwardedAt: number | null }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** A promise where something outside has to be asked. It rejects only when that was closed, with `LogError` `closed`. */
export interface InputCodec {
  command(record: InputRecord): CommandReading | Promise<CommandReading>
  report(record: InputRecord): ReportReading | Promise<ReportReading>
}
