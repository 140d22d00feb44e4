/** The examples of docs/triggers.md, as they stand there. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { crontab } from '../../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import type { DstPolicy } from '../../../src/core/triggers/trigger.ts'
import { offsetAt } from '../../../src/core/triggers/zone.ts'

const page = readFileSync(new URL('../../../docs/triggers.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```fires\n(.*)\n([^`]*)```/g)].map(([, head = '', lines = '']) => {
  const [, expression = '', zone = '', after = ''] = /^crontab (.*) in (\S+) after (\S+)$/.exec(head) ?? []
  return { head, expression, zone, after, lines: lines.trim().split('\n') }
})

/** Local time in a zone, with its offset. */
function local(zone: string, at: number): string {
  const offset = offsetAt(zone, at)
  const hours = String(Math.abs(offset) / 3_600_000).padStart(2, '0')
  return `${new Date(at + offset).toISOString().slice(0, 16)}${offset < 0 ? '-' : '+'}${hours}:00`
}

test('there is an example of a gap and of an overlap for each policy', () => {
  const policies = examples.slice(0, 2).map(({ lines }) => lines.map((line) => line.split(':')[0]))
  expect(policies).toEqual([
    ['compatible', 'vixie', 'skip', 'wall'],
    ['compatible', 'vixie', 'skip', 'wall'],
  ])
})

describe.each(examples)('$head', ({ expression, zone, after, lines }) => {
  test.each(lines)('%s', (line) => {
    const [policy = '', ...times] = line.split(/:? /)
    let at = Date.parse(`${after}Z`) - offsetAt(zone, Date.parse(`${after}Z`))
    const trigger = crontab(expression, { zone, dst: policy as DstPolicy })
    for (const time of times) {
      at = nextFireTime(trigger, at) ?? Number.NaN
      // The offset is written where there are two.
      expect(local(zone, at).slice(0, time.length)).toBe(time)
    }
  })
})
