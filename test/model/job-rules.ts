/** What the model says of commands about jobs and pauses (design §6, protocol §3). */
import { isDeepStrictEqual } from 'node:util'
import type { Command, Labels } from '../../src/core/commands.ts'
import { applied, by, type Fact, type Moment, rejected, timesOf } from './facts.ts'
import {
  askedId,
  cancelled,
  dueBeforeChange,
  hold,
  isOpenAsked,
  lastDue,
  lastHeld,
  makeRoom,
  NOBODY,
  open,
  resume,
  runIdOf,
} from './fire-rules.ts'
import { firstTime, timeAfter } from './plan.ts'
import { type Ask, changedSpec, flawOf, samePlan, sameSpec, type Spec, specOf } from './spec.ts'
import { ANY, hasLabels, type Job, type Pause, type Rule, type World } from './world.ts'

type Of<T extends Command['type']> = Extract<Command, { readonly type: T }>

const JOB_ID = /^[A-Za-z0-9._:@-]{1,200}$/

export function addJob(world: World, command: Of<'AddJob'>, ask: Ask, moment: Moment): Fact[] {
  const { jobId, ifExists } = command
  const given = command.job.nextFireTime ?? null
  if (!JOB_ID.test(jobId)) return rejected(command, 'invalid-id')
  const spec = specOf(ask)
  const flaw = flawOf(spec, world.executors)
  if (flaw !== null) return rejected(command, flaw)
  const job = world.job(jobId)
  if (job === undefined) return added(world, command, spec, given, moment)
  if (ifExists === 'keep') return applied(command)
  if (ifExists === 'reject') return rejected(command, 'job-exists')
  if (sameSpec(job.spec, spec) && given === null) return applied(command)
  // Without a trigger it runs once, now, whatever ran before; while it is still to run, with what it is added with.
  const restart = spec.plan.kind === 'once' && job.next === null
  return newVersion(world, job, command, { spec, given, restart }, moment)
}

function added(world: World, command: Of<'AddJob'>, spec: Spec, given: number | null, moment: Moment): Fact[] {
  const next = given ?? firstTime(spec.plan, moment.now, -1)
  if (next === null) return rejected(command, 'never-fires')
  const paused = command.job.paused === true
  const id = command.jobId
  world.jobs.set(id, {
    id,
    incarnation: `${moment.epoch}-${moment.seq}-${moment.index}`,
    version: 1,
    spec,
    anchor: moment.now,
    next,
    decided: -1,
    decidedCount: 0,
    paused: paused ? { reason: null, until: null } : null,
    heldThrough: null,
    open: [],
    ended: 0,
    last: null,
    missed: 0,
    skipped: 0,
    finished: [],
  })
  return [{ type: 'JobAdded', jobId: id, ...by(command), version: 1, anchor: moment.now, nextFireTime: next, paused }]
}

interface Change {
  readonly spec: Spec
  /** A first fire time that the client named. */
  readonly given: number | null
  /** The phase begins anew, even when the trigger is the same. */
  readonly restart: boolean
}

export function changeJob(world: World, command: Of<'ModifyJob' | 'RescheduleJob'>, ask: Ask, moment: Moment): Fact[] {
  const job = world.job(command.jobId)
  if (job === undefined) return rejected(command, 'job-not-found')
  if (command.version !== null && command.version !== job.version) return rejected(command, 'version-conflict')
  const spec = changedSpec(job.spec, ask)
  const flaw = flawOf(spec, world.executors)
  if (flaw !== null) return rejected(command, flaw)
  const given = command.type === 'ModifyJob' ? (command.job.nextFireTime ?? null) : null
  const restart = command.type === 'RescheduleJob'
  if (!restart && given === null && sameSpec(job.spec, spec)) return applied(command)
  return newVersion(world, job, command, { spec, given, restart }, moment)
}

/** Its fires are later than now and than the last decided one; a trigger that stays keeps its phase. */
function newVersion(world: World, job: Job, command: Command, change: Change, { now }: Moment): Fact[] {
  const { spec, given, restart } = change
  const keeps = !restart && samePlan(job.spec.plan, spec.plan)
  const isOfSchedule = !keeps || given !== null
  const anchor = keeps ? job.anchor : now
  const decided = isOfSchedule ? lastDue(job, now) : job.decided
  if (given !== null && given <= decided) return rejected(command, 'invalid-option')
  const next = given ?? (keeps ? job.next : firstTime(spec.plan, now, decided))
  if (isOfSchedule && next === null) return rejected(command, 'never-fires')
  const before = isOfSchedule ? dueBeforeChange(world, job, now) : []
  // The repetitions of a new phase are counted anew, and another next time is judged by no pause before it.
  if (anchor !== job.anchor || !samePlan(job.spec.plan, spec.plan)) job.decidedCount = 0
  const isSameNext = next === job.next
  if (!isSameNext) job.heldThrough = null
  const rules = world.rules.filter(({ labels }) => hasLabels(job, labels))
  job.version += 1
  job.spec = spec
  // Without the labels of a rule it is out of that pause, as when the rule ends; another next time is judged by none.
  const left = rules.filter(({ labels }) => !hasLabels(job, labels)).map((rule) => lastHeld(rule, now))
  const heldThrough = left.length === 0 ? null : Math.max(...left)
  if (heldThrough !== null && isSameNext) hold(job, heldThrough)
  job.anchor = anchor
  job.next = next
  world.admit(job)
  const { id: jobId, version } = job
  const modified = { type: 'JobModified', jobId, ...by(command), version, anchor, nextFireTime: next } as const
  return [...before, { ...modified, ...(heldThrough === null ? {} : { heldThrough }) }]
}

/** What runs may finish and report; what has not begun does not begin. */
export function removeJob(world: World, command: Of<'RemoveJob'>): Fact[] {
  const job = world.job(command.jobId)
  if (job === undefined) return rejected(command, 'job-not-found')
  const unbegun = world.openRuns(job).filter((run) => run.status === 'waiting' || run.status === 'retrying')
  const facts: Fact[] = unbegun.toReversed().map((run) => cancelled(run))
  for (const run of unbegun) world.touched.add(run.id)
  for (const run of unbegun) world.runs.delete(run.id)
  world.jobs.delete(job.id)
  return [...facts, { type: 'JobRemoved', jobId: job.id, ...by(command) }]
}

export function removeAll(world: World, command: Of<'RemoveAllJobs'>): Fact[] {
  const count = world.jobs.size
  if (count === 0) return applied(command)
  const unbegun = [...world.runs.values()].filter((run) => run.status === 'waiting' || run.status === 'retrying')
  for (const id of world.jobs.keys()) world.touched.add(id)
  for (const { id } of unbegun) {
    world.touched.add(id)
    world.runs.delete(id)
  }
  world.jobs.clear()
  return [{ type: 'JobsRemoved', ...by(command), count, cancelledRuns: unbegun.length }]
}

export function pauseJob(world: World, command: Of<'PauseJob'>): Fact[] {
  const job = world.job(command.jobId)
  if (job === undefined) return rejected(command, 'job-not-found')
  const pause = pauseOf(command, job.paused)
  if (isDeepStrictEqual(pause, job.paused)) return applied(command)
  job.paused = pause
  return [{ type: 'JobPaused', jobId: job.id, ...by(command), ...pause }]
}

/** One that is asked for again keeps its reason, unless it is given another; it ends as it is asked for now. */
function pauseOf(asked: Pause, present: Pause | null | undefined): Pause {
  return { reason: asked.reason ?? present?.reason ?? null, until: asked.until }
}

export function resumeJob(world: World, command: Of<'ResumeJob'>, moment: Moment): Fact[] {
  const job = world.job(command.jobId)
  if (job === undefined) return rejected(command, 'job-not-found')
  return job.paused === null ? applied(command) : resume(world, job, job.paused, moment.now, by(command))
}

export function pauseJobs(world: World, command: Of<'PauseJobs'>): Fact[] {
  const { labels } = command
  const rule = ruleOf(world, labels)
  const pause = pauseOf(command, rule)
  if (rule?.reason === pause.reason && rule.until === pause.until) return applied(command)
  world.rules = [...world.rules.filter((one) => one !== rule), { labels, ...pause }]
  return [{ type: 'JobsPaused', ...by(command), labels, ...pause }]
}

export function resumeJobs(world: World, command: Of<'ResumeJobs'>, moment: Moment): Fact[] {
  const rule = ruleOf(world, command.labels)
  return rule === undefined ? applied(command) : [endRule(world, rule, moment.now, by(command))]
}

/** What came due under the rule is skipped when the job's time is looked at next. */
function endRule(world: World, rule: Rule, now: number, cause: ReturnType<typeof by> | typeof NOBODY): Fact {
  const { labels } = rule
  const through = lastHeld(rule, now)
  world.rules = world.rules.filter((one) => one !== rule)
  for (const job of world.jobs.values()) {
    if (job.next === null || job.next > through || !hasLabels(job, labels)) continue
    world.touched.add(job.id)
    hold(job, through)
  }
  return { type: 'JobsResumed', ...cause, labels, through }
}

function ruleOf(world: World, labels: Labels): Rule | undefined {
  const key = (of: Labels): string => JSON.stringify(Object.entries(of).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return world.rules.find((rule) => key(rule.labels) === key(labels))
}

export function pauseSchedule(world: World, command: Of<'PauseSchedule'>): Fact[] {
  const pause = pauseOf(command, world.schedulePaused)
  if (isDeepStrictEqual(pause, world.schedulePaused)) return applied(command)
  world.schedulePaused = pause
  return [{ type: 'SchedulePaused', ...by(command), ...pause }]
}

export function resumeSchedule(world: World, command: Of<'ResumeSchedule'>): Fact[] {
  if (world.schedulePaused === null) return applied(command)
  world.schedulePaused = null
  return [{ type: 'ScheduleResumed', ...by(command) }]
}

/** Pauses of the schedule and by labels end by themselves. */
export function pausesAreDue(world: World, moment: Moment): Fact[] {
  const isOver = (until: number | null | undefined): boolean =>
    until !== null && until !== undefined && until <= moment.now
  const facts: Fact[] = []
  if (isOver(world.schedulePaused?.until)) {
    world.schedulePaused = null
    facts.push({ type: 'ScheduleResumed', ...NOBODY })
  }
  for (const rule of world.rules.filter(({ until }) => isOver(until))) {
    facts.push(endRule(world, rule, moment.now, NOBODY))
  }
  return facts
}

export function declareExecutor(world: World, command: Of<'DeclareExecutor'>): Fact[] {
  const { executor } = command
  if (world.executors.has(executor)) return applied(command)
  world.executors.add(executor)
  return [{ type: 'ExecutorDeclared', ...by(command), executor }]
}

/** Beside the schedule; over maxInstances it follows `overlap`. */
export function runJob(world: World, command: Of<'RunJob'>, moment: Moment): Fact[] {
  const job = world.job(command.jobId)
  if (job === undefined) return rejected(command, 'job-not-found')
  const room = makeRoom(world, job)
  if ('why' in room) return rejected(command, 'limit-exceeded')
  const payload = command.payload === null ? null : new TextDecoder().decode(command.payload)
  const asked = { by: by(command), asked: command.commandId, payload }
  const opening = { ...asked, at: moment.now, after: room.after, cause: 'run-now' } as const
  return [...room.facts, open(world, job, opening)]
}

const MOST_BACKFILLED = 500

/** The runs of a past range, one after another. */
export function backfillJob(world: World, command: Of<'BackfillJob'>, moment: Moment): Fact[] {
  const { from, to, dryRun } = command
  const job = world.job(command.jobId)
  if (job === undefined) return rejected(command, 'job-not-found')
  if (to <= from) return rejected(command, 'invalid-option')
  const times: number[] = []
  let at = timeAfter(job.spec.plan, job.anchor, from - 1, 0)
  while (at !== null && at < to && times.length <= MOST_BACKFILLED) {
    times.push(at)
    at = timeAfter(job.spec.plan, job.anchor, at, 0)
  }
  if (times.length > MOST_BACKFILLED) return rejected(command, 'limit-exceeded')
  if (dryRun || times.length === 0) return applied(command, timesOf(times))
  if (times.some((time) => isOpenAsked(job, time, command))) return rejected(command, 'expired')
  const asked = askedId(command, moment)
  let after = world.active(job).length < job.spec.maxInstances ? null : ANY
  return times.map((time) => {
    const fact = open(world, job, { at: time, after, cause: 'backfill', by: by(command), asked })
    after = runIdOf(job, time, asked)
    return fact
  })
}
