/** `horolog jobs import`: adds the jobs of a file that `jobs export` wrote, and says of each what became of it. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { JobClient } from '../client/job-client.ts'
import type { CommandOptions } from '../client/commands.ts'
import { CliError, EXIT } from './cli-error.ts'
import { countText } from '../client/count-text.ts'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  type CommandOption,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { tell, write, writeJsonList } from './output.ts'

interface ImportFlags extends LogOption, OutputOption, CommandOption {
  readonly ifExists: 'replace' | 'keep' | 'reject'
}

interface Imported {
  readonly id: string
  readonly what: string
  /** null: it was not refused. */
  readonly refused: string | null
}

const STDIN = 0

const EXAMPLES = `
A job that is refused stops no other: each is told, and the exit code is 4.

Examples:
  horolog jobs import jobs.json --if-exists keep
  horolog jobs export --log file:./old | horolog jobs import - --log file:./new`

export function addJobsImport(jobs: Command): void {
  const command = jobs
    .command('import')
    .description('add the jobs of a file, with their phase')
    .argument('<file>', "what 'jobs export' wrote; - reads stdin")
    .addOption(
      new Option('--if-exists <what>', 'when a job of that id exists')
        .choices(['replace', 'keep', 'reject'])
        .default('replace'),
    )
    .addHelpText('after', EXAMPLES)
    .action((file: string, options: ImportFlags) => jobsImport(file, options))
  addCommandOptions(addOutputOption(addLogOption(command)), { commandId: false })
}

async function jobsImport(path: string, options: ImportFlags): Promise<void> {
  const { filedJobs } = await import('../client/job-file.ts')
  const { commandOptions, changing } = await import('./change-log.ts')
  const { tableLines } = await import('./table.ts')
  const file = await fileOf(path)
  // What can't be read is refused before the log is touched.
  filedJobs(file)
  const asked = { ...commandOptions(options), ifExists: options.ifExists }
  const imported = await changing({ ...options, create: true }, async (client) => {
    const results: Imported[] = []
    for (const job of file.jobs) results.push(await importOne(client, job, asked))
    return results
  })
  if (options.output !== 'table') await writeJsonList(imported, options.output)
  else if (imported.length > 0) {
    const rows = imported.map(({ id, what, refused }) => [id, refused === null ? what : `${what}: ${refused}`])
    await write(`${tableLines(['ID', 'RESULT'], rows).join('\n')}\n`)
  }
  const refused = imported.filter((one) => one.refused !== null)
  tell(`${countText(imported.length - refused.length, 'job')} of ${path === '-' ? 'stdin' : path} imported`)
  if (refused.length === 0) return
  throw new CliError(EXIT.conflict, `${countText(refused.length, 'job')} of ${imported.length} refused`)
}

async function importOne(
  client: JobClient,
  job: { readonly id: string },
  options: Omit<CommandOptions, 'commandId'> & Pick<ImportFlags, 'ifExists'>,
): Promise<Imported> {
  const { RejectedError } = await import('../client/errors.ts')
  const { id } = job
  let what = options.ifExists === 'keep' ? 'kept' : 'unchanged'
  const say = (said: string) => (event: { readonly jobId: string }) => {
    if (event.jobId === id) what = said
  }
  const [added, modified] = [say('added'), say('changed')]
  client.on('JobAdded', added).on('JobModified', modified)
  try {
    await client.importJobs({ horolog: 1, jobs: [job] }, options)
    return { id, what, refused: null }
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error
    return { id, what: 'refused', refused: `${error.code}: ${error.message}` }
  } finally {
    client.off('JobAdded', added).off('JobModified', modified)
  }
}

/** Of its jobs no more is known than that `filedJobs` has to see them. */
async function fileOf(path: string): Promise<{ readonly jobs: readonly { readonly id: string }[] }> {
  const { parseJson } = await import('./trigger-text.ts')
  const name = path === '-' ? 'stdin' : path
  let text: string
  try {
    text = readFileSync(path === '-' ? STDIN : path, 'utf8')
  } catch (cause) {
    throw new CliError(EXIT.usage, `<file>: expected a file that can be read, got ${name}: ${String(cause)}`, { cause })
  }
  return parseJson(text, name) as { jobs: { id: string }[] }
}
