/**
 * What control has said of attempts, for those whose run record comes later than it, or again.
 *
 * Boundary: attempts that are open here hear it at once, from the reader.
 */
import type { RunRequest } from '../../ports/dispatcher.ts'
import type { ControlRecord } from '../../ports/run-codec.ts'
import { attemptKey } from '../attempt-key.ts'

/**
 * Attempts remembered, some 25 MB of them. More are cancelled or claimed while their run records lie unread only behind
 * a backlog of hours; then the owner ignores what they report.
 */
const REMEMBERED = 100_000

export type Verdict =
  | { readonly kind: 'run' }
  /** Its owner wants to hear that it is cancelled. */
  | { readonly kind: 'cancelled'; readonly reason: string }
  /** Nobody waits for it here. */
  | { readonly kind: 'over' }

const RUN: Verdict = { kind: 'run' }
const OVER: Verdict = { kind: 'over' }

interface Said {
  /** Not asked to end: undefined. */
  readonly cancelled?: string | null
  /** The claim was answered, for this process or for another. */
  readonly claimed?: true
}

export class ControlMemory {
  readonly #process: string
  readonly #said = new Map<string, Said>()

  /** `process`: the id of this one. */
  constructor(process: string) {
    this.#process = process
  }

  remember(control: ControlRecord): void {
    const key = attemptKey(control)
    const before = this.#said.get(key)
    const said = this.#after(before, control)
    if (said === before || said === undefined) return
    this.#said.set(key, said)
    if (this.#said.size <= REMEMBERED) return
    for (const oldest of this.#said.keys()) {
      this.#said.delete(oldest)
      break
    }
  }

  /** Of an attempt that isn't open here. One that was granted to this process has begun here, and is over. */
  verdict(run: RunRequest): Verdict {
    const said = this.#said.get(attemptKey(run))
    if (said === undefined) return RUN
    if (said.cancelled === null) return OVER
    if (run.delivery === 'at-most-once' && said.claimed === true) return OVER
    return said.cancelled === undefined ? RUN : { kind: 'cancelled', reason: said.cancelled }
  }

  #after(before: Said | undefined, control: ControlRecord): Said | undefined {
    switch (control.type) {
      case 'CancelRun':
        return before?.cancelled === null ? before : { ...before, cancelled: control.reason }
      case 'RunGranted':
        return { ...before, claimed: true }
      case 'ClaimRefused':
        return control.executor === this.#process ? { ...before, claimed: true } : before
    }
  }
}
