import type { EventType } from '../core/events.ts'

/** What happens in this process alone, and is on no log. */
export type LocalEvent =
  | { readonly type: 'SchedulerStarted' }
  | { readonly type: 'SchedulerShutdown' }
  /** A log failed: nothing more is decided on it in this process. Start it again. */
  | { readonly type: 'SchedulerFailed'; readonly error: Error }
  | { readonly type: 'ExecutorAdded'; readonly executor: string }
  | { readonly type: 'ExecutorRemoved'; readonly executor: string }
  | { readonly type: 'StoreAdded'; readonly store: string }
  | { readonly type: 'StoreRemoved'; readonly store: string }

export type LocalEventType = LocalEvent['type']

/** Every name that a listener may have. */
export type ListenerEventType = EventType | LocalEventType
