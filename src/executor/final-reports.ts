/**
 * Final reports of this process, until they are durable, and the memory of the attempts that ended here.
 *
 * Invariants:
 * 1. A report that was not taken is kept, and sent again when its attempt is handed over again; of more than 1,000 the
 *    oldest goes. An attempt whose report went is run again if it comes again.
 * 2. One report of an attempt is under way at a time.
 * 3. The last 100,000 attempts whose report was taken are known: their copies are dropped (protocol §5).
 */
import type { Report } from '../core/reports.ts'

/** Resolves when the report is durable; rejects when nobody took it. */
export type SendReport = (report: Report, partition: number) => Promise<void>

interface Kept {
  readonly report: Report
  readonly partition: number
  sending: boolean
  /** It was handed over again meanwhile: if this try fails there is another. */
  wanted: boolean
}

/** Some 25 MB of them. */
export const REMEMBERED = 100_000
/** With the largest results 256 MB. Most of them wait in vain: their partition moved to another process. */
const KEPT = 1_000

export class FinalReports {
  readonly #send: SendReport
  readonly #unsent: (report: Report, error: unknown) => void
  readonly #kept = new Map<string, Kept>()
  readonly #done = new Set<string>()
  /** The remembered ones in a ring, the oldest at `#next`. */
  readonly #ring: string[] = []
  #next = 0

  constructor(send: SendReport, unsent: (report: Report, error: unknown) => void) {
    this.#send = send
    this.#unsent = unsent
  }

  /** Sends the first report of an attempt. Resolves when it was taken or not; never rejects. */
  send(key: string, report: Report, partition: number): Promise<void> {
    const kept = { report, partition, sending: false, wanted: false }
    this.#kept.set(key, kept)
    return this.#try(key, kept)
  }

  /** The attempt came again: null when it didn't end here; otherwise resolves as `send` does. */
  resend(key: string): Promise<void> | null {
    const kept = this.#kept.get(key)
    if (kept === undefined) return this.#done.has(key) ? Promise.resolve() : null
    if (!kept.sending) return this.#try(key, kept)
    kept.wanted = true
    return Promise.resolve()
  }

  /** Its report was taken, and it is remembered. */
  ended(key: string): boolean {
    return this.#done.has(key)
  }

  async #try(key: string, kept: Kept): Promise<void> {
    kept.sending = true
    kept.wanted = false
    try {
      await this.#send(kept.report, kept.partition)
      this.#kept.delete(key)
      this.#remember(key)
    } catch (error) {
      kept.sending = false
      this.#unsent(kept.report, error)
      this.#forgetOldest()
      if (kept.wanted) await this.#try(key, kept)
    }
  }

  #forgetOldest(): void {
    if (this.#kept.size <= KEPT) return
    for (const [key, { sending }] of this.#kept) {
      if (sending) continue
      this.#kept.delete(key)
      return
    }
  }

  #remember(key: string): void {
    const oldest = this.#ring[this.#next]
    if (oldest !== undefined) this.#done.delete(oldest)
    this.#done.add(key)
    this.#ring[this.#next] = key
    this.#next = (this.#next + 1) % REMEMBERED
  }
}
