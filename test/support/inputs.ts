/** Inputs of `decide` with defaults: commands, reports, timers. */
import type { Command, CommandEnvelope, IfExists } from '../../src/core/commands.ts'
import type { Input } from '../../src/core/decide.ts'
import type { JobInput } from '../../src/core/job/definition.ts'
import type { Report, ReportType, RunError } from '../../src/core/reports.ts'
import { JOB, T0 } from './moments.ts'

export const ENVELOPE: CommandEnvelope = { commandId: 'c1', commandGiven: false, actor: null, commandOffset: null }

/** An envelope whose id the client gave. */
export function given(commandId: string): CommandEnvelope {
  return { ...ENVELOPE, commandId, commandGiven: true }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

export function command(
  request: DistributiveOmit<Command, keyof CommandEnvelope>,
  envelope: CommandEnvelope = ENVELOPE,
): Input {
  return { kind: 'command', command: { ...request, ...envelope } }
}

interface AddOptions {
  readonly jobId?: string
  readonly ifExists?: IfExists
  readonly envelope?: CommandEnvelope
}

/** Adds the job with task `greet`, unless `job` says another. */
export function addJob(job: JobInput = {}, options: AddOptions = {}): Input {
  const { jobId = JOB, ifExists = 'replace', envelope } = options
  return command({ type: 'AddJob', jobId, ifExists, job: { task: 'greet', ...job } }, envelope)
}

export function removeJob(jobId: string = JOB, envelope?: CommandEnvelope): Input {
  return command({ type: 'RemoveJob', jobId }, envelope)
}

export function pauseJob(reason: string | null = null, jobId: string = JOB, envelope?: CommandEnvelope): Input {
  return command({ type: 'PauseJob', jobId, reason, until: null }, envelope)
}

export function resumeJob(jobId: string = JOB, envelope?: CommandEnvelope): Input {
  return command({ type: 'ResumeJob', jobId }, envelope)
}

interface RunOptions {
  readonly jobId?: string
  readonly payload?: Uint8Array
  readonly contentType?: string
  readonly envelope?: CommandEnvelope
}

export function runJob(options: RunOptions = {}): Input {
  const { jobId = JOB, payload = null, contentType = null, envelope } = options
  return command({ type: 'RunJob', jobId, payload, contentType }, envelope)
}

export function declareExecutor(executor: string, envelope?: CommandEnvelope): Input {
  return command({ type: 'DeclareExecutor', executor }, envelope)
}

export function jobDue(jobId: string = JOB): Input {
  return { kind: 'job-due', jobId }
}

export function runDue(runId: string): Input {
  return { kind: 'run-due', runId }
}

export const EXECUTOR = 'host:1:aa'
export const OTHER_EXECUTOR = 'host:2:bb'
export const THIRD_EXECUTOR = 'host:3:cc'

export function runError(name = 'Error', over: Partial<RunError> = {}): RunError {
  return { name, message: 'it broke', stack: null, retryable: true, ...over }
}

export function report(type: ReportType, runId: string, over: Partial<Report> = {}): Input {
  const [jobId = JOB] = runId.split('/')
  const common = { jobId, runId, attempt: 1, token: null, at: T0, startedAt: null, executor: EXECUTOR }
  return { kind: 'report', report: { type, ...common, result: null, error: null, ...over } }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
