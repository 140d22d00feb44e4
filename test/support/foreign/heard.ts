/** What a scheduler told its listeners, kept so that a test may wait for what has happened already. */
import type { EventType, Scheduler } from '../../../src/index.ts'

export interface HeardEvent {
  readonly type: string
  readonly [member: string]: unknown
}

export class Heard {
  readonly events: HeardEvent[] = []
  readonly #waiting = new Set<() => void>()

  constructor(scheduler: Scheduler, types: readonly EventType[]) {
    for (const type of types) {
      scheduler.on(type, (event) => {
        this.events.push(event as unknown as HeardEvent)
        for (const resolve of this.#waiting) resolve()
        this.#waiting.clear()
      })
    }
  }

  of(type: EventType, members: Readonly<Record<string, unknown>>): readonly HeardEvent[] {
    const wanted = Object.entries(members)
    return this.events.filter((event) => event.type === type && wanted.every(([name, value]) => event[name] === value))
  }

  /** The first event of the type with these members. */
  async event(type: EventType, members: Readonly<Record<string, unknown>>): Promise<HeardEvent> {
    await this.until(() => this.of(type, members).length > 0)
    return this.of(type, members)[0]!
  }

  /** Resolves when it is true of what was heard. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
  }
}
