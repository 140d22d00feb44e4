/** What a verb that changed a job prints of it. */
import type { JobInfo } from '../client/job-info.ts'
import { type OutputFormat, writeJson, writeLine } from './output.ts'

/** `info`: the job as it is after the change; undefined when it is gone with it. */
export async function printChanged(
  id: string,
  changed: { readonly what: string; readonly info: JobInfo | undefined },
  output: OutputFormat,
): Promise<void> {
  const { jobJson, whenText } = await import('./job-view.ts')
  const { what, info } = changed
  if (output !== 'table') return writeJson(info === undefined ? { id, finished: true } : jobJson(info), output)
  if (info === undefined) return writeLine(`${id} ${what}: it has no time left`)
  const next = info.nextFireTime === null ? '' : `; next ${info.nextFireTime.toISOString()}`
  await writeLine(`${id} ${what}, version ${info.version}: ${whenText(info)}${next}`)
}
