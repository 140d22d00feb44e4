/**
 * The recorded schedules as calls of our public face, step by step, and where ours differs: by which rules, and what it
 * tells instead.
 */
import { expect } from 'vitest'
import { cron, date, interval, type JobOptions, RejectedError, type RejectionCode } from '../../src/index.ts'
import { T0 } from './recorded.ts'
import * as rules from './rules.ts'
import type { Stage } from './stage.ts'

export interface Difference {
  readonly rules: readonly string[]
  /** What ours tells in this step. Default: what theirs did. */
  readonly events?: readonly string[]
  /** The jobs of ours after it. Default: theirs. */
  readonly jobs?: readonly string[]
}

export interface Step {
  /** As the recording calls it. */
  readonly do: string
  /** `at`: the time of the step, epoch ms, to which the clock was set before. */
  readonly act: (stage: Stage, at: number) => Promise<unknown>
  readonly differs?: Difference
  /** The clock is at the step before: the time of this one passes after the call. */
  readonly thenSleeps?: true
}

type Job = Omit<JobOptions, 'task'> & { readonly task?: string }
type Act = Step['act']

const step = (name: string, act: Act, differs?: Difference): Step => ({
  do: name,
  act,
  ...(differs === undefined ? {} : { differs }),
})
const open = step('add_executor(default)', async () => {}, { rules: [rules.DEFAULT_EXECUTOR], events: [] })
/** Their scheduler looks for due jobs; ours has been woken by its timers. */
const pass = (differs?: Difference): Step => step('process_jobs', async () => {}, differs)
const runQueued = (differs?: Difference): Step =>
  step('executor runs queued submissions', (stage) => stage.runQueued(), differs)
const STARTED = ['EXECUTOR_ADDED default', 'JOBSTORE_ADDED default', 'SCHEDULER_STARTED']
const start = (name: string): Step =>
  step(name, (stage) => stage.start(), { rules: [rules.DEFAULT_EXECUTOR], events: STARTED })
const add = (name: string, job: Job): Step => step(name, (stage) => stage.add(job))
/** `differs.events` are those that come after the start. */
const startAndAdd = (name: string, jobs: readonly Job[], differs?: Difference): Step =>
  step(
    name,
    async (stage) => {
      await stage.start()
      for (const job of jobs) await stage.add(job)
    },
    {
      ...differs,
      rules: [rules.DEFAULT_EXECUTOR, ...(differs?.rules ?? [])],
      events: [...STARTED, ...(differs?.events ?? jobs.map(({ id }) => `JOB_ADDED ${id}`))],
    },
  )
const thenSleeps = (one: Step): Step => ({ ...one, thenSleeps: true })
const refused = (adding: Promise<void>, code: RejectionCode): Promise<void> =>
  expect(adding).rejects.toSatisfy((error) => error instanceof RejectedError && error.code === code)

const at = (time: string): Date => new Date(`2024-01-01T${time}Z`)
const everyMinute = (id: string, options: Partial<Job> = {}): Job => ({ id, trigger: interval('1m'), ...options })
const inTenSeconds: Job = { id: 'd', trigger: date(at('00:00:10')) }

/** `lines('JOB_MISSED m', '00:01:00', …)`: one line for each time. */
const lines = (of: string, ...times: readonly string[]): string[] => times.map((time) => `${of} ${time}`)

/** A machine that slept for five minutes. */
function asleep(
  coalesce: 'latest' | 'all',
  misfireGrace: string | null,
  onWaking?: Difference,
  whenRun?: Difference,
): readonly Step[] {
  const job = everyMinute('m', { coalesce, misfireGrace })
  return [open, startAndAdd('add_job', [job]), pass(onWaking), runQueued(whenRun)]
}

const ALL_FIVE = ['00:01:00', '00:02:00', '00:03:00', '00:04:00', '00:05:00']
const FIRST_THREE = ALL_FIVE.slice(0, 3)

export const schedules: Readonly<Record<string, readonly Step[]>> = {
  'pending jobs become real on start': [
    open,
    step('add_job(a, interval 60s) before start', (stage) => stage.add(everyMinute('a')), {
      rules: [rules.DURABLE_WHEN_ADDED],
      events: ['JOB_ADDED a'],
      jobs: ['a 00:01:00'],
    }),
    step('start()', (stage) => stage.start(), {
      rules: [rules.DURABLE_WHEN_ADDED, rules.DEFAULT_EXECUTOR],
      events: STARTED,
    }),
    step('shutdown()', (stage) => stage.shutdown(), {
      rules: [rules.KEPT_OVER_SHUTDOWN, rules.STORES_LET_GO],
      events: ['JOBSTORE_REMOVED', 'SCHEDULER_SHUTDOWN'],
      jobs: ['a 00:01:00'],
    }),
  ],
  'date job final run (inline executor)': [
    open,
    start('start'),
    add('add_job(d, date +10s)', inTenSeconds),
    pass({
      rules: [rules.CAUSAL],
      events: ['JOB_SUBMITTED d 00:00:10', 'JOB_EXECUTED d 00:00:10 5', 'JOB_REMOVED d'],
    }),
  ],
  'date job final run (asynchronous executor)': [
    open,
    start('start'),
    add('add_job(d, date +10s)', inTenSeconds),
    pass({ rules: [rules.CAUSAL], events: ['JOB_SUBMITTED d 00:00:10'], jobs: ['d over'] }),
    runQueued({ rules: [rules.CAUSAL], events: ['JOB_EXECUTED d 00:00:10 5', 'JOB_REMOVED d'] }),
  ],
  'scheduler asleep 5 min: interval 60s, coalesce=True, misfire_grace_time=1': asleep(
    'latest',
    '1s',
    { rules: [rules.MISSED_WHEN_DECIDED, rules.ALL_TIMES_COUNTED], events: lines('JOB_MISSED m', ...ALL_FIVE) },
    { rules: [rules.MISSED_WHEN_DECIDED], events: [] },
  ),
  'scheduler asleep 5 min: interval 60s, coalesce=True, misfire_grace_time=100': asleep('latest', '100s', {
    rules: [rules.ALL_TIMES_COUNTED],
    events: [...lines('JOB_MISSED m', ...FIRST_THREE), 'JOB_SUBMITTED m 00:05:00'],
  }),
  'scheduler asleep 5 min: interval 60s, coalesce=True, misfire_grace_time=None': asleep('latest', null),
  'scheduler asleep 5 min: interval 60s, coalesce=False, misfire_grace_time=1': asleep(
    'all',
    '1s',
    { rules: [rules.MISSED_WHEN_DECIDED], events: lines('JOB_MISSED m', ...ALL_FIVE) },
    { rules: [rules.MISSED_WHEN_DECIDED], events: [] },
  ),
  'scheduler asleep 5 min: interval 60s, coalesce=False, misfire_grace_time=100': asleep(
    'all',
    '100s',
    {
      rules: [rules.MISSED_WHEN_DECIDED],
      events: [...lines('JOB_MISSED m', ...FIRST_THREE), ...lines('JOB_SUBMITTED m', '00:04:00', '00:05:00')],
    },
    { rules: [rules.MISSED_WHEN_DECIDED], events: ['JOB_EXECUTED m 00:04:00 5', 'JOB_EXECUTED m 00:05:00 5'] },
  ),
  'scheduler asleep 5 min: interval 60s, coalesce=False, misfire_grace_time=None': asleep('all', null),
  'cron catch-up coalesce False grace None': [
    open,
    step(
      'add_job(cron minute=*)',
      async (stage) => {
        await stage.start()
        await stage.add({
          id: 'm',
          trigger: cron({ minute: '*' }),
          coalesce: 'all',
          misfireGrace: null,
        })
        await stage.runQueued()
      },
      {
        rules: [rules.DEFAULT_EXECUTOR, rules.DUE_AT_ONCE],
        events: [...STARTED, 'JOB_ADDED m', 'JOB_SUBMITTED m 00:00:00', 'JOB_EXECUTED m 00:00:00 5'],
        jobs: ['m 00:01:00'],
      },
    ),
    pass({ rules: [rules.DUE_AT_ONCE], events: lines('JOB_SUBMITTED m', ...FIRST_THREE) }),
    runQueued({
      rules: [rules.DUE_AT_ONCE],
      events: FIRST_THREE.map((time) => `JOB_EXECUTED m ${time} 5`),
    }),
  ],
  'date job missed by restart, grace 1 vs late 10s': [
    open,
    startAndAdd('add_job(date 10s in the past)', [{ id: 'd', trigger: date(T0 - 10_000) }], {
      rules: [rules.DUE_AT_ONCE, rules.MISSED_WHEN_DECIDED],
      events: ['JOB_ADDED d', 'JOB_MISSED d 2023-12-31 23:59:50', 'JOB_REMOVED d'],
      jobs: [],
    }),
    pass({ rules: [rules.DUE_AT_ONCE, rules.MISSED_WHEN_DECIDED], events: [] }),
    runQueued({ rules: [rules.DUE_AT_ONCE, rules.MISSED_WHEN_DECIDED], events: [] }),
  ],
  'max_instances=1 reached while previous run still going': [
    open,
    startAndAdd('add_job', [everyMinute('x')]),
    pass(),
    pass(),
    runQueued(),
    pass(),
    runQueued(),
  ],
  'coalesce False + max_instances: all run times go in ONE submission': [
    open,
    thenSleeps(startAndAdd('add_job then 190 s pass', [everyMinute('x', { coalesce: 'all', misfireGrace: null })])),
    pass(),
    runQueued(),
  ],
  'job raises': [open, thenSleeps(startAndAdd('add_job', [everyMinute('e', { task: 'boom' })])), pass(), runQueued()],
  'pause_job / resume_job / reschedule_job / modify_job': [
    open,
    startAndAdd('add_job', [everyMinute('p')]),
    step('pause_job', ({ scheduler }) => scheduler.pauseJob('p')),
    pass(),
    step('resume_job after 600 s', ({ scheduler }) => scheduler.resumeJob('p'), {
      rules: [rules.PAUSED_TIMES_SKIPPED],
      jobs: ['p 00:11:00'],
    }),
    step('reschedule_job(interval 10 s)', ({ scheduler }) => scheduler.rescheduleJob('p', interval('10s'))),
    step('modify_job(name,max_instances)', ({ scheduler }) => scheduler.modifyJob('p', { name: 'P', maxInstances: 3 })),
    step('modify_job(next_run_time=01:00)', ({ scheduler }) =>
      scheduler.modifyJob('p', { nextFireTime: at('01:00:00') }),
    ),
    step('remove_job', ({ scheduler }) => scheduler.removeJob('p')),
  ],
  'resume_job when trigger has ended removes the job': [
    open,
    startAndAdd('add_job(end 90 s)', [{ id: 'p', trigger: interval('1m', { end: at('00:01:30') }) }]),
    step('pause_job', ({ scheduler }) => scheduler.pauseJob('p')),
    step('resume_job', ({ scheduler }) => scheduler.resumeJob('p'), {
      rules: [rules.RESUMPTION_TOLD],
      events: ['JOB_MODIFIED p', 'JOB_REMOVED p'],
    }),
  ],
  'scheduler pause/resume: runs missed while paused are judged at resume': [
    open,
    startAndAdd('start+add_job', [everyMinute('p', { misfireGrace: null })]),
    step('pause()', ({ scheduler }) => scheduler.pause()),
    pass(),
    step('resume()', ({ scheduler }) => scheduler.resume(), {
      rules: [rules.DUE_AT_ONCE],
      events: ['SCHEDULER_RESUMED', 'JOB_SUBMITTED p 00:03:00'],
      jobs: ['p 00:04:00'],
    }),
    pass({ rules: [rules.DUE_AT_ONCE], events: [] }),
    runQueued(),
  ],
  'same id twice, replace_existing': [
    open,
    startAndAdd('add_job', [everyMinute('p')]),
    step('add_job same id -> ConflictingIdError', (stage) => refused(stage.add(everyMinute('p')), 'job-exists')),
    step(
      'add_job same id replace_existing=True at +50 s (next run moves to +110 s)',
      (stage) => stage.add(everyMinute('p', { ifExists: 'replace' })),
      { rules: [rules.EQUAL_CHANGES_NOTHING], events: [], jobs: ['p 00:01:00'] },
    ),
  ],
  'executor missing: job is deleted': [
    open,
    startAndAdd('add', [everyMinute('p')]),
    step('remove_executor', (stage) => stage.removeExecutor()),
    pass({ rules: [rules.EXECUTOR_AWAITED], events: ['JOB_SUBMITTED p 00:01:00'], jobs: ['p 00:02:00'] }),
  ],
  'remove_all_jobs emits one event': [
    open,
    startAndAdd('add a,b', [everyMinute('a'), everyMinute('b')]),
    step('remove_all_jobs()', ({ scheduler }) => scheduler.removeAllJobs()),
  ],
  'add_job without trigger = run now': [
    open,
    startAndAdd('add_job(no trigger)', [{ id: 'now' }], {
      rules: [rules.DUE_AT_ONCE],
      events: ['JOB_ADDED now', 'JOB_SUBMITTED now 00:00:00'],
      jobs: ['now over'],
    }),
    pass({ rules: [rules.DUE_AT_ONCE, rules.CAUSAL], events: [], jobs: ['now over'] }),
    runQueued({ rules: [rules.CAUSAL], events: ['JOB_EXECUTED now 00:00:00 5', 'JOB_REMOVED now'] }),
  ],
  'add_job next_run_time=None = added paused': [
    open,
    startAndAdd('add_job(next_run_time=None)', [everyMinute('z', { paused: true })]),
    pass(),
  ],
  'add_job with a trigger that is already over': [
    open,
    step(
      'add_job(interval ended in 2023)',
      async (stage) => {
        await stage.start()
        const trigger = interval('1m', { start: '2023-01-01T00:00', end: '2023-06-01T00:00' })
        await refused(stage.add({ id: 'z', trigger }), 'never-fires')
      },
      { rules: [rules.DEFAULT_EXECUTOR, rules.NEVER_FIRES_REFUSED], events: STARTED, jobs: [] },
    ),
    pass({ rules: [rules.NEVER_FIRES_REFUSED], jobs: [] }),
  ],
  'two due jobs in one pass: order': [
    open,
    startAndAdd('add', [
      { id: 'late', trigger: date(at('00:00:05')) },
      { id: 'early', trigger: date(at('00:00:01')) },
    ]),
    pass({
      rules: [rules.MISSED_WHEN_DECIDED, rules.CAUSAL],
      events: ['JOB_MISSED early 00:00:01', 'JOB_REMOVED early', 'JOB_SUBMITTED late 00:00:05'],
      jobs: ['late over'],
    }),
    runQueued({
      rules: [rules.MISSED_WHEN_DECIDED, rules.CAUSAL],
      events: ['JOB_EXECUTED late 00:00:05 5', 'JOB_REMOVED late'],
    }),
  ],
  'two due jobs in one pass: inline executor': [
    open,
    startAndAdd('add', [
      { id: 'b', trigger: interval('5s') },
      { id: 'a', trigger: interval('5s') },
    ]),
    pass({
      rules: [rules.CAUSAL, rules.NO_ORDER_AT_ONE_INSTANT],
      events: [
        'JOB_SUBMITTED b 00:00:05',
        'JOB_SUBMITTED a 00:00:05',
        'JOB_EXECUTED b 00:00:05 5',
        'JOB_EXECUTED a 00:00:05 5',
      ],
    }),
  ],
  'long interval job removed in mid-run still reports': [
    open,
    thenSleeps(
      step(
        'process_jobs',
        async (stage, until) => {
          await stage.start()
          await stage.add({ id: 'a', trigger: interval('5s') })
          await stage.sleepUntil(until)
        },
        { rules: [rules.DEFAULT_EXECUTOR], events: [...STARTED, 'JOB_ADDED a', 'JOB_SUBMITTED a 00:00:05'] },
      ),
    ),
    step('remove_job while queued', ({ scheduler }) => scheduler.removeJob('a')),
    runQueued(),
  ],
}
