/** Runs a verb, and turns what it throws into a line on stderr and an exit code. */
import { CommanderError } from 'commander'
import { EXIT } from './cli-error.ts'
import { tell, watchOutput } from './output.ts'
import { createProgram } from './program.ts'

export async function run(): Promise<void> {
  watchOutput()
  await end(await exitCode())
}

async function exitCode(): Promise<number> {
  try {
    await createProgram().parseAsync()
    return EXIT.ok
  } catch (error) {
    // commander has said already what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const { toldError } = await import('./report-error.ts')
    const { line, exitCode } = toldError(error, process.argv.slice(2))
    tell(`horolog: ${line}`)
    return exitCode
  }
}

/** Ends the process although an application's tasks may hold it, when everything is written. */
async function end(exitCode: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve))
  process.exit(exitCode)
}
