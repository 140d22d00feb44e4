/** What a listener has heard, and what it will hear. */
import type { JobClient } from '../../src/client/job-client.ts'
import { EVENT_TYPES, type EventType } from '../../src/core/events.ts'
import type { PublicEvent } from '../../src/index.ts'

export class Heard {
  readonly events: PublicEvent[] = []
  readonly #told: (() => void)[] = []

  constructor(client: JobClient) {
    for (const type of EVENT_TYPES) {
      client.on(type, (event) => {
        this.events.push(event)
        for (const told of this.#told.splice(0)) told()
      })
    }
  }

  all<T extends EventType>(type: T): PublicEvent<T>[] {
    return this.events.filter((event): event is PublicEvent<T> => event.type === type)
  }

  /** The first of that type for which it is true, heard already or not. The test's own time limit is the end of it. */
  async until<T extends EventType>(
    type: T,
    isIt: (event: PublicEvent<T>) => boolean = () => true,
  ): Promise<PublicEvent<T>> {
    for (;;) {
      const found = this.all(type).find(isIt)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#told.push(resolve))
    }
  }
}
