/** Triggers as a program uses them without a scheduler. */
import { expect, test } from 'vitest'
import { crontab, describeTrigger, nextFireTime, resolveTrigger } from '../../src/index.ts'

test('a trigger with H is resolved for a job, says itself in words, and tells its next fire', () => {
  const trigger = resolveTrigger(crontab('H 3 * * *'), { jobId: 'report', zone: 'Europe/Paris' })
  expect(describeTrigger(trigger)).toMatch(/Europe\/Paris/)
  const next = nextFireTime(trigger, Date.UTC(2027, 0, 1))
  expect(new Date(next ?? 0).toISOString()).toMatch(/^2027-01-01T02:\d\d:00\.000Z$/)
})
