/** When and where something is decided: all that `decide` may know besides the state and the input. */
import type { Stamp } from './events.ts'
import type { Liveness } from './timers.ts'
import type { Calendars } from './triggers/calendars.ts'

/** `time` is the stamp of the events; `now` is the engine clock, by which things are due. */
export interface Moment extends Stamp {
  /** `index` is that of the first event that is decided. */
  readonly now: number
  readonly liveness: Liveness
  /** What triggers are evaluated with. */
  readonly calendars: Calendars
}
