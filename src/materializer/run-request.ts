/** The run record of an attempt, from the state alone: it can be made again at any time. */
import type { RunState } from '../core/run/run-state.ts'
import type { RunRequest } from '../ports/dispatcher.ts'

export function runRequest(run: RunState, partition: number, epoch: number, again: boolean): RunRequest {
  const { definition } = run
  return {
    runId: run.runId,
    jobId: run.jobId,
    attempt: run.attempt,
    task: definition.task ?? '',
    deliver: definition.deliver,
    payload: run.payload ?? definition.payload,
    contentType: run.contentType ?? definition.contentType,
    headers: definition.headers,
    scheduledAt: run.scheduledAt,
    dueAt: run.dueAt,
    startBefore: run.attempt === 1 && run.startedAt === null ? run.startBefore : null,
    timeoutMs: definition.timeoutMs,
    heartbeatTimeoutMs: definition.heartbeatTimeoutMs,
    delivery: definition.delivery,
    executor: definition.executor,
    partition,
    epoch,
    again,
  }
}
