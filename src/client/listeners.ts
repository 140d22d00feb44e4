/** Listeners by event name, or by APScheduler's masks. A listener that throws is logged and does no harm. */
import type { EventType } from '../core/events.ts'
import type { Logger } from '../ports/telemetry.ts'
import type { AcceptedEvents } from './backend.ts'
import { EVENT_ALL, maskedTypes } from './event-masks.ts'
import type { ListenerEventType, LocalEvent } from './local-event.ts'
import { type PublicEvent, publicEvent } from './public-event.ts'

/** The event that a listener of that name gets. */
export type ListenerEvent<T extends ListenerEventType = ListenerEventType> = T extends EventType
  ? PublicEvent<T>
  : Extract<LocalEvent, { readonly type: T }>

export type Listener<T extends ListenerEventType = ListenerEventType> = (event: ListenerEvent<T>) => void

export class Listeners {
  readonly #byType = new Map<ListenerEventType, Set<Listener>>()
  readonly #narrowed = new WeakMap<Listener, Listener>()
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  add<T extends ListenerEventType>(type: T, listener: Listener<T>): void {
    const set = this.#byType.get(type) ?? new Set()
    // The map ties the type to its listeners; the cast says what the key already does.
    set.add(listener as unknown as Listener)
    this.#byType.set(type, set)
  }

  remove<T extends ListenerEventType>(type: T, listener: Listener<T>): void {
    const set = this.#byType.get(type)
    set?.delete(listener as unknown as Listener)
    if (set?.size === 0) this.#byType.delete(type)
  }

  addMasked(listener: Listener, mask: number): void {
    for (const type of maskedTypes(mask)) this.add(type, type === 'RunSkipped' ? this.#forFullJobs(listener) : listener)
  }

  removeMasked(listener: Listener): void {
    for (const type of maskedTypes(EVENT_ALL)) this.remove(type, this.#narrowed.get(listener) ?? listener)
    for (const type of maskedTypes(EVENT_ALL)) this.remove(type, listener)
  }

  /** APScheduler tells of a skipped run only where there were too many. */
  #forFullJobs(listener: Listener): Listener {
    const known = this.#narrowed.get(listener)
    if (known !== undefined) return known
    const narrowed: Listener = (event) => {
      if (event.type === 'RunSkipped' && event.why !== 'max-instances' && event.why !== 'queue-full') return
      return listener(event)
    }
    this.#narrowed.set(listener, narrowed)
    return narrowed
  }

  tell({ store, partition, events }: AcceptedEvents): void {
    if (this.#byType.size === 0) return
    for (const { event, offset } of events) {
      const listeners = this.#byType.get(event.type)
      if (listeners === undefined) continue
      const told = publicEvent(event, { store, partition, offset })
      for (const listener of listeners) this.#call(listener, told)
    }
  }

  tellLocal(event: LocalEvent): void {
    for (const listener of this.#byType.get(event.type) ?? []) this.#call(listener, event)
  }

  #call(listener: Listener, event: PublicEvent | LocalEvent): void {
    const threw = (err: unknown): void => this.#logger.warn({ err, event: event.type }, 'a listener threw')
    try {
      // A listener may be an async function; nobody else would catch what it rejects with.
      const returned: unknown = listener(event)
      if (returned instanceof Promise) returned.catch(threw)
    } catch (err) {
      threw(err)
    }
  }
}
