/**
 * Any input to any parser of triggers ends in an answer or a TriggerError, soon. What a parser accepts has a description,
 * the same JSON after a round trip, and next times that rise.
 */
import { describeTrigger } from '../../src/core/triggers/describe-trigger.ts'
import { parseDurationMs } from '../../src/core/triggers/duration.ts'
import { parseInstantMs } from '../../src/core/triggers/instant.ts'
import { nextFireTime } from '../../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../../src/core/triggers/parse-trigger.ts'
import { resolveTrigger } from '../../src/core/triggers/resolve-trigger.ts'
import { TriggerError } from '../../src/core/triggers/trigger-error.ts'
import { anyText, triggerJson } from './inputs.ts'
import { createRandom } from './random.ts'

export interface Fuzzed {
  readonly inputs: number
  readonly accepted: number
  readonly slowestMs: number
  /** What took so long. */
  readonly slowest: string
  /** What went wrong, with the input; empty when nothing did. */
  readonly problems: readonly string[]
}

const AFTER = Date.UTC(2027, 0, 1)
const MAX_PROBLEMS = 10

/** `progress` is told every so many inputs. */
export function fuzzTriggers(seed: number, inputs: number, progress: (done: number) => void = () => {}): Fuzzed {
  const random = createRandom(seed)
  const problems: string[] = []
  let accepted = 0
  let slowestMs = 0
  let slowest = ''
  for (let done = 0; done < inputs && problems.length < MAX_PROBLEMS; done += 1) {
    const isTrigger = random.chance(0.8)
    const input = isTrigger ? triggerJson(random) : anyText(random)
    const began = performance.now()
    try {
      if (isTrigger) checkTrigger(input)
      else checkNumbers(input)
      accepted += 1
    } catch (error) {
      if (!(error instanceof TriggerError)) problems.push(`${String(error)}: ${shown(input)}`)
    }
    const took = performance.now() - began
    if (took > slowestMs) {
      slowestMs = took
      slowest = shown(input)
    }
    if (done % PROGRESS_EVERY === PROGRESS_EVERY - 1) progress(done + 1)
  }
  return { inputs, accepted, slowestMs, slowest, problems }
}

const PROGRESS_EVERY = 100_000

function checkTrigger(json: unknown): void {
  const parsed = parseTrigger(json)
  if (describeTrigger(parsed) === '') throw new Error('has no description')
  const again = JSON.stringify(parseTrigger(JSON.parse(JSON.stringify(parsed))))
  if (again !== JSON.stringify(parsed)) throw new Error('changes in a round trip')
  const trigger = resolveTrigger(parsed, { jobId: 'fuzz', zone: 'UTC' })
  const first = nextFireTime(trigger, AFTER)
  const second = first === null ? null : nextFireTime(trigger, first)
  if (first !== null && first <= AFTER) throw new Error(`fires at ${first}`)
  if (second !== null && first !== null && second <= first) throw new Error(`fires at ${second} after ${first}`)
}

function checkNumbers(input: unknown): void {
  let refused = 0
  let refusal: TriggerError | null = null
  for (const parse of [parseDurationMs, parseInstantMs]) {
    try {
      const value = parse(input, 'input')
      if (!Number.isSafeInteger(value)) throw new Error(`gives ${value}`)
    } catch (error) {
      if (!(error instanceof TriggerError)) throw error
      refused += 1
      refusal = error
    }
  }
  if (refused === 2 && refusal !== null) throw refusal
}

function shown(input: unknown): string {
  try {
    return JSON.stringify(input) ?? String(input)
  } catch {
    return String(input)
  }
}
