/** The tree of verbs. Each verb's file says its options and does its work; what is heavy is imported when it is needed. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addDemo } from './demo.ts'
import { addDev } from './dev.ts'
import { addEvents } from './events.ts'
import { addExplain } from './explain.ts'
import { addJobsAdd } from './jobs-add.ts'
import { addJobsBackfill } from './jobs-backfill.ts'
import { addJobsExport } from './jobs-export.ts'
import { addJobsGet } from './jobs-get.ts'
import { addJobsImport } from './jobs-import.ts'
import { addJobsLs } from './jobs-ls.ts'
import { addJobsModify } from './jobs-modify.ts'
import { addJobsPause } from './jobs-pause.ts'
import { addJobsReschedule } from './jobs-reschedule.ts'
import { addJobsResume } from './jobs-resume.ts'
import { addJobsRm } from './jobs-rm.ts'
import { addJobsRun } from './jobs-run.ts'
import { addNext } from './next.ts'
import { addRunsCancel } from './runs-cancel.ts'
import { addRunsGet } from './runs-get.ts'
import { addRunsLs } from './runs-ls.ts'
import { addRunsRetry } from './runs-retry.ts'
import { addSchedulePause } from './schedule-pause.ts'
import { addScheduleResume } from './schedule-resume.ts'
import { addServe } from './serve.ts'
import { addTopicsApply } from './topics-apply.ts'
import { addTopicsPlan } from './topics-plan.ts'
import { addVerify } from './verify.ts'
import { addWorker } from './worker.ts'

const HELP = `
Examples:
  horolog demo                                   a few lively jobs, no set-up
  horolog dev --tasks ./tasks.ts                 scheduler and executor on the log in ./.horolog
  horolog jobs add hello --task echo --every 5s  add a job
  horolog runs ls                                what ran, and how it ended
  horolog explain hello                          why it fires, or why not
  horolog events --follow                        what happens, as it happens
  horolog verify                                 check the log and its chain
  horolog serve --log kafka://localhost:9092     decide and fire, on a cluster

Each verb says more: horolog jobs add --help
Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 rejected (also topics that are missing or
differ), 5 unreachable (the cluster, an owner, a folder that another process owns), 6 verification failed.`

type AddVerb = (parent: Command) => void

const JOBS: readonly AddVerb[] = [
  ...[addJobsAdd, addJobsLs, addJobsGet, addJobsModify, addJobsReschedule, addJobsPause, addJobsResume],
  ...[addJobsRm, addJobsRun, addJobsBackfill, addJobsExport, addJobsImport],
]
const RUNS: readonly AddVerb[] = [addRunsLs, addRunsGet, addRunsCancel, addRunsRetry]
const TOPICS: readonly AddVerb[] = [addTopicsPlan, addTopicsApply]
const SCHEDULE: readonly AddVerb[] = [addSchedulePause, addScheduleResume]

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
  for (const add of [addDev, addServe, addWorker]) add(program)
  addNoun(program, 'jobs', 'what is scheduled', JOBS)
  addNoun(program, 'runs', 'what was and is executed', RUNS)
  addNoun(program, 'schedule', 'all jobs at once', SCHEDULE)
  addNoun(program, 'topics', 'of a namespace on a cluster', TOPICS)
  for (const add of [addExplain, addEvents, addVerify, addNext]) add(program)
  return program
}

function addNoun(program: Command, noun: string, what: string, verbs: readonly AddVerb[]): void {
  const command = program.command(noun)
  for (const add of verbs) add(command)
  command.description(`${what}: ${command.commands.map((verb) => verb.name()).join(', ')}`)
}

function version(): string {
  const page = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return page.version
}
