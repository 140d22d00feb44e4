/** Public holidays by date-holidays: a year of a place is worked out once (16 ms), then it is a look-up. */
import { dayNumber } from '../../core/triggers/calendar.ts'
import { DAY_MS } from '../../core/triggers/limits.ts'
import type { Holidays } from '../../core/triggers/calendars.ts'

/** What is used of the package. */
export type HolidayPackage = new (
  country?: string,
  state?: string,
  region?: string,
) => {
  getCountries(): Readonly<Record<string, string>>
  getStates(country: string): Readonly<Record<string, string>> | undefined
  getRegions(country: string, state: string): Readonly<Record<string, string>> | undefined
  getHolidays(year: number): readonly Holiday[]
}

interface Holiday {
  /** `2027-01-01 00:00:00`, perhaps with an offset. */
  readonly date: string
  readonly start: Date
  readonly end: Date
  readonly type: string
}

/** Years of places kept: some hundred bytes each. */
const MAX_YEARS_KEPT = 1_000

/** Only days of the type `public` count, substitute days among them: not bank, school or optional holidays. */
export function holidaysOf(Package: HolidayPackage): Holidays {
  const known = new Map<string, ReadonlySet<number> | null>()
  const all = new Package()
  return (place, year) => {
    const key = `${place} ${year}`
    const found = known.get(key)
    if (found !== undefined) return found
    const [country = '', state, region] = place.split('-')
    const days = isPlace(all, country, state, region) ? daysOf(new Package(country, state, region), year) : null
    if (known.size >= MAX_YEARS_KEPT) known.clear()
    known.set(key, days)
    return days
  }
}

/** The package itself takes an unknown state for its whole country. */
function isPlace(all: InstanceType<HolidayPackage>, country: string, state?: string, region?: string): boolean {
  if (!Object.hasOwn(all.getCountries(), country)) return false
  if (state === undefined) return true
  if (!Object.hasOwn(all.getStates(country) ?? {}, state)) return false
  return region === undefined || Object.hasOwn(all.getRegions(country, state) ?? {}, region)
}

/** Those that begin in the year before may last into this one. */
function daysOf(place: InstanceType<HolidayPackage>, year: number): ReadonlySet<number> {
  const days = new Set<number>()
  for (const holiday of [...place.getHolidays(year - 1), ...place.getHolidays(year)]) {
    if (holiday.type !== 'public') continue
    const [ofYear = 0, month = 1, day = 1] = holiday.date.slice(0, 10).split('-').map(Number)
    const first = dayNumber(ofYear, month, day)
    const length = Math.max(1, Math.round((holiday.end.getTime() - holiday.start.getTime()) / DAY_MS))
    for (let i = 0; i < length; i++) days.add(first + i)
  }
  return days
}
