/**
 * `H` in crontab text: a value that differs from job to job but never for one job, so that a thousand `H * * * *` do not
 * fire in the same minute (an idea of Jenkins). Replaced once, when a job is added; what is stored has the value.
 */

import { createHash } from 'node:crypto'
import { parseHash, splitCrontab } from './crontab.ts'
import type { HashRange } from './crontab.ts'
import { splitList } from './field-text.ts'

const TWO_TO_48 = 2 ** 48

/**
 * The text with every `H` replaced by its value for this job, the same whenever it is asked. Fields of one job differ in
 * their share; equal fields of one text have the same. Throws TriggerError `invalid-trigger`.
 */
export function resolveHash(expression: string, jobId: string, path: string): string {
  return splitCrontab(expression, path)
    .map(({ name, text, place }) =>
      splitList(text, place)
        .map((item) => {
          const range = parseHash(item, name)
          return range === null ? item.text : valueText(range, hashShare(jobId, name))
        })
        .join(','),
    )
    .join(' ')
}

function valueText({ from, to, step }: HashRange, share: number): string {
  if (step === null) return String(from + Math.floor(share * (to - from + 1)))
  const first = from + Math.floor(share * step)
  // A first value close to the end leaves no room for a step.
  return step <= to - first ? `${first}-${to}/${step}` : String(first)
}

/** A number from 0 up to 1 that depends on the job and the field only. */
function hashShare(jobId: string, fieldName: string): number {
  const digest = createHash('sha256').update(`${jobId}\n${fieldName}`, 'utf8').digest()
  return digest.readUIntBE(0, 6) / TWO_TO_48
}
