/** The calendars of this process: the runtime's time zones, and holidays by date-holidays if it is installed. */
import { createRequire } from 'node:module'
import { runtimeZones } from '../../core/triggers/zone.ts'
import type { Holidays } from '../../core/triggers/calendars.ts'
import type { Calendars } from '../../ports/calendars.ts'
import { type HolidayPackage, holidaysOf } from './package-holidays.ts'

/** Optional peer dependency. A process without a job that needs it never loads it (0.1 s). */
const PACKAGE = 'date-holidays'

/** `load` gives a package or throws `MODULE_NOT_FOUND`; default: `require`. */
export function createSystemCalendars(load: (name: string) => unknown = createRequire(import.meta.url)): Calendars {
  let holidays: Holidays | null | undefined
  return {
    zones: { version: process.versions['tz'] ?? null, table: runtimeZones.table },
    get holidays() {
      if (holidays === undefined) holidays = loadHolidays(load)
      return holidays
    },
  }
}

function loadHolidays(load: (name: string) => unknown): Holidays | null {
  try {
    return holidaysOf(load(PACKAGE) as HolidayPackage)
  } catch (error) {
    // Anything else is a broken installation, which must not look like a missing one.
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
