/**
 * The process that is killed: `node test/kill/child.ts <log> <name> [drain | open]`. It opens the log, adds the jobs of
 * `workload.ts`, lets them fire and asks for more work all the time, until it is killed. With `drain` it lets every job
 * fire, ends everything that is open and shuts down; with `open` it shuts down at once.
 *
 * It says on stdout, one line each, at once: `opening` · `owns` · `started` · `acknowledged <command id>` ·
 * `ran <run id> <attempt>` · `waits for <job ids>` · `drained`.
 */
import { writeSync } from 'node:fs'
import { type EventType, OperationalError, RejectedError, Scheduler } from '../../src/index.ts'
import { JOB_IDS, jobOptions, registerTasks } from './workload.ts'

/** Between two rounds of commands. */
const COMMAND_EVERY_MS = 50
const ROUNDS_ASKED_AGAIN = 4
const BACKFILL_MS = 500
const PUT_RIGHT_EVERY_MS = 5_000
const OUTCOMES: readonly EventType[] = ['RunSucceeded', 'RunFailed', 'RunTimedOut', 'RunCancelled', 'RunLost']

const [log = '', name = '', mode = 'run'] = process.argv.slice(2)
/** Others write to it as well, and a command may have to wait for another owner. */
const isShared = log.startsWith('kafka:')

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Tells of a command when it has its answer, also when the answer is no. Without one it asks again, under the same id. */
async function acknowledged(commandId: string, ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await ask()
      break
    } catch (error) {
      if (error instanceof RejectedError) break
      if (!isShared || !(error instanceof OperationalError) || !error.retryable) throw error
    }
  }
  say(`acknowledged ${commandId}`)
}

/** One round of commands of all kinds, each under an id of its own. */
async function command(scheduler: Scheduler, round: number): Promise<void> {
  const ask = (verb: string, call: (options: { commandId: string }) => Promise<unknown>): Promise<void> => {
    const commandId = `${name}-${round}-${verb}`
    return acknowledged(commandId, () => call({ commandId }))
  }
  const even = round % 2 === 0
  await Promise.all([
    ask('run', (options) => scheduler.runJob(JOB_IDS[round % JOB_IDS.length] ?? '', options)),
    ask('once', (options) => scheduler.addJob({ id: `once-${name}-${round}`, task: 'quick', ...options })),
    ask('pause', (options) => (even ? scheduler.pauseJob('job-10', options) : scheduler.resumeJob('job-10', options))),
    ask('pause-blue', (options) =>
      even ? scheduler.pauseJobs({ team: 'blue' }, options) : scheduler.resumeJobs({ team: 'blue' }, options),
    ),
  ])
  const [open] = scheduler.getJob('job-46')?.openRuns ?? []
  if (open !== undefined) await ask('cancel', (options) => scheduler.cancelRun(open, options))
  const failed = scheduler.getJob('job-45')?.last?.runId
  if (failed !== undefined) await ask('retry', (options) => scheduler.retryRun(failed, options))
  switch (round % 4) {
    case 1: {
      const to = new Date()
      const range = { from: new Date(to.getTime() - BACKFILL_MS), to }
      return ask('backfill', (options) => scheduler.backfill('job-12', { ...range, ...options }))
    }
    case 2:
      await ask('hold', (options) => scheduler.pause(options))
      return ask('go-on', (options) => scheduler.resume(options))
    case 3:
      await ask('remove', (options) => scheduler.removeJob('job-11', options))
      return ask('add', (options) => scheduler.addJob({ ...jobOptions('job-11'), ...options }))
    default:
  }
}

/**
 * What the process before this one may have asked for and not heard an answer to: a client that comes back asks again
 * under the same id, and must not have it done twice.
 */
async function askAgain(scheduler: Scheduler): Promise<void> {
  const [prefix, number] = name.split('-')
  const before = `${prefix}-${Number(number) - 1}`
  const rounds = Array.from({ length: ROUNDS_ASKED_AGAIN }, (_, round) => round)
  await Promise.all(
    rounds.map((round) => {
      const commandId = `${before}-${round}-once`
      const job = { id: `once-${before}-${round}`, task: 'quick', commandId }
      return acknowledged(commandId, () => scheduler.addJob(job))
    }),
  )
}

/** Ids of runs without an outcome, as far as this process has seen. */
function watchOpenRuns(scheduler: Scheduler): { readonly open: Set<string>; readonly fired: Set<string> } {
  const open = new Set(scheduler.getJobs().flatMap((job) => job.openRuns))
  const fired = new Set<string>()
  scheduler.on('RunQueued', (event) => {
    open.add(event.runId)
    fired.add(event.jobId)
  })
  for (const type of OUTCOMES) scheduler.on(type, (event) => 'runId' in event && open.delete(event.runId ?? ''))
  scheduler.on('RunMissed', (event) => open.delete(event.runId ?? ''))
  return { open, fired }
}

/** Resolves when the condition holds; it is looked at after every event that could change it. */
function until(scheduler: Scheduler, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (holds()) resolve()
    }
    for (const type of [...OUTCOMES, 'RunQueued', 'RunMissed', 'RunSkipped'] as const) scheduler.on(type, look)
    look()
  })
}

/** Nothing holds a job, and all are there. */
async function putRight(scheduler: Scheduler): Promise<void> {
  await Promise.all([scheduler.resume(), scheduler.resumeJob('job-10'), scheduler.resumeJobs({ team: 'blue' })])
  const gone = JOB_IDS.filter((id) => scheduler.getJob(id) === undefined)
  await Promise.all(gone.map((id) => scheduler.addJob(jobOptions(id))))
}

/**
 * On Kafka what a killed process asked for may be decided after what this one, which owns the partition, asks for: it asks
 * again, and says for what it waits.
 */
async function drain(scheduler: Scheduler, runs: ReturnType<typeof watchOpenRuns>): Promise<void> {
  await putRight(scheduler)
  const isFired = (id: string): boolean => runs.fired.has(id)
  const again = setInterval(() => {
    say(`waits for ${JOB_IDS.filter((id) => !isFired(id)).join(' ')}`)
    void putRight(scheduler)
  }, PUT_RIGHT_EVERY_MS)
  await until(scheduler, () => JOB_IDS.every(isFired))
  clearInterval(again)
  await Promise.all(JOB_IDS.map((id) => scheduler.removeJob(id)))
  await until(scheduler, () => runs.open.size === 0)
  await scheduler.shutdown()
  say('drained')
}

async function main(): Promise<void> {
  say('opening')
  const scheduler = await Scheduler.open({ log })
  say('owns')
  if (mode === 'open') return scheduler.shutdown()
  registerTasks(scheduler, (runId, attempt) => say(`ran ${runId} ${attempt}`))
  const runs = watchOpenRuns(scheduler)
  const added = (id: string): Promise<void> => {
    const commandId = `${name}-add-${id}`
    return acknowledged(commandId, () => scheduler.addJob({ ...jobOptions(id), commandId }))
  }
  await Promise.all(JOB_IDS.map(added))
  await scheduler.start()
  say('started')
  await askAgain(scheduler)
  if (mode === 'drain') return drain(scheduler, runs)
  for (let round = 0; ; round += 1) {
    await command(scheduler, round)
    await new Promise((resolve) => setTimeout(resolve, COMMAND_EVERY_MS))
  }
}

process.on('unhandledRejection', (error) => {
  say(`failed ${error instanceof OperationalError ? error.code : String(error)}`)
  throw error
})
await main()
