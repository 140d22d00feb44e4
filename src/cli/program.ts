/** The tree of verbs. Each verb's file says its options and does its work; what is heavy is imported when it is needed. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addDemo } from './demo.ts'
import { addDev } from './dev.ts'
import { addEvents } from './events.ts'
import { addJobsAdd } from './jobs-add.ts'
import { addJobsGet } from './jobs-get.ts'
import { addJobsLs } from './jobs-ls.ts'
import { addJobsPause } from './jobs-pause.ts'
import { addJobsResume } from './jobs-resume.ts'
import { addJobsRm } from './jobs-rm.ts'
import { addJobsRun } from './jobs-run.ts'
import { addNext } from './next.ts'
import { addVerify } from './verify.ts'

const HELP = `
Examples:
  horolog demo                                   a few lively jobs, no set-up
  horolog dev --tasks ./tasks.ts                 scheduler and executor on the log in ./.horolog
  horolog jobs add hello --task echo --every 5s  add a job
  horolog events --follow                        what happens, as it happens
  horolog verify                                 check the log and its chain

Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 conflict or rejected, 5 unreachable, 6 verification failed.`

export function createProgram(): Command {
  const program = new Command('horolog')
    .description('A durable job scheduler on an event log.')
    .version(version(), '-V, --version')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      outputError: (text, print) => print(text.replace(/^error: /, 'horolog: ').replace(/\n(?=\()/, ' ')),
    })
    .addHelpText('after', HELP)
  addDemo(program)
  addDev(program)
  const jobs = program.command('jobs').description('add, change and look at jobs')
  for (const add of [addJobsAdd, addJobsLs, addJobsGet, addJobsRm, addJobsPause, addJobsResume, addJobsRun]) add(jobs)
  addEvents(program)
  addVerify(program)
  addNext(program)
  return program
}

function version(): string {
  const page = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return page.version
}
