/** Triggers as a program uses them without a scheduler. */
import { expect, test } from 'vitest'
import { crontab, describeTrigger, interval, nextFireTime, resolveTrigger } from '../../src/index.ts'

test('a trigger with H is resolved for a job, says itself in words, and tells its next fire', () => {
  const trigger = resolveTrigger(crontab('H 3 * * *'), { jobId: 'report', zone: 'Europe/Paris' })
  expect(describeTrigger(trigger)).toMatch(/Europe\/Paris/)
  const next = nextFireTime(trigger, Date.UTC(2027, 0, 1))
  expect(new Date(next ?? 0).toISOString()).toMatch(/^2027-01-01T02:\d\d:00\.000Z$/)
})

test('the next fire is asked for with a Date as with epoch milliseconds', () => {
  const after = new Date('2027-01-01T00:00:00Z')
  const every = interval('1h')
  expect(nextFireTime(every, after, after)).toBe(after.getTime() + 3_600_000)
  expect(nextFireTime(every, after, after)).toBe(nextFireTime(every, after.getTime(), after.getTime()))
  expect(() => nextFireTime(every, new Date('noon'))).toThrow('after: expected epoch milliseconds, got NaN')
})
