/** The last lines of a story; those before them are counted. */
import type { EventType } from '../../core/events.ts'

export interface StoryLine {
  readonly time: number
  readonly offset: number
  readonly type: EventType
  readonly runId: string | null
  readonly text: string
}

export class StoryLines {
  /** Lines in all, those that were let go included. */
  count = 0
  readonly #limit: number
  #kept: StoryLine[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  add(line: StoryLine): void {
    this.count += 1
    this.#kept.push(line)
    if (this.#kept.length >= 2 * this.#limit) this.#kept = this.last
  }

  get last(): StoryLine[] {
    return this.#kept.slice(-this.#limit)
  }
}
