/** `horolog demo`: a few lively jobs on a log of their own, to be watched, killed and started again. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Logger } from '../ports/telemetry.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { DemoView } from './demo-view.ts'
import { writeLine } from './output.ts'

interface DemoOptions {
  readonly log?: string
  readonly for?: string
}

/** Beside the default log, never in it: what is tried out stays out of what matters, and $HOROLOG_LOG is not used. */
const DEMO_LOG = 'file:.horolog-demo'
/** Short runs end, a long one is left open: so that the next start shows what becomes of it. */
const DRAIN = '300ms'
/** The longest that a timer of the platform can be. */
const MAX_FOR_MS = 2 ** 31 - 1

const TEXT = `
Stop it with Ctrl-C or kill -9 and start it again: it goes on, and says what it caught up and recovered.

Examples:
  horolog demo --for 5s
  horolog events --log ${DEMO_LOG} --follow       (in another terminal)
  horolog verify --log ${DEMO_LOG}`

export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .description(
      'a few lively jobs: every second, by crontab, once in 3 s, one that takes 2 s, one that fails and retries',
    )
    .option('--for <duration>', 'end by itself after so long, as 5s (default: at Ctrl-C)')
    .addHelpText('after', TEXT)
    .action((options: DemoOptions) => demo(options))
  command.option('--log <address>', `where its log is (default: ${DEMO_LOG})`)
}

async function demo(options: DemoOptions): Promise<void> {
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { parseLogAddress } = await import('../config/scheduler-options.ts')
  const { Scheduler } = await import('../scheduler.ts')
  const { addDemoJobs, addDemoTasks } = await import('./demo-jobs.ts')
  const { DemoTally } = await import('./demo-tally.ts')
  const { demoView } = await import('./demo-view.ts')
  const { onFacts } = await import('./fact-lines.ts')
  const { untilStopped } = await import('./until-stopped.ts')
  const clock = createSystemClock()
  const forMs = await durationOf(options.for)
  const address = parseLogAddress(options.log ?? DEMO_LOG)
  if (address.kind === 'kafka')
    throw new CliError(EXIT.usage, `log: expected 'file:<folder>' or 'memory:', got ${address.url}: see 'horolog dev'`)
  const folder = address.kind === 'file' ? resolve(address.folder) : null
  const view = demoView(clock)
  const scheduler = await Scheduler.open({
    log: folder === null ? 'memory:' : `file:${folder}`,
    logger: loggerTo(view),
  })
  const tally = new DemoTally(scheduler.getJobs(), clock.now())
  const stopped = untilStopped(forMs)
  let open = 0
  try {
    view.note(`log    ${folder ?? 'in memory'}`)
    view.note(tally.foundText)
    view.note(folder === null ? 'Ctrl-C stops it.' : 'Ctrl-C stops it, kill -9 too: start it again, and it goes on.')
    onFacts(scheduler, (fact) => {
      const madeGood = tally.take(fact)
      view.fact(fact)
      if (madeGood !== null) view.note(madeGood)
    })
    view.begin(scheduler)
    addDemoTasks(scheduler)
    await addDemoJobs(scheduler, clock.now())
    await scheduler.start()
    await stopped
  } finally {
    await scheduler.shutdown({ deadline: DRAIN })
    open = scheduler.getJobs().reduce((sum, job) => sum + job.openRuns.length, 0)
    view.end()
  }
  await writeLine(tally.summary(clock.now(), open))
  if (folder === null) return
  const shows = `'horolog events --log ${options.log ?? DEMO_LOG}' shows it`
  await writeLine(`log ${folder}: ${shows}, 'horolog demo' goes on with it`)
}

async function durationOf(text: string | undefined): Promise<number | null> {
  if (text === undefined) return null
  const { parseDurationMs } = await import('../core/triggers/duration.ts')
  return Math.min(parseDurationMs(text, '--for'), MAX_FOR_MS)
}

/** Warnings and errors as notes, so that they do not tear a table that updates in place. */
function loggerTo(view: DemoView): Logger {
  const note = (details: object, message: string): void => {
    const error = 'err' in details && details.err instanceof Error ? `: ${details.err.message}` : ''
    view.note(`${message}${error}`)
  }
  return { debug() {}, info() {}, warn: note, error: note }
}
