/**
 * What triggers are evaluated with besides their own data: given in, so that the same arguments give the same times.
 * The shell makes it from the runtime and from optional packages (`ports/calendars.ts`).
 */

import type { ZoneDatabase } from './zone.ts'
import { runtimeZones } from './zone.ts'

/**
 * Public holidays of a place (`DE`, `DE-BY`) in a year, as numbers of days since 1970-01-01; null: no such place. The
 * same set for the same arguments, at the cost of a look-up when they come again.
 */
export type Holidays = (place: string, year: number) => ReadonlySet<number> | null

export interface Calendars {
  readonly zones: ZoneDatabase
  /** null: the package for them is not there. */
  readonly holidays: Holidays | null
}

/** The zones of this runtime, and nothing that needs a package. */
export const bareCalendars: Calendars = Object.freeze({ zones: runtimeZones, holidays: null })
