/** The runs that a command made, found by their ids: `<job id>/<incarnation>/<time>/<command id>`, and at times its place. */
import { isAskedBy } from '../core/run/run-id.ts'
import type { Backend } from './backend.ts'

/** Those of a command that was answered before, oldest first. Reads the log from its beginning. */
export async function runsAskedBy(
  backend: Backend,
  jobId: string,
  commandId: string | undefined,
  store: string,
): Promise<string[]> {
  if (commandId === undefined) return []
  // Before the history, so that one that ends meanwhile is in one of them at least.
  const open = backend.job(jobId, store)?.job.openRuns ?? []
  const ended = (await backend.history(jobId, store)).map(({ runId }) => runId).toReversed()
  return [...new Set([...ended, ...open])].filter((runId) => isAskedBy(runId.replace(TIME, ''), commandId))
}

const TIME = /^([^/]+\/[^/]+\/)(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)\/?/

/** The scheduled time in a run id. */
export function scheduledAtOf(runId: string): Date {
  const [, , year, month, day, hour, minute, seconds] = TIME.exec(runId) ?? []
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${seconds}`)
}
