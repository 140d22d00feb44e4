import { MAX_INSTANT_MS, MIN_INSTANT_MS } from '../limits.ts'
import { reject, type Rejection } from '../rejections.ts'
import { shown } from './check.ts'
import type { JobInput } from './definition.ts'

/** The first fire that a client asked for, instead of the trigger's; null when it did not. */
export function givenFireTime(input: JobInput): number | null | Rejection {
  const at = input.nextFireTime
  if (at === undefined || at === null) return null
  if (Number.isInteger(at) && at >= MIN_INSTANT_MS && at <= MAX_INSTANT_MS) return at
  const reason = `job.nextFireTime: expected an instant of the years 1970 to 9999 in ms, got ${shown(at)}`
  return reject('invalid-option', reason, 'job.nextFireTime')
}
