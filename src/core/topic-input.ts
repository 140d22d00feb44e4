/** Records of the commands and reports topics that are no input of this partition: each becomes an event that says so. */
import { NO_COMMAND } from './answers.ts'
import type { CommandEnvelope } from './commands.ts'
import type { Decided } from './events.ts'
import { JOB_ID_PATTERN } from './limits.ts'
import type { Rejection } from './rejections.ts'

export type TopicInput =
  | {
      readonly kind: 'unreadable-command'
      readonly envelope: CommandEnvelope
      readonly rejection: Rejection
      /** As far as it could be read. */
      readonly jobId: string | null
    }
  | {
      readonly kind: 'misplaced-command'
      readonly envelope: CommandEnvelope
      readonly jobId: string
      /** Its home. */
      readonly toPartition: number
    }
  | { readonly kind: 'unreadable-report'; readonly offset: number; readonly reason: string }
  | {
      readonly kind: 'misplaced-report'
      readonly offset: number
      readonly jobId: string
      readonly toPartition: number
    }
  /**
   * Offsets from `from`, up to and without `to`: retention took them before they were read, nobody can read them, or the
   * topic ends before them, which then lost its tail or was made anew, and is read again from `from`.
   */
  | { readonly kind: 'input-lost'; readonly topic: string; readonly from: number; readonly to: number }

export function decideTopicInput(input: TopicInput): Decided[] {
  switch (input.kind) {
    case 'unreadable-command': {
      const { envelope, rejection } = input
      return [{ type: 'CommandRejected', ...envelope, jobId: possibleId(input.jobId), ...rejection }]
    }
    case 'misplaced-command': {
      const { envelope, jobId, toPartition } = input
      return [{ type: 'CommandForwarded', ...envelope, jobId: possibleId(jobId), toPartition, reportOffset: null }]
    }
    case 'misplaced-report': {
      const { jobId, toPartition, offset } = input
      const forwarded = { type: 'CommandForwarded', ...NO_COMMAND } as const
      return [{ ...forwarded, jobId: possibleId(jobId), toPartition, reportOffset: offset }]
    }
    case 'unreadable-report': {
      const { offset, reason } = input
      const nothing = { jobId: '', runId: '', attempt: 0, report: '', executor: '' }
      return [{ type: 'ReportIgnored', ...nothing, why: 'malformed', reportOffset: offset, reason }]
    }
    case 'input-lost': {
      const { topic, from, to } = input
      return [{ type: 'InputLost', topic, from, to }]
    }
  }
}

function possibleId(jobId: string | null): string | null {
  return jobId !== null && JOB_ID_PATTERN.test(jobId) ? jobId : null
}
