/** Run ids as they are typed on a command line. */
import { CliError, EXIT } from './cli-error.ts'

/** The job id is the first part of a run id; it has no slash itself. Throws `CliError` for what is no run id. */
export function jobIdOfRun(runId: string): string {
  const end = runId.indexOf('/')
  if (end > 0) return runId.slice(0, end)
  throw new CliError(
    EXIT.usage,
    `<run>: expected the id of a run, <job>/<incarnation>/<scheduled time>, got ${JSON.stringify(runId)}`,
  )
}
