import type { Labels } from '../commands.ts'
import { MAX_DESCRIPTION_CHARS, MAX_INSTANT_MS, MAX_LABELS, MAX_NAME_CHARS, MIN_INSTANT_MS } from '../limits.ts'
import type { Rejection } from '../rejections.ts'
import { note, type Problems, text, texts, wholeOrNull } from './check.ts'
import type { JobPause } from './job-state.ts'

/** What is wrong with the reason or the end of a pause. */
export function pauseProblem(options: { readonly reason: unknown; readonly until: unknown }): Rejection | null {
  const problems: Problems = { first: null }
  text(problems, 'reason', options.reason, MAX_DESCRIPTION_CHARS)
  wholeOrNull(problems, 'until', options.until, { min: MIN_INSTANT_MS, max: MAX_INSTANT_MS }, null)
  return problems.first
}

/** The labels of a rule as the log has them, and what is wrong with them. */
export function ruleLabels(given: Labels): { readonly labels: Labels; readonly problem: Rejection | null } {
  const problems: Problems = { first: null }
  if (typeof given !== 'object' || given === null)
    note(problems, 'invalid-option', 'labels', 'an object of texts', given)
  const labels = texts(problems, 'labels', given, { entries: MAX_LABELS, chars: MAX_NAME_CHARS })
  return { labels, problem: problems.first }
}

/** A pause that is asked for again keeps the reason that it has, unless it is given another; it ends as it is asked now. */
export function pauseOf(asked: JobPause, present: JobPause | null): JobPause {
  return { reason: asked.reason ?? present?.reason ?? null, until: asked.until }
}

export function samePause(a: JobPause | null, b: JobPause): boolean {
  return a !== null && a.reason === b.reason && a.until === b.until
}

/** The last instant of a pause that is over at `now`: at its end, when it had one, it holds nothing any more. */
export function lastPaused(pause: JobPause, now: number): number {
  return pause.until === null ? now : Math.min(now, pause.until - 1)
}
