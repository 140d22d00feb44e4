/** Events as listeners get them: copies, with the names and members of the log and instants as Dates. */
import type { Event, EventOf, EventType, Times } from '../core/events.ts'
import { ownCopy } from './own-copy.ts'

const INSTANTS = [
  'time',
  'scheduledAt',
  'dueAt',
  'startBefore',
  'startedAt',
  'retryAt',
  'through',
  'nextFireTime',
  'movedFrom',
  'heldThrough',
  'until',
  'anchor',
] as const

type InstantMember = (typeof INSTANTS)[number]

/** Members that are several scheduled times. */
const SEVERAL = ['times', 'coalesced', 'skipped'] as const

type SeveralMember = (typeof SEVERAL)[number]

/** Scheduled times that were decided together; at most 100 are listed, the first ones. */
export interface PublicTimes {
  readonly first: Date
  readonly last: Date
  readonly count: number
  readonly listed: readonly Date[]
}

type WithDates<E> = {
  readonly [K in keyof E]: K extends InstantMember
    ? Date | Extract<E[K], null>
    : K extends SeveralMember
      ? PublicTimes | Extract<E[K], null>
      : E[K]
}

/** Where the event stands on the log. */
export interface LogPlace {
  /** Alias of the store. */
  readonly store: string
  readonly partition: number
  readonly offset: number
}

export type PublicEvent<T extends EventType = EventType> = T extends EventType
  ? WithDates<EventOf<T>> & LogPlace
  : never

export function publicEvent(event: Event, place: LogPlace): PublicEvent {
  const copy: Record<string, unknown> = { ...ownCopy(event), ...place }
  for (const member of INSTANTS) {
    const at = copy[member]
    if (typeof at === 'number') copy[member] = new Date(at)
  }
  for (const member of SEVERAL) {
    const times = copy[member]
    if (typeof times === 'object' && times !== null) copy[member] = publicTimes(times as Times)
  }
  return copy as unknown as PublicEvent
}

function publicTimes({ first, last, count, listed }: Times): PublicTimes {
  return { first: new Date(first), last: new Date(last), count, listed: listed.map((at) => new Date(at)) }
}
