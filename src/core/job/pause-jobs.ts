/**
 * Decides PauseJobs and ResumeJobs. A pause by labels is a rule in the state, one event whatever the number of jobs:
 * jobs added later with those labels are under it too. What comes due under it is skipped, job by job, when it ends.
 */
import { applied, causedBy, NO_COMMAND, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { CausedBy, Decided } from '../events.ts'
import { MAX_PAUSE_RULES } from '../limits.ts'
import type { Moment } from '../moment.ts'
import { reject } from '../rejections.ts'
import type { PauseRule, View } from '../state.ts'
import { sameLabels } from './labels.ts'
import { lastPaused, pauseOf, pauseProblem, ruleLabels, samePause } from './pause-options.ts'

type PauseJobs = Extract<Command, { type: 'PauseJobs' }>
type ResumeJobs = Extract<Command, { type: 'ResumeJobs' }>

export function pauseJobs(view: View, command: PauseJobs): Decided[] {
  const { labels, problem: inLabels } = ruleLabels(command.labels)
  const problem = inLabels ?? pauseProblem(command)
  if (problem !== null) return rejected(command, problem)
  const rule = view.pauseRules.find((one) => sameLabels(one.labels, labels))
  const pause = pauseOf(command, rule ?? null)
  if (samePause(rule ?? null, pause)) return applied(command)
  if (rule === undefined && view.pauseRules.length >= MAX_PAUSE_RULES) {
    const why = `labels: expected at most ${MAX_PAUSE_RULES} pauses by labels, got one more`
    return rejected(command, reject('limit-exceeded', why, 'labels'))
  }
  return [{ type: 'JobsPaused', ...causedBy(command), labels, ...pause }]
}

export function resumeJobs(view: View, command: ResumeJobs, moment: Moment): Decided[] {
  const { labels, problem } = ruleLabels(command.labels)
  if (problem !== null) return rejected(command, problem)
  const rule = view.pauseRules.find((one) => sameLabels(one.labels, labels))
  return rule === undefined ? applied(command) : [resumed(rule, causedBy(command), moment)]
}

/** Rules whose time is over end by themselves. */
export function pauseRulesOver(view: View, moment: Moment): Decided[] {
  const over = view.pauseRules.filter((rule) => rule.until !== null && rule.until <= moment.now)
  return over.map((rule) => resumed(rule, NO_COMMAND, moment))
}

function resumed(rule: PauseRule, by: CausedBy, moment: Moment): Decided {
  return { type: 'JobsResumed', ...by, labels: rule.labels, through: lastPaused(rule, moment.now) }
}
