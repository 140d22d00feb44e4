/** Inputs that wait for a decision, first come first served; reports apart from commands, for they go first. */
import type { Input } from '../core/decide.ts'
import type { InputTopic } from '../core/effects.ts'
import type { Event } from '../core/events.ts'

export interface Pending {
  readonly input: Input
  /** Where it stands; absent: it was handed over in memory. */
  readonly place?: InputPlace
  /** The topic on which the answer is wanted. */
  readonly replyTo?: string | null
  /** The events that the input led to, durable. */
  readonly resolve: (events: readonly Event[]) => void
  readonly reject: (error: Error) => void
}

export interface InputPlace {
  readonly topic: InputTopic
  readonly offset: number
  /** Of the record; absent: it is none. */
  readonly bytes?: number
}

/** A queue that is read by position and cut from its head when the decisions are durable. */
export class Queue<T> {
  #items: T[] = []
  #head = 0
  #bytes = 0
  readonly #sizeOf: (item: T) => number

  constructor(sizeOf: (item: T) => number = () => 0) {
    this.#sizeOf = sizeOf
  }

  push(item: T): void {
    this.#items.push(item)
    this.#bytes += this.#sizeOf(item)
  }
  at(position: number): T | undefined {
    return this.#items[this.#head + position]
  }
  get length(): number {
    return this.#items.length - this.#head
  }
  /** Of all that is in it. */
  get bytes(): number {
    return this.#bytes
  }
  first(count: number): T[] {
    return this.#items.slice(this.#head, this.#head + count)
  }
  drop(count: number): void {
    for (const item of this.first(count)) this.#bytes -= this.#sizeOf(item)
    this.#head += count
    if (this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
  takeAll(): T[] {
    const all = this.#items.slice(this.#head)
    this.#items = []
    this.#head = 0
    this.#bytes = 0
    return all
  }
}

export class Inbox {
  readonly reports: Queue<Pending> = new Queue<Pending>(recordBytes)
  readonly commands: Queue<Pending> = new Queue<Pending>(recordBytes)
  /** Keys of timers that went off. */
  readonly timers: Queue<string> = new Queue<string>()

  push(pending: Pending): void {
    const topic = pending.place?.topic ?? (pending.input.kind === 'report' ? 'reports' : 'commands')
    this[topic].push(pending)
  }
  /** An input of the owner itself: nobody waits for its events. */
  pushOwn(input: Input): void {
    this.push({ input, resolve: () => {}, reject: () => {} })
  }
  /** So many of each kind are decided. */
  drop(taken: { readonly reports: number; readonly timers: number; readonly commands: number }): void {
    this.reports.drop(taken.reports)
    this.timers.drop(taken.timers)
    this.commands.drop(taken.commands)
  }
  get isEmpty(): boolean {
    return this.reports.length === 0 && this.commands.length === 0 && this.timers.length === 0
  }
  /** Nobody will decide these: tells all who wait. */
  fail(error: Error): void {
    this.timers.takeAll()
    for (const pending of [...this.reports.takeAll(), ...this.commands.takeAll()]) pending.reject(error)
  }
}

function recordBytes({ place }: Pending): number {
  return place?.bytes ?? 0
}
