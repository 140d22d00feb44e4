/**
 * What was seen while a story was played, and when in the story: the first log's facts tell how far the others have to
 * come before time may go on.
 */

export interface Fact {
  /** How often the story had moved its clock. */
  readonly step: number
  /** Of the story's clock, epoch ms. */
  readonly at: number
  readonly text: string
}

/** A loaded machine and a broker need real time; this much without a new fact is a standstill. */
const STANDSTILL_MS = 20_000

export class Facts {
  readonly seen: Fact[] = []
  readonly #expected: readonly Fact[]
  #told = (): void => {}

  /** `expected`: what another log had; empty: nothing is waited for. */
  constructor(expected: readonly Fact[]) {
    this.#expected = expected
  }

  add(fact: Fact): void {
    this.seen.push(fact)
    this.#told()
  }

  /** Another log had none of it, or as many as were seen here; false on the first log. */
  isSurplus(text: string): boolean {
    if (this.#expected.length === 0) return false
    const count = (facts: readonly Fact[]): number => facts.filter((fact) => fact.text === text).length
    return count(this.seen) >= count(this.#expected)
  }

  /** Resolves when all is seen that was expected up to there. Rejects when nothing new comes any more. */
  async upTo(step: number, at: number): Promise<void> {
    const due = this.#expected.filter((fact) => fact.step < step || (fact.step === step && fact.at <= at))
    for (;;) {
      const missing = without(due, this.seen)
      if (missing.length === 0) return
      if (!(await this.#next())) throw new Error(this.#standstill(missing))
    }
  }

  /** False: it took too long. */
  #next(): Promise<boolean> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), STANDSTILL_MS)
      this.#told = () => {
        clearTimeout(late)
        resolve(true)
      }
    })
  }

  #standstill(missing: readonly Fact[]): string {
    const surplus = without(this.seen, this.#expected)
    const listed = (facts: readonly Fact[]): string => facts.map(({ at, text }) => `\n  ${at} ${text}`).join('')
    return `not seen:${listed(missing)}\nseen, and not expected:${listed(surplus)}`
  }
}

/** Those of the first that the second has not, each as often as it is there. */
function without(facts: readonly Fact[], others: readonly Fact[]): Fact[] {
  const counts = new Map<string, number>()
  for (const { text } of others) counts.set(text, (counts.get(text) ?? 0) + 1)
  return facts.filter(({ text }) => {
    const left = counts.get(text) ?? 0
    counts.set(text, left - 1)
    return left <= 0
  })
}
