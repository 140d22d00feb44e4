/** The inputs of `decide` that test/support/inputs.ts has not: changes, pauses, backfills, and what is asked of a run. */
import type { CommandEnvelope, Labels } from '../../src/core/commands.ts'
import type { Input } from '../../src/core/decide.ts'
import type { JobInput } from '../../src/core/job/definition.ts'
import type { FinishedRun } from '../../src/core/run/finished-run.ts'
import { command, ENVELOPE } from '../support/inputs.ts'
import { JOB } from '../support/moments.ts'

/** Which job, which version, and who asks. */
interface To {
  readonly jobId?: string
  readonly version?: number | null
  readonly envelope?: CommandEnvelope
}

/** Why a pause, and until when. */
interface Pausing {
  readonly reason?: string | null
  readonly until?: number | null
}

export function modifyJob(job: JobInput, { jobId = JOB, version = null, envelope }: To = {}): Input {
  return command({ type: 'ModifyJob', jobId, version, job }, envelope)
}

export function rescheduleJob(trigger: unknown, { jobId = JOB, version = null, envelope }: To = {}): Input {
  return command({ type: 'RescheduleJob', jobId, version, trigger }, envelope)
}

export function pauseUntil(until: number | null, reason: string | null = null, jobId: string = JOB): Input {
  return command({ type: 'PauseJob', jobId, reason, until })
}

export function pauseJobs(labels: Labels, { reason = null, until = null }: Pausing = {}): Input {
  return command({ type: 'PauseJobs', labels, reason, until })
}

export function resumeJobs(labels: Labels): Input {
  return command({ type: 'ResumeJobs', labels })
}

export function pauseSchedule({ reason = null, until = null }: Pausing = {}): Input {
  return command({ type: 'PauseSchedule', reason, until })
}

export function resumeSchedule(): Input {
  return command({ type: 'ResumeSchedule' })
}

export function removeAllJobs(envelope?: CommandEnvelope): Input {
  return command({ type: 'RemoveAllJobs' }, envelope)
}

/** Runs the scheduled times in [from, to); `dryRun` only says which. */
export function backfill(from: number, to: number, { jobId = JOB, envelope }: To = {}): Input {
  return command({ type: 'BackfillJob', jobId, from, to, dryRun: false }, envelope)
}

export function dryRun(from: number, to: number): Input {
  return command({ type: 'BackfillJob', jobId: JOB, from, to, dryRun: true })
}

/** `finishedRun`: what is kept of the run when it is over. */
export function cancelRun(runId: string, reason: string | null = null, finishedRun: FinishedRun | null = null): Input {
  return { ...(command({ type: 'CancelRun', jobId: JOB, runId, reason }) as CommandInput), finishedRun }
}

export function retryRun(runId: string, finishedRun: FinishedRun | null, envelope: CommandEnvelope = ENVELOPE): Input {
  return { ...(command({ type: 'RetryRun', jobId: JOB, runId }, envelope) as CommandInput), finishedRun }
}

type CommandInput = Extract<Input, { kind: 'command' }>

export const pausesDue: Input = { kind: 'pauses-due' }

export function runAbandoned(runId: string): Input {
  return { kind: 'run-abandoned', runId }
}

/** Another id for a command of the same scenario. */
export function called(commandId: string): CommandEnvelope {
  return { ...ENVELOPE, commandId }
}
