/** The public names. */
export { Scheduler } from './scheduler.ts'
export type {
  ConfigureOptions,
  FlatOptions,
  SchedulerOptions,
  SchedulerState,
  ShutdownOptions,
  StartOptions,
} from './scheduler.ts'
export type { CommandOptions } from './client/commands.ts'
export type {
  BackfillOptions,
  BackfillResult,
  JobChanges,
  JobHandle,
  ModifyOptions,
  PauseOptions,
  RunOptions,
} from './client/job-client.ts'
export type { JobFile } from './client/job-file.ts'
export type { RunDetails } from './client/run-info.ts'
export {
  EVENT_ALL,
  EVENT_ALL_JOBS_REMOVED,
  EVENT_EXECUTOR_ADDED,
  EVENT_EXECUTOR_REMOVED,
  EVENT_JOB_ADDED,
  EVENT_JOB_ERROR,
  EVENT_JOB_EXECUTED,
  EVENT_JOB_MAX_INSTANCES,
  EVENT_JOB_MISSED,
  EVENT_JOB_MODIFIED,
  EVENT_JOB_REMOVED,
  EVENT_JOB_SUBMITTED,
  EVENT_JOBSTORE_ADDED,
  EVENT_JOBSTORE_REMOVED,
  EVENT_SCHEDULER_PAUSED,
  EVENT_SCHEDULER_RESUMED,
  EVENT_SCHEDULER_SHUTDOWN,
  EVENT_SCHEDULER_START,
  EVENT_SCHEDULER_STARTED,
} from './client/event-masks.ts'
export type {
  DeliverJobOptions,
  Duration,
  Instant,
  JobOptions,
  JobPolicies,
  RetryOptions,
} from './client/job-options.ts'
export type { ExplainedFact, Explanation, ExplainOptions } from './client/explain/explain.ts'
export type { ExplainedCounts } from './client/explain/job-story.ts'
export type { ExplainedHold } from './client/explain/pause-origins.ts'
export type { JobHold } from './client/job-hold.ts'
export type { JobInfo } from './client/job-info.ts'
export type { Listener, ListenerEvent } from './client/listeners.ts'
export type { ListenerEventType, LocalEvent } from './client/local-event.ts'
export type { LogPlace, PublicEvent } from './client/public-event.ts'
export type { RunHandle } from './client/run-handle.ts'
export { registerSchemas } from './adapters/registry/register-schemas.ts'
export type { RegisterOptions } from './adapters/registry/register-schemas.ts'
export type { RegistryOptions } from './adapters/registry/registry-options.ts'
export { RejectedError, RunError } from './client/errors.ts'
export { OptionError } from './config/option-error.ts'
export type { EventType } from './core/events.ts'
export type { Json, JsonObject } from './core/json.ts'
export type { RejectionCode } from './core/rejections.ts'
export {
  and,
  calendarInterval,
  cron,
  crontab,
  dailyWindow,
  date,
  excluding,
  interval,
  or,
  rrule,
} from './core/triggers/make-trigger.ts'
export { nextFireTime } from './next-fire-time.ts'
export { describeTrigger } from './core/triggers/describe-trigger.ts'
export { parseTrigger } from './core/triggers/parse-trigger.ts'
export { type ResolveContext, resolveTrigger } from './core/triggers/resolve-trigger.ts'
export { TriggerError } from './core/triggers/trigger-error.ts'
export type { Trigger } from './core/triggers/trigger.ts'
export type { StandardSchema } from './executor/standard-schema.ts'
export type { TaskModule } from './executor/task-module.ts'
export type { RunInfo, RunIn, TaskContext, TaskHandler, TaskOptions } from './executor/task-registry.ts'
export { LogError } from './ports/event-log.ts'
export { OperationalError } from './ports/operational-error.ts'
export type { Clock } from './ports/clock.ts'
export type { Logger } from './ports/telemetry.ts'
