/**
 * Calendars: what the triggers of a node are evaluated with beside their own data. The questions are the core's
 * (`core/triggers/calendars.ts`), for nothing below it may be imported there; this is what whoever answers them promises.
 *
 * - `zones.version` names the time-zone database of this process, as `2026c`. It is kept with computed times: a later
 *   one moves next fire times, an earlier one never does.
 * - `holidays` is null when the package for it is not installed. A job that needs it is then rejected `invalid-option`,
 *   and a node that finds such a job on its log does not own the partition.
 * - Answers depend on the arguments alone as long as the process lives. Loading a package is put off until a job needs it.
 */
export type { Calendars, Holidays } from '../core/triggers/calendars.ts'
