/** Limits of the trigger engine, each with its reason. All times in milliseconds. */

/** One second, minute, hour, day: elapsed time, no calendar. */
export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Years that a trigger may name: the epoch's, and the last with four digits. */
export const MIN_YEAR = 1970
export const MAX_YEAR = 9999

/** Two days before the epoch: earlier than local 1 January 1970 in any zone. A search from here sees every fire. */
export const MIN_INSTANT_MS: number = -2 * DAY_MS

/** Last millisecond of 9999 in UTC; there is no fire later. */
export const MAX_INSTANT_MS = 253_402_300_799_999

/** The Gregorian calendar repeats after 400 years, so a search of that length has seen every kind of date. */
export const SEARCH_HORIZON_MS: number = 146_097 * DAY_MS

/**
 * Evaluations within one search of `and`, `or` and `excluding`, nested ones included, each of 1 µs or so: with the member that
 * uses them up, a call ends within 0.2 s.
 */
export const MAX_SEARCH_ROUNDS = 100_000

/** Characters of a crontab text, a field, a zone name or a date: longer ones are mistakes or attacks. */
export const MAX_TEXT_LENGTH = 256

/** Characters of an RRULE text: two lines with long BY lists fit. */
export const MAX_RULE_LENGTH = 2_048

/** Largest COUNT of a rule: fires are counted from DTSTART on, and `MAX_COUNTING_STEPS` bounds that too. */
export const MAX_RULE_COUNT = 100_000

/** Largest INTERVAL of a rule: a thousand years of hours. */
export const MAX_RULE_INTERVAL = 10_000_000

/** Days that a search for the next date of a rule looks at: 400 years of them, and a few milliseconds. */
export const MAX_RULE_STEPS = 150_000

/**
 * Steps of 0.1 µs or so that counting the fires of all rules of one trigger may take, their first searches included: it is
 * done when the trigger is checked and again in each process, within 0.5 s. Two rules that reach `MAX_RULE_COUNT` hour by
 * hour fit.
 */
export const MAX_COUNTING_STEPS = 2_000_000

/** Steps of a rule that take as long as one evaluation of another trigger. */
export const STEPS_PER_ROUND = 10

/** Nesting of and, or, excluding: nobody reads more, and recursion stays shallow. */
export const MAX_DEPTH = 16

/** Members of one and, or, exclude. */
export const MAX_MEMBERS = 256

/** Dates of one exclusion: ten years of days. */
export const MAX_DATES = 3_660

/** Longest jitter, one year: more would overtake any sensible schedule. */
export const MAX_JITTER_MS: number = 366 * DAY_MS

/** Longest interval, 400 years. */
export const MAX_INTERVAL_MS: number = 400 * 366 * DAY_MS

/** Parsed triggers kept for sharing between equal jobs (at most twice as many), and the longest JSON text of one. */
export const MAX_INTERNED = 5_000
export const MAX_INTERNED_LENGTH = 1_024
