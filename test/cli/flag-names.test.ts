import { expect, test } from 'vitest'
import { withFlagNames } from '../../src/cli/flag-names.ts'

const CASES: readonly (readonly [message: string, words: readonly string[], told: string])[] = [
  ['job.timeoutMs: expected a', ['--timeout', '1'], '--timeout: expected a'],
  ['job.retry.maxAttempts: expected a', ['--max-attempts=0'], '--max-attempts: expected a'],
  ['trigger.expression: expected a', ['--cron', 'x'], '--cron: expected a'],
  ['trigger.expression: expected a', ['next', 'x'], '<expr>: expected a'],
  ['job.trigger.triggers[1].at: expected a', ['--trigger', '{}'], '--trigger triggers[1].at: expected a'],
  ['trigger.zone: expected a', ['--every', '1h', '--zone', 'x'], '--zone: expected a'],
  ['trigger.zone: expected a', ['--trigger', '{}'], '--trigger zone: expected a'],
  ['log: expected a', ['--log=x'], '--log: expected a'],
  ['log: expected a', [], 'HOROLOG_LOG: expected a'],
  ['to: expected a time later than `from`', ['--from', 'x', '--to', 'y'], '--to: expected a time later than --from'],
]

test.each(CASES)('%s, typed as %j, is told as %s', (message, words, told) => {
  expect(withFlagNames(message, words)).toBe(told)
})

test('what no flag has set keeps its name', () => {
  for (const message of ['commandId: expected a', 'verify: broken', 'no job "a": in b', 'job.unheard: `of`']) {
    expect(withFlagNames(message, ['--log', 'x'])).toBe(message)
  }
})
