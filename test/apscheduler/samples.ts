/**
 * One complete value of everything that the table names members of. The compiler holds them complete; `table.test.ts` uses
 * them, and takes their members for the names that there are.
 */
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import {
  type BackfillOptions,
  calendarInterval,
  type CommandOptions,
  type ConfigureOptions,
  cron,
  crontab,
  date,
  type ExplainOptions,
  type FlatOptions,
  interval,
  type JobOptions,
  type PauseOptions,
  type Scheduler,
  type SchedulerOptions,
  type ShutdownOptions,
  type StartOptions,
  type TaskModule,
  type TaskOptions,
} from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { T0 } from './recorded.ts'

type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

const clock = createVirtualClock(T0)
const zone = 'Europe/Paris'
const bounds = { start: '2024-01-01T08:00', end: '2030-12-31T20:00', zone, jitterMs: 500 }

export const triggers = {
  date: date('2024-02-29T08:00', { zone }),
  interval: interval({ weeks: 1, days: 1, hours: 2, minutes: 3, seconds: 4.5 }, bounds),
  cron: cron(
    { year: '2024-2030', month: '*', day: 'last', week: '*', dayOfWeek: 'mon-fri', hour: 8, minute: 0, second: 30 },
    { ...bounds, dst: 'wall' },
  ),
  crontab: crontab('0 9 * * 1-5', { zone }),
  calendarInterval: calendarInterval({
    years: 1,
    months: 2,
    weeks: 3,
    days: 4,
    time: '08:00',
    start: '2024-01-31',
    end: '2030-12-31',
    zone,
  }),
}

export const commandOptions: Complete<CommandOptions> = { commandId: 'once', actor: 'me', store: 'default' }
export const pauseOptions: Complete<PauseOptions> = { ...commandOptions, reason: 'holidays', until: T0 + 60_000 }
export const backfillOptions: Complete<BackfillOptions> = {
  ...commandOptions,
  from: T0 - 60_000,
  to: T0,
  dryRun: true,
}
export const explainOptions: Complete<ExplainOptions> = { at: T0, limit: 5, store: 'default' }
export const startOptions: Complete<StartOptions> = { paused: true }
export const shutdownOptions: Complete<ShutdownOptions> = { wait: true, deadline: '30s' }

export const jobOptions: Complete<JobOptions> = {
  id: 'complete',
  task: 'greet',
  payload: { name: 'world' },
  contentType: 'application/json',
  headers: { traceparent: '00-1' },
  trigger: triggers.interval,
  executor: 'default',
  name: 'Greeting',
  description: 'Says hello',
  labels: { team: 'a' },
  metadata: { ticket: 7 },
  misfireGrace: '1h',
  coalesce: 'all',
  maxCatchUp: 5,
  maxInstances: 2,
  overlap: 'queue',
  queueLimit: 3,
  retry: { maxAttempts: 2 },
  timeout: '1m',
  heartbeatTimeout: '10s',
  delivery: 'at-least-once',
  keepRuns: 3,
  ifExists: 'reject',
  paused: true,
  nextFireTime: T0 + 60_000,
  commandId: 'once',
  actor: 'me',
  store: 'default',
}

export const configureOptions: Complete<ConfigureOptions> = {
  timezone: zone,
  jobDefaults: { misfireGrace: '1m' },
  profile: 'apscheduler',
}
export const schedulerOptions: Complete<SchedulerOptions> = {
  ...configureOptions,
  log: 'memory:',
  stores: { scratch: 'memory:' },
  roles: ['owner'],
  kafka: {},
  stateFolder: './state',
  deliverTopics: [],
  replyTopics: [],
  registry: { url: 'http://localhost:8081' },
  tokenKey: 'a secret of the samples',
  answerTimeout: '30s',
  maxClockSkew: '10s',
  executors: { default: { concurrency: 2 } },
  logger: SILENT,
  clock,
}
export const flatOptions: Complete<FlatOptions> = {
  flat: { 'apscheduler.log': 'memory:', 'apscheduler.executors.default.concurrency': '2' },
  prefix: 'apscheduler.',
  logger: SILENT,
  clock,
}

export const executorOptions: Complete<NonNullable<Parameters<Scheduler['addExecutor']>[1]>> = { concurrency: 2 }
export const taskModule: Complete<TaskModule> = { module: new URL('tasks.ts', import.meta.url), export: 'resize' }
export const taskOptions: Complete<TaskOptions> = {
  runIn: 'process',
  schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  timeout: '1m',
  retry: { maxAttempts: 2 },
}

export const printOptions: Complete<NonNullable<Parameters<Scheduler['printJobs']>[0]>> = {
  store: 'default',
  write: () => {},
}
export const importOptions: Complete<NonNullable<Parameters<Scheduler['importJobs']>[1]>> = {
  actor: 'me',
  store: 'default',
  ifExists: 'keep',
}
