/**
 * The JSON form of every trigger: plain readonly data, equal in a program, on the log and in a file.
 *
 * Terms. A *fire* is an instant in epoch milliseconds. A *local* time is what a wall clock in the trigger's zone shows.
 * A *gap* is a span of local times that a zone change skips, an *overlap* one that it repeats; the *first pass* of an
 * overlap is the earlier of the two instants with the same local time.
 *
 * Only the shape is declared here. `parse-trigger.ts` decides what is valid, `next-fire-time.ts` what it means.
 */

/**
 * What a local time in a gap or an overlap does. `compatible` (default): gap moved forward by its length, overlap first
 * pass. `vixie`: gap once at its end, overlap first pass. `skip`: gap not at all, overlap first pass. `wall`: gap not at
 * all, overlap both passes. A schedule that selects all 24 hours is always `wall`.
 */
export type DstPolicy = 'compatible' | 'vixie' | 'skip' | 'wall'

/** A weekday's three-letter English name, any case on the way in. */
export type WeekdayName = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** Members of the job rather than of the schedule; only the outermost trigger may have them. */
export interface JobMembers {
  /** Number of fires in all, 1 or more; default: no limit. Counted by the job, not by `nextFireTime`. */
  readonly repeat?: number
  /** Longest delay in milliseconds that is added to a nominal fire; default 0. See `jitter.ts`. */
  readonly jitterMs?: number
}

/** Inclusive bounds: RFC 3339 instants, or local date-times `YYYY-MM-DDTHH:MM[:SS[.fff]]` in the trigger's zone. */
export interface Bounds {
  readonly start?: string
  readonly end?: string
}

/** IANA name or `±HH:MM`. Absent: filled in by `resolveTrigger` when a job is added, UTC when evaluated without. */
export interface Zoned {
  readonly zone?: string
}

export interface DateTrigger extends JobMembers, Zoned {
  readonly type: 'date'
  readonly at: string
}

/** Elapsed time on a grid that hangs on `start`: no drift, and a day is 24 hours whatever the clocks do. */
export interface IntervalTrigger extends JobMembers, Bounds, Zoned {
  readonly type: 'interval'
  /** ISO 8601 duration of W D H M S, at least 1 ms. */
  readonly every: string
}

/** Texts of `*`, `*` with a step, `a`, `a-b`, `a-b/n`, `a/n`, names and comma lists. Weekdays: 0 = Monday. All must match. */
export interface CronFields {
  readonly year?: string
  readonly month?: string
  readonly day?: string
  readonly week?: string
  readonly dayOfWeek?: string
  readonly hour?: string
  readonly minute?: string
  readonly second?: string
}

export interface CronTrigger extends JobMembers, Bounds, Zoned {
  readonly type: 'cron'
  readonly fields: CronFields
  readonly dst?: DstPolicy
}

/** Five or six fields, or an alias as `@daily`. Weekdays: 0 and 7 = Sunday. Day OR weekday when both are restricted. */
export interface CrontabTrigger extends JobMembers, Bounds, Zoned {
  readonly type: 'crontab'
  readonly expression: string
  readonly dst?: DstPolicy
}

/** Steps of the calendar from `start`; a date that does not exist, or whose `time` lies in a gap, is left out. */
export interface CalendarIntervalTrigger extends JobMembers, Zoned {
  readonly type: 'calendar-interval'
  readonly years?: number
  readonly months?: number
  readonly weeks?: number
  readonly days?: number
  /** Local time of day `HH:MM[:SS]`; default midnight. */
  readonly time?: string
  /** Local date `YYYY-MM-DD`; default: the local date of the anchor. */
  readonly start?: string
  /** Local date `YYYY-MM-DD`, inclusive. */
  readonly end?: string
}

export interface RRuleTrigger extends JobMembers {
  readonly type: 'rrule'
  /** A DTSTART line (UTC, or with TZID) and an RRULE line of RFC 5545. Local times that do not exist are left out. */
  readonly rule: string
}

/** Fires at the instants that all members have in common. */
export interface AndTrigger extends JobMembers {
  readonly type: 'and'
  readonly triggers: readonly Trigger[]
}

/** Fires at every instant of any member, once each. */
export interface OrTrigger extends JobMembers {
  readonly type: 'or'
  readonly triggers: readonly Trigger[]
}

/** What `excluding` leaves out, in local time of its zone. Time windows are half open and may run over midnight. */
export type Exclusion =
  | { readonly weekdays: readonly WeekdayName[] }
  | { readonly dates: readonly string[] }
  | { readonly annual: readonly string[] }
  | { readonly time: readonly [from: string, to: string] }
  | { readonly cron: string | CronFields }
  | { readonly holidays: string }

export interface ExcludingTrigger extends JobMembers, Zoned {
  readonly type: 'excluding'
  readonly trigger: Trigger
  readonly exclude: readonly Exclusion[]
}

/** A grid of `every` that begins anew each day at `from` and ends at `to`, both inclusive. */
export interface DailyWindowTrigger extends JobMembers, Bounds, Zoned {
  readonly type: 'daily-window'
  readonly every: string
  readonly from: string
  /** Earlier than `from`: the window runs over midnight and belongs to the day on which it begins. */
  readonly to: string
  /** Days on which a window begins; default all. */
  readonly weekdays?: readonly WeekdayName[]
  readonly dst?: DstPolicy
}

export type Trigger =
  | DateTrigger
  | IntervalTrigger
  | CronTrigger
  | CrontabTrigger
  | CalendarIntervalTrigger
  | RRuleTrigger
  | AndTrigger
  | OrTrigger
  | ExcludingTrigger
  | DailyWindowTrigger
