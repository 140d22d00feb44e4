import { EVENT_TYPES, type EventType } from '../core/events.ts'
import { shown } from '../core/job/check.ts'
import { hintAt } from '../core/nearest-name.ts'
import { OperationalError } from '../ports/operational-error.ts'

/** What happens in this process alone, and is on no log. */
export type LocalEvent =
  | { readonly type: 'SchedulerStarted' }
  | { readonly type: 'SchedulerShutdown' }
  /** A log failed: nothing more is decided on it in this process. Start it again. */
  | { readonly type: 'SchedulerFailed'; readonly error: Error }
  | { readonly type: 'ExecutorAdded'; readonly executor: string }
  | { readonly type: 'ExecutorRemoved'; readonly executor: string }
  | { readonly type: 'StoreAdded'; readonly store: string }
  /** Its log was let go, at the shutdown. */
  | { readonly type: 'StoreRemoved'; readonly store: string }

export type LocalEventType = LocalEvent['type']

/** Every name that a listener may have. */
export type ListenerEventType = EventType | LocalEventType

const LOCAL_EVENTS: Readonly<Record<LocalEventType, true>> = {
  SchedulerStarted: true,
  SchedulerShutdown: true,
  SchedulerFailed: true,
  ExecutorAdded: true,
  ExecutorRemoved: true,
  StoreAdded: true,
  StoreRemoved: true,
}

const LISTENER_EVENTS: readonly string[] = [...EVENT_TYPES, ...Object.keys(LOCAL_EVENTS)]

/** Throws `invalid-option`: a listener of a misspelt name would never be called. */
export function checkEventType(type: unknown): void {
  if (typeof type === 'string' && LISTENER_EVENTS.includes(type)) return
  const hint = typeof type === 'string' ? hintAt(type, LISTENER_EVENTS) : ''
  throw new OperationalError('invalid-option', `event: expected the name of an event${hint}, got ${shown(type)}`)
}
