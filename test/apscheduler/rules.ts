/**
 * The rules by which ours differs from a recorded schedule on purpose. `schedules.ts` says where each of them shows, and
 * what ours tells instead; the runs are the same under all of them.
 */
export const DEFAULT_EXECUTOR = 'the executor `default` is there without being added, and is told of at the start'

export const DURABLE_WHEN_ADDED =
  'a job is on the log, and has its next time, when the call that adds it returns, before the start as well'

export const KEPT_OVER_SHUTDOWN = 'a shutdown forgets no job: what was on the log can be asked for afterwards'

export const STORES_LET_GO = 'a store, which has one owner from open to shutdown, is told of as removed at the shutdown'

export const CAUSAL =
  'events are causal: a run is submitted, then executed or missed, and its job is removed when its last run is over'

export const DUE_AT_ONCE = 'what is due when its job is added or the schedule is resumed is decided in that same step'

export const MISSED_WHEN_DECIDED = 'a time that is beyond its grace when it is decided is missed, not submitted first'

export const ALL_TIMES_COUNTED =
  'coalescing drops what is beyond its grace first, and every time that was missed is in an event'

export const NO_ORDER_AT_ONE_INSTANT = 'jobs that are due at one instant have no order among each other'

export const PAUSED_TIMES_SKIPPED =
  'times that came due while a job was paused, the instant of its resumption included, are skipped and counted'

export const RESUMPTION_TOLD =
  'a resumption that finds the trigger over tells both, that the job was resumed and its end'

export const EQUAL_CHANGES_NOTHING =
  'adding a job again with an equal definition changes nothing and keeps its phase: a restart loses no due time'

export const EXECUTOR_AWAITED = 'a run whose executor is gone waits until there is one, and its job is not deleted'

export const NEVER_FIRES_REFUSED = 'a job whose trigger is over is refused when it is added, not kept for ever'
