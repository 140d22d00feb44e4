/**
 * Every public call, job option, trigger, setting and event of APScheduler 3.11, and ours for it. Data, and the Markdown
 * made of it; `table.test.ts` holds the names of our column to the code and the README to this.
 */
import { maskedTypes } from '../../src/client/event-masks.ts'
import * as horolog from '../../src/index.ts'

export interface Row {
  /** Code, comma-separated. */
  readonly theirs: string
  /** Text with code in backticks, which names nothing that isn't there; null: there is none, and the note says why. */
  readonly ours: string | null
  readonly note?: string
}

export interface Table {
  readonly title: string
  readonly rows: readonly Row[]
}

const calls: Table = {
  title: 'Calls',
  rows: [
    {
      theirs: 'BlockingScheduler(), BackgroundScheduler(), AsyncIOScheduler(), …',
      ours: '`Scheduler.open(options)`',
      note: 'one kind: calls are promises, handlers may be async',
    },
    {
      theirs: 'configure(gconfig, prefix, **options)',
      ours: '`configure(options)`, `Scheduler.open({ flat, prefix })`',
      note: 'before the start',
    },
    { theirs: 'start(paused)', ours: '`start({ paused })`', note: 'that pause is durable' },
    {
      theirs: 'shutdown(wait)',
      ours: '`shutdown({ wait, deadline })`',
      note: 'jobs are kept; a run that is not over runs again',
    },
    { theirs: 'pause(), resume()', ours: '`pause({ reason, until })`, `resume()`', note: 'durable' },
    { theirs: 'running, state', ours: '`state`', note: 'open, running, paused, failed, stopped' },
    { theirs: 'wakeup()', ours: null, note: 'nothing has to be woken' },
    {
      theirs: 'add_executor(executor, alias)',
      ours: '`addExecutor(name, { concurrency })`, or `executors` of `Scheduler.open()`',
    },
    {
      theirs: 'remove_executor(alias, shutdown)',
      ours: '`removeExecutor(name, { wait, deadline })`',
      note: 'its jobs stay; their runs wait for it',
    },
    {
      theirs: 'add_jobstore(jobstore, alias), remove_jobstore(alias)',
      ours: '`stores` of `Scheduler.open()`',
      note: 'none at run time: a log has one owner from open to shutdown',
    },
    {
      theirs: 'add_job(func, trigger, …)',
      ours: '`addJob({ id, task, trigger })`',
      note: 'durable when it resolves, before the start as well',
    },
    { theirs: '@scheduled_job(trigger, …)', ours: '`job(id, trigger, handler)`' },
    {
      theirs: 'modify_job(job_id, jobstore, **changes)',
      ours: '`modifyJob(id, changes)`',
      note: 'a new trigger gives a new next time',
    },
    { theirs: 'reschedule_job(job_id, jobstore, trigger)', ours: '`rescheduleJob(id, trigger)`' },
    {
      theirs: 'pause_job(job_id), resume_job(job_id)',
      ours: '`pauseJob(id, { reason, until })`, `resumeJob(id)`',
      note: 'the phase is kept; `pauseJobs()`, `resumeJobs()` by labels',
    },
    { theirs: 'get_job(job_id, jobstore)', ours: '`getJob(id, { store })`' },
    { theirs: 'get_jobs(jobstore)', ours: '`getJobs({ store })`', note: 'by next fire time' },
    {
      theirs: 'remove_job(job_id, jobstore)',
      ours: '`removeJob(id, { store })`',
      note: 'what runs may finish and report',
    },
    { theirs: 'remove_all_jobs(jobstore)', ours: '`removeAllJobs({ store })`' },
    { theirs: 'print_jobs(jobstore, out)', ours: '`printJobs({ store, write })`' },
    { theirs: 'export_jobs(outfile, jobstore)', ours: '`exportJobs({ store })`', note: 'plain JSON, nothing pickled' },
    {
      theirs: 'import_jobs(infile, jobstore)',
      ours: '`importJobs(file, { store, ifExists })`',
      note: 'with events, and their phase',
    },
    {
      theirs: 'Job.modify(), .reschedule(), .pause(), .resume(), .remove()',
      ours: '`modify()`, `reschedule()`, `pause()`, `resume()`, `remove()` of the job handle',
      note: 'and `runNow()`',
    },
    { theirs: 'Job.id, .name, .func, .args, .kwargs, .trigger, …', ours: '`getJob(id)`', note: 'a snapshot' },
    { theirs: 'Job.pending', ours: null, note: 'an added job is on the log' },
    {
      theirs: 'Job.next_run_time',
      ours: '`nextFireTime`, `paused` of `getJob(id)`',
      note: '`heldBy` has all pauses above it; `explain(id)` says why it did or did not run',
    },
    { theirs: 'add_listener(callback, mask)', ours: '`addListener(listener, mask)`', note: '`on()` by name, typed' },
    { theirs: 'remove_listener(callback)', ours: '`removeListener(listener)`', note: '`off()`' },
    {
      theirs: 'SchedulerAlreadyRunningError, SchedulerNotRunningError',
      ours: '`OperationalError`',
      note: "codes `'invalid-option'`, `'closed'`",
    },
    {
      theirs: 'ConflictingIdError, JobLookupError',
      ours: '`RejectedError`',
      note: "codes `'job-exists'`, `'job-not-found'`",
    },
    {
      theirs: 'MaxInstancesReachedError',
      ours: '`on()` with `RunSkipped`',
      note: "`runJob()` rejects with `'limit-exceeded'`",
    },
    { theirs: 'TransientJobError', ours: null, note: 'a job names its task, so every job can be stored' },
  ],
}

const jobOptions: Table = {
  title: 'Job options',
  rows: [
    { theirs: 'func', ours: '`task`', note: 'a name, whose handler is given by `task()`' },
    { theirs: 'args, kwargs', ours: '`payload`, `contentType`', note: 'JSON or bytes' },
    { theirs: 'id', ours: '`id`', note: 'required: a random one would be a new job at every start' },
    { theirs: 'name', ours: '`name`', note: 'also `description`, `labels`, `metadata`' },
    { theirs: 'trigger, **trigger_args', ours: '`trigger`', note: 'none: once, now' },
    {
      theirs: 'misfire_grace_time',
      ours: '`misfireGrace`',
      note: 'default: never too late; theirs 1 s',
    },
    {
      theirs: 'coalesce',
      ours: '`coalesce`, `maxCatchUp`',
      note: "True: `'latest'`, False: `'all'`; also `'earliest'`",
    },
    {
      theirs: 'max_instances',
      ours: '`maxInstances`, `overlap`, `queueLimit`',
      note: "theirs drops what is beyond: `'skip'`, the default",
    },
    { theirs: 'next_run_time', ours: '`nextFireTime`', note: 'None: `paused`' },
    { theirs: 'executor', ours: '`executor`', note: 'an unknown one is refused' },
    { theirs: 'jobstore', ours: '`store`' },
    {
      theirs: 'replace_existing',
      ours: '`ifExists`',
      note: "True: `'replace'`, False: `'reject'`; also `'keep'`",
    },
  ],
}

const triggers: Table = {
  title: 'Triggers',
  rows: [
    { theirs: "'date'(run_date, timezone)", ours: '`date(at, { zone })`' },
    {
      theirs: "'interval'(weeks, days, hours, minutes, seconds, start_date, end_date, timezone)",
      ours: '`interval(every, { start, end, zone })`',
      note: 'the grid stays on its start, whatever is late',
    },
    {
      theirs: "'cron'(year, month, day, week, day_of_week, hour, minute, second, …)",
      ours: '`cron({ year, month, day, week, dayOfWeek, hour, minute, second }, { start, end, zone })`',
      note: '0 is Monday, all fields must match; `dst` says what a zone change does',
    },
    {
      theirs: 'CronTrigger.from_crontab(expr, timezone)',
      ours: '`crontab(expression, { zone })`',
      note: '0 and 7 are Sunday, day or weekday, as cron has it',
    },
    {
      theirs: "'calendarinterval'(years, months, weeks, days, hour, minute, second, …)",
      ours: '`calendarInterval({ years, months, weeks, days, time, start, end, zone })`',
    },
    { theirs: 'AndTrigger(triggers)', ours: '`and(triggers)`', note: 'always ends' },
    { theirs: 'OrTrigger(triggers)', ours: '`or(triggers)`', note: 'a true union' },
    { theirs: 'jitter', ours: '`jitterMs`', note: 'of any trigger; the grid does not drift' },
    {
      theirs: 'subclass of BaseTrigger',
      ours: null,
      note: 'triggers are data that every node can read; also `dailyWindow()`, `rrule()`, `excluding()`',
    },
  ],
}

const settings: Table = {
  title: 'Settings, executors, job stores',
  rows: [
    { theirs: 'jobstores', ours: '`stores`, `log`', note: 'by alias' },
    { theirs: 'executors', ours: '`executors`' },
    { theirs: 'job_defaults', ours: '`jobDefaults`', note: "or `profile: 'apscheduler'`, for theirs" },
    { theirs: 'timezone', ours: '`timezone`', note: 'default UTC, the same on every node' },
    { theirs: 'logger', ours: '`logger`' },
    { theirs: 'jobstore_retry_interval', ours: null, note: 'an append is repeated until its outcome is known' },
    { theirs: 'daemon, event_loop, io_loop, reactor', ours: null, note: 'there is one event loop' },
    { theirs: "'threadpool', 'asyncio', 'gevent', 'tornado', 'twisted'", ours: '`{ concurrency }`' },
    {
      theirs: "'processpool'",
      ours: '`task(name, { module, export }, { runIn })`',
      note: 'worker threads or child processes',
    },
    { theirs: "'debug'", ours: null, note: 'a run is decided before it runs; give tests a virtual `clock`' },
    { theirs: "'memory'", ours: "`'memory:'`" },
    {
      theirs: "'sqlalchemy', 'mongodb', 'redis', 'rethinkdb', 'zookeeper', 'etcd'",
      ours: "`'file:<folder>'`",
      note: 'a folder, no server',
    },
  ],
}

const EVENT_NOTES: Readonly<Record<string, string>> = {
  EVENT_SCHEDULER_STARTED: 'also `EVENT_SCHEDULER_START`',
  EVENT_JOB_SUBMITTED: 'one for each run',
  EVENT_JOB_MISSED: 'one for all times that were missed together',
}

const events: Table = {
  title: 'Events, by mask',
  rows: Object.entries(horolog)
    .filter(([name]) => name.startsWith('EVENT_') && name !== 'EVENT_ALL' && name !== 'EVENT_SCHEDULER_START')
    .toSorted(([, a], [, b]) => Number(a) - Number(b))
    .map(([theirs, mask]) => {
      const note = EVENT_NOTES[theirs]
      const ours = maskedTypes(Number(mask))
        .map((type) => `\`${type}\``)
        .join(', ')
      return { theirs, ours, ...(note === undefined ? {} : { note }) }
    }),
}

export const tables: readonly Table[] = [calls, jobOptions, triggers, settings, events]

const BEGIN = '<!-- apscheduler:begin -->'
const END = '<!-- apscheduler:end -->'
const BEFORE = '## What it promises'

const INTRODUCTION = `<details>
<summary>Coming from APScheduler: its calls, options and events, and ours</summary>

\`profile: 'apscheduler'\` sets its defaults: a grace of 1 s, and adding a job that exists is refused.`

/** The section of the README, its markers included. */
function section(): string {
  return [BEGIN, INTRODUCTION, ...tables.map(markdown), '</details>', END].join('\n\n')
}

/** The README with the section as it should be. Where there is none yet, it comes before the promises. */
export function withSection(readme: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (begin >= 0 && end > begin) return readme.slice(0, begin) + section() + readme.slice(end + END.length)
  const before = readme.indexOf(BEFORE)
  if (before < 0) throw new Error(`README.md: expected the heading '${BEFORE}'`)
  return `${readme.slice(0, before)}${section()}\n\n${readme.slice(before)}`
}

function markdown({ title, rows }: Table): string {
  const lines = rows.map(({ theirs, ours, note }) => `| \`${theirs}\` | ${ours ?? 'none'} | ${note ?? ''} |`)
  return [`**${title}**`, '', '| APScheduler 3.11 | Horolog | |', '|---|---|---|', ...lines].join('\n')
}
