import { MAX_CONCURRENCY } from '../core/limits.ts'
import { OperationalError } from '../ports/operational-error.ts'

/** Throws `invalid-option` unless it is a whole number from 1 to 10,000. */
export function checkConcurrency(executor: string, concurrency: number): void {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return
  const expected = `a whole number from 1 to ${MAX_CONCURRENCY}`
  throw new OperationalError(
    'invalid-option',
    `executor ${executor}, concurrency: expected ${expected}, got ${String(concurrency)}`,
  )
}
