/** Every line of cases/*.jsonl through parseTrigger and nextFireTime. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../../../src/core/triggers/parse-trigger.ts'
import { TriggerError } from '../../../src/core/triggers/trigger-error.ts'

interface Case {
  readonly name: string
  readonly trigger: { readonly type: string }
  readonly after: number
  readonly take: number
  readonly expected: readonly number[]
  readonly ends: boolean
  readonly reject?: true
  readonly rule?: string
}

const REFUSALS: readonly string[] = ['invalid-trigger', 'unknown-zone', 'never-fires']

function readCases(file: string): Case[] {
  const text = readFileSync(new URL(`./cases/${file}.jsonl`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
}

function caught(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}

/** The first `take` fires, and whether the trigger is over after them. */
function fires({ trigger, after, take }: Case): { readonly instants: number[]; readonly over: boolean } {
  const parsed = parseTrigger(trigger)
  const instants: number[] = []
  let at: number | null = after
  while (instants.length < take) {
    at = nextFireTime(parsed, at)
    if (at === null) return { instants, over: true }
    instants.push(at)
  }
  return { instants, over: nextFireTime(parsed, at) === null }
}

describe.each(['extra', 'apscheduler', 'cron-random'])('the cases of %s.jsonl', (file) => {
  const cases = readCases(file)
  const valid = cases.filter((line) => line.reject === undefined)

  it.each(valid)('fires as expected: $name', (line) => {
    const { instants, over } = fires(line)
    expect(instants.map(iso)).toEqual(line.expected.map(iso))
    expect(over).toBe(line.ends)
  })

  const rejected = cases.filter((line) => line.reject === true)
  it.each(rejected)('is refused: $name', (line) => {
    const error = caught(() => parseTrigger(line.trigger))
    expect(error).toBeInstanceOf(TriggerError)
    expect((error as TriggerError).path).toMatch(/^trigger/)
    // Where the line names no code, any code of a refusal will do.
    const codes = line.rule?.startsWith('never-fires') === true ? ['never-fires'] : REFUSALS
    expect(codes).toContain((error as TriggerError).code)
  })

  it('keeps every valid trigger as it was written', () => {
    for (const { trigger } of valid) expect(parseTrigger(trigger)).toEqual(trigger)
  })
})

function iso(instant: number): string {
  return new Date(instant).toISOString()
}
