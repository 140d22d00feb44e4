/** Events as listeners get them: the names and members of the log, with instants as Dates. */
import type { Event, EventOf, EventType } from '../core/events.ts'

const INSTANTS = [
  'time',
  'scheduledAt',
  'dueAt',
  'startBefore',
  'startedAt',
  'retryAt',
  'through',
  'nextFireTime',
  'until',
  'anchor',
] as const

type InstantMember = (typeof INSTANTS)[number]

type WithDates<E> = {
  readonly [K in keyof E]: K extends InstantMember ? Date | Extract<E[K], null> : E[K]
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
  const copy: Record<string, unknown> = { ...event, ...place }
  for (const member of INSTANTS) {
    const at = copy[member]
    if (typeof at === 'number') copy[member] = new Date(at)
  }
  return copy as unknown as PublicEvent
}
