/** docs/triggers.md against the code: its examples fire as it says, and it names every trigger and every option. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as horolog from '../../src/index.ts'
import { crontab, nextFireTime, type Trigger } from '../../src/index.ts'
import type { DstPolicy, Exclusion } from '../../src/core/triggers/trigger.ts'
import { offsetAt } from '../../src/core/triggers/zone.ts'

const page = readFileSync(new URL('../../docs/triggers.md', import.meta.url), 'utf8')

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)
}

/** A local time of the zone with what `like` has of seconds and offset. */
function local(zone: string, at: number, like: string): string {
  const offset = offsetAt(zone, at)
  const sign = offset < 0 ? '-' : '+'
  const text = new Date(at + offset).toISOString()
  const hours = String(Math.abs(offset) / 3_600_000).padStart(2, '0')
  const precise = /T\d\d:\d\d:\d\d/.test(like) ? text.slice(0, 19) : text.slice(0, 16)
  return /[+-]\d\d:\d\d$/.test(like) ? `${precise}${sign}${hours}:00` : precise
}

function instant(zone: string, text: string): number {
  const utc = Date.parse(`${text}Z`)
  return utc - offsetAt(zone, utc)
}

/** Its fires after a time, written as those that are expected; `none` when there is no further one. */
function fires(trigger: Trigger, zone: string, after: string, expected: readonly string[]): string[] {
  let at: number | null = instant(zone, after)
  return expected.map((like) => {
    if (at !== null) at = nextFireTime(trigger, at)
    return at === null ? 'none' : local(zone, at, like)
  })
}

function made(code: string): Trigger {
  // The page's own code, with what the package exports in scope.
  // oxlint-disable-next-line typescript/no-implied-eval -- it is our page that is run
  const evaluate = new Function(...Object.keys(horolog), `return ${code}`) as (...names: unknown[]) => Trigger
  return evaluate(...Object.values(horolog))
}

interface Example {
  readonly code: string
  readonly says: string
}

/** A trigger and the comment below it. */
const examples: readonly Example[] = blocks('js').flatMap((block) =>
  [...block.matchAll(/([^\n/][^]*?)\n\/\/ (.*)/g)].map(([, code = '', says = '']) => ({ code: code.trim(), says })),
)

/** What the comment should say: in the form that it has. */
function saying({ code, says }: Example): string {
  const [, head = '', named, after = '', list = ''] = /^((?:in (\S+) )?after (\S+): )(.+)$/.exec(says) ?? []
  try {
    const trigger = made(code)
    const zone = named ?? ('zone' in trigger ? trigger.zone : undefined) ?? 'UTC'
    return `${head}${fires(trigger, zone, after === '' ? '2027-01-01T00:00' : after, list.split(' ')).join(' ')}`
  } catch (error) {
    return `throws ${(error as { code: string }).code}`
  }
}

describe('an example', () => {
  test.each(examples)('$code', (example) => {
    expect(saying(example)).toBe(example.says)
  })

  test('is found below each trigger, as many as there are comments', () => {
    expect(examples).toHaveLength(
      [
        ...blocks('js')
          .join('\n')
          .matchAll(/^\/\/ /gm),
      ].length,
    )
    expect(examples.length).toBeGreaterThan(25)
  })
})

const clockChanges = blocks('fires').map((block) => {
  const [head = '', ...lines] = block.trim().split('\n')
  const [, expression = '', zone = '', after = ''] = /^crontab (.*) in (\S+) after (\S+)$/.exec(head) ?? []
  return { head, expression, zone, after, lines }
})

describe.each(clockChanges)('$head', ({ expression, zone, after, lines }) => {
  test.each(lines)('%s', (line) => {
    const [policy = '', ...expected] = line.split(/:? /)
    const trigger = crontab(expression, { zone, dst: policy as DstPolicy })
    expect(fires(trigger, zone, after, expected)).toEqual(expected)
  })
})

test('there is an example of a gap and of an overlap for each policy', () => {
  const policies = clockChanges.slice(0, 2).map(({ lines }) => lines.map((line) => line.split(':')[0]))
  expect(policies).toEqual([
    ['compatible', 'vixie', 'skip', 'wall'],
    ['compatible', 'vixie', 'skip', 'wall'],
  ])
})

type Members<T> = { readonly [K in Exclude<keyof T, 'type'>]-?: true }
type Keys<T> = T extends unknown ? keyof T : never

const JOB = { repeat: true, jitterMs: true } as const
const BOUNDED = { zone: true, start: true, end: true, ...JOB } as const
/** What each has besides its type, by the title of its section: the compiler holds this complete. */
const SECTIONS: { readonly [T in Trigger as T['type']]: readonly [title: string, members: Members<T>] } = {
  date: ['date', { at: true, zone: true, ...JOB }],
  interval: ['interval', { every: true, ...BOUNDED }],
  crontab: ['crontab', { expression: true, dst: true, ...BOUNDED }],
  cron: ['cron with fields', { fields: true, dst: true, ...BOUNDED }],
  'calendar-interval': [
    'calendarInterval',
    { years: true, months: true, weeks: true, days: true, time: true, ...BOUNDED },
  ],
  'daily-window': ['dailyWindow', { every: true, from: true, to: true, weekdays: true, dst: true, ...BOUNDED }],
  rrule: ['rrule', { rule: true, ...JOB }],
  and: ['and, or', { triggers: true, ...JOB }],
  or: ['and, or', { triggers: true, ...JOB }],
  excluding: ['excluding', { trigger: true, exclude: true, zone: true, ...JOB }],
}
const EXCLUSIONS: { readonly [K in Keys<Exclusion>]: true } = {
  ...{ weekdays: true, dates: true, annual: true, time: true, cron: true, holidays: true },
}

function sectionOf(title: string): string {
  const [, text = ''] = page.split(`\n## ${title}\n`)
  return text.split('\n## ')[0] ?? ''
}

test.each(Object.entries(SECTIONS))('the section of %s names each of its members', (type, [title, members]) => {
  const words = new Set(sectionOf(title).match(/\w+/g))
  // The constructors of cron take these as their first argument, and as options what all cron triggers have.
  const asArgument: Readonly<Record<string, readonly string[]>> = {
    crontab: ['expression'],
    cron: ['fields', ...Object.keys({ dst: true, ...BOUNDED })],
  }
  const missing = Object.keys(members).filter((name) => !words.has(name) && !asArgument[type]?.includes(name))
  expect(missing).toEqual([])
})

test('the section of excluding has each kind of exclusion, and the common section each option', () => {
  const kinds = Object.keys(EXCLUSIONS)
  expect(kinds.filter((kind) => sectionOf('excluding').includes(`{ ${kind}: `))).toEqual(kinds)
  const common = ['zone', 'start', 'end', 'dst', 'repeat', 'jitterMs']
  expect(common.filter((name) => sectionOf('Options that several have').includes(`\`${name}\``))).toEqual(common)
})
