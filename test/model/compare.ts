/** Holds the model's jobs and runs against those that a fold of the log has. */
import { isDeepStrictEqual } from 'node:util'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import type { JobState } from '../../src/core/job/job-state.ts'
import type { FinishedRun } from '../../src/core/run/finished-run.ts'
import type { RunState } from '../../src/core/run/run-state.ts'
import type { State } from '../../src/core/state.ts'
import type { RunRequest } from '../../src/ports/dispatcher.ts'
import { triggerOf } from './plan.ts'
import { heartbeatOf, type Spec } from './spec.ts'
import type { Job, Run, World } from './world.ts'

/** Throws where the job or run of that id is another than the model's. */
export function compareOne(world: World, state: State, id: string): void {
  same(`job ${id}`, ofJob(world.jobs.get(id)), ofJobState(state.job(id)))
  same(`run ${id}`, ofRun(world.runs.get(id)), ofRunState(state.run(id)))
}

export function compareAll(world: World, state: State): void {
  same('jobs', [...world.jobs.keys()].toSorted(), [...state.jobs()].map(({ jobId }) => jobId).toSorted())
  same('runs', [...world.runs.keys()].toSorted(), [...state.runs()].map(({ runId }) => runId).toSorted())
  for (const id of [...world.jobs.keys(), ...world.runs.keys()]) compareOne(world, state, id)
  compareRest(world, state)
}

/** What is of no job. */
export function compareRest(world: World, state: State): void {
  same('pause of the schedule', world.schedulePaused, state.schedulePaused)
  same('pauses by labels', world.rules, state.pauseRules)
  same('executors', [...world.executors].toSorted(), [...state.executors()].toSorted())
  same('command ids', [...world.answered], [...state.commands()])
  same('time', world.lastTime, state.lastTime)
}

function same(what: string, foretold: unknown, actual: unknown): void {
  if (isDeepStrictEqual(foretold, actual)) return
  throw new Error(`${what}: ${JSON.stringify(actual)}, the model has ${JSON.stringify(foretold)}`)
}

function ofJob(job: Job | undefined): object | null {
  if (job === undefined) return null
  const { id, incarnation, version, anchor, next, decided, decidedCount, paused, heldThrough, open, ended } = job
  const { last, missed, skipped, spec } = job
  return {
    ...{ id, incarnation, version, anchor, next, decided, decidedCount, paused, heldThrough, open, ended },
    ...{ last, missed, skipped },
    ...ofSpec(spec),
  }
}

function ofJobState(job: JobState | undefined): object | null {
  if (job === undefined) return null
  const { jobId: id, incarnation, version, anchor, paused, heldThrough, last, counts, definition, decidedCount } = job
  return {
    ...{ id, incarnation, version, anchor, next: job.nextFireTime, decided: job.decidedThrough ?? -1, decidedCount },
    ...{ paused, heldThrough, open: job.openRuns, ended: job.endedRuns },
    last: last === null ? null : { runId: last.runId, outcome: last.outcome },
    ...{ missed: counts.missed, skipped: counts.skipped },
    ...ofDefinition(definition),
  }
}

const MEMBERS: readonly (keyof JobDefinition)[] = [
  ...(['executor', 'name', 'labels', 'misfireGraceMs', 'coalesce', 'maxCatchUp', 'maxInstances', 'overlap'] as const),
  ...(['queueLimit', 'retry', 'timeoutMs', 'heartbeatTimeoutMs', 'delivery', 'keepRuns'] as const),
]

function ofSpec(spec: Spec): object {
  const { plan, ...members } = spec
  const trigger = triggerOf(plan)
  return {
    ...members,
    heartbeatTimeoutMs: heartbeatOf(spec),
    trigger: trigger === null ? null : { ...trigger, zone: 'UTC' },
  }
}

function ofDefinition(definition: JobDefinition): object {
  return Object.fromEntries([...MEMBERS, 'trigger' as const].map((member) => [member, definition[member]]))
}

function ofRun(run: Run | undefined): object | null {
  if (run === undefined) return null
  const { spec, ...members } = run
  return { ...members, ...ofSpec(spec), executor: run.executor }
}

function ofRunState(run: RunState | undefined): object | null {
  if (run === undefined) return null
  const { runId: id, jobId, incarnation, cause, startBefore, after, status, attempt, startedAt, executor, starts } = run
  const { granted, retryAt, unknownTask, cancelRequested, payload, definition, runningSince } = run
  return {
    ...ofDefinition(definition),
    ...{
      id,
      jobId,
      incarnation,
      at: run.scheduledAt,
      dueAt: run.dueAt,
      cause,
      version: run.jobVersion,
      startBefore,
      after,
      status,
    },
    ...{ attempt, startedAt, runningSince, executor, starts, granted, retryAt, unknownTask, cancelRequested },
    payload: payload === null ? null : new TextDecoder().decode(payload),
  }
}

/** What the executor is handed is the attempt as the model has it. */
export function compareRequest(run: Run, request: RunRequest): void {
  const { id: runId, jobId, attempt, at: scheduledAt, spec, payload } = run
  const { runId: id, jobId: job, attempt: number, scheduledAt: at, dueAt, executor, delivery } = request
  const { timeoutMs, heartbeatTimeoutMs } = request
  // Whether it was picked up in time was settled when it started.
  const startBefore = run.status === 'running' ? null : request.startBefore
  const handed = { id, job, number, at, dueAt, executor, delivery, timeoutMs, heartbeatTimeoutMs, startBefore }
  same(
    `request of ${runId}`,
    {
      ...{ id: runId, job: jobId, number: attempt, at: scheduledAt, dueAt: run.dueAt, executor: spec.executor },
      ...{ delivery: spec.delivery, timeoutMs: spec.timeoutMs, heartbeatTimeoutMs: heartbeatOf(spec) },
      ...{ startBefore: attempt === 1 && run.status === 'queued' ? run.startBefore : null, payload: payload ?? '' },
    },
    { ...handed, payload: new TextDecoder().decode(request.payload) },
  )
}

/** The runs that are kept after their end, the latest first. */
export function compareFinished(job: Job, kept: readonly FinishedRun[]): void {
  const actual = kept.map(({ runId, scheduledAt, outcome }) => ({ runId, at: scheduledAt, outcome }))
  const foretold = job.finished.toReversed().map(({ runId, at, outcome }) => ({ runId, at, outcome }))
  same(`finished runs of ${job.id}`, foretold, actual)
}
