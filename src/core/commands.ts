/** Commands: requests on the log, in the imperative. Each gets exactly one outcome (invariant I4). */
import type { JobInput } from './job/definition.ts'

export type IfExists = 'replace' | 'keep' | 'reject'

/** What every command carries besides its own fields. */
export interface CommandEnvelope {
  readonly commandId: string
  /** The client gave the id: it is remembered, and a repetition is answered as a duplicate. */
  readonly commandGiven: boolean
  /** Who asked, free text. */
  readonly actor: string | null
  /** Offset in the commands topic; null when the command was handed over in memory. */
  readonly commandOffset: number | null
}

export type Labels = Readonly<Record<string, string>>

export type Command = CommandEnvelope &
  (
    | { readonly type: 'AddJob'; readonly jobId: string; readonly ifExists: IfExists; readonly job: JobInput }
    | { readonly type: 'ModifyJob'; readonly jobId: string; readonly version: number | null; readonly job: JobInput }
    | {
        readonly type: 'RescheduleJob'
        readonly jobId: string
        readonly version: number | null
        readonly trigger: unknown
      }
    | { readonly type: 'RemoveJob'; readonly jobId: string }
    | {
        readonly type: 'PauseJob'
        readonly jobId: string
        readonly reason: string | null
        readonly until: number | null
      }
    | { readonly type: 'ResumeJob'; readonly jobId: string }
    | {
        readonly type: 'RunJob'
        readonly jobId: string
        readonly payload: Uint8Array | null
        readonly contentType: string | null
      }
    | {
        readonly type: 'BackfillJob'
        readonly jobId: string
        readonly from: number
        readonly to: number
        readonly dryRun: boolean
      }
    | { readonly type: 'CancelRun'; readonly jobId: string; readonly runId: string; readonly reason: string | null }
    | { readonly type: 'RetryRun'; readonly jobId: string; readonly runId: string }
    | {
        readonly type: 'PauseJobs'
        readonly labels: Labels
        readonly reason: string | null
        readonly until: number | null
      }
    | { readonly type: 'ResumeJobs'; readonly labels: Labels }
    | { readonly type: 'PauseSchedule'; readonly reason: string | null; readonly until: number | null }
    | { readonly type: 'ResumeSchedule' }
    | { readonly type: 'RemoveAllJobs' }
    | { readonly type: 'DeclareExecutor'; readonly executor: string }
  )

export type CommandType = Command['type']
