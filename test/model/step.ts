/** One command of the model test: an act on the system, after which everything is judged. */
import type { AsyncCommand } from 'fast-check'
import type { System } from './system.ts'

/** What was generated: plain values, relative to what there is when it is done. */
export interface Act {
  readonly kind: string
  readonly details: unknown
  readonly act: (system: System) => void | Promise<void>
}

export class Step implements AsyncCommand<object, System> {
  readonly #act: Act

  constructor(act: Act) {
    this.#act = act
  }

  check(): boolean {
    return true
  }

  async run(_model: object, system: System): Promise<void> {
    system.ledger.commanded(this.#act.kind)
    await this.#act.act(system)
    await system.observe()
  }

  toString(): string {
    return `${this.#act.kind} ${JSON.stringify(this.#act.details)}`
  }
}
