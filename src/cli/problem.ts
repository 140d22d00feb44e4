/** Something in a log that does not hold. */
export interface Problem {
  readonly partition: number
  readonly offset: number
  /** `chain`, `record`, or the invariant's number. */
  readonly rule: string
  readonly what: string
}

/** Takes what is wrong with the event at an offset. */
export type Complain = (offset: number, rule: string, what: string) => void
