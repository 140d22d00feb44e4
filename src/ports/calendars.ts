/**
 * Calendars: what the triggers of a node are evaluated with beside their own data. The questions are the core's, which may
 * not look at ports; here is what whoever answers them promises. Answers depend on the arguments alone as long as the
 * process lives, and a package is loaded when the first job needs it.
 */
import type { Calendars as Asked, Holidays } from '../core/triggers/calendars.ts'
import type { ZoneDatabase } from '../core/triggers/zone.ts'

export interface Calendars extends Asked {
  /**
   * The version names the time-zone database of this process, as `2026c`. It is kept with computed times: a later one
   * moves next fire times, an earlier one never does.
   */
  readonly zones: ZoneDatabase
  /**
   * null when the package for them is not installed. A job that needs them is then rejected `invalid-option`, and a node
   * that finds such a job on its log does not own the partition.
   */
  readonly holidays: Holidays | null
}
