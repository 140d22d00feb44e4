/** What the model says of due times: pauses, grace, coalescing, the limit of instances (design §6). */
import type { Command } from '../../src/core/commands.ts'
import type { CausedBy, RunCause, Times } from '../../src/core/events.ts'
import { type Fact, type Moment, timesOf } from './facts.ts'
import { dueTime, timeAfter } from './plan.ts'
import { ANY, type Job, type Pause, type Run, type World } from './world.ts'

/** When the job is due for a decision; null: it waits for nothing. */
export function jobDue(world: World, job: Job): number | null {
  if (job.paused !== null && world.schedulePaused === null) return job.paused.until
  return world.isHeld(job) || job.next === null ? null : dueOf(job, job.next)
}

export function jobIsDue(world: World, jobId: string, moment: Moment): Fact[] {
  const job = world.job(jobId)
  const due = job === undefined ? null : jobDue(world, job)
  if (job === undefined || due === null || due > moment.now) return []
  return job.paused === null ? fire(world, job, moment) : resume(world, job, job.paused, moment.now)
}

function dueOf(job: Job, at: number): number {
  return dueTime(job.spec.plan, job.id, at)
}

type DueOf = typeof dueOf

/** Before a change of the schedule no time waits for its jitter. */
function dueBy(now: number): DueOf {
  return (job, at) => (at <= now ? Math.min(dueOf(job, at), now) : dueOf(job, at))
}

/** The scheduled times that are due by `through`, and the one after them. */
function timesThrough(
  job: Job,
  through: number,
  due: DueOf = dueOf,
): { readonly times: number[]; readonly next: number | null } {
  const times: number[] = []
  let at = job.next
  while (at !== null && due(job, at) <= through) {
    times.push(at)
    at = timeAfter(job.spec.plan, job.anchor, at, job.decidedCount + times.length)
  }
  return { times, next: at }
}

function fire(world: World, job: Job, { now }: Moment): Fact[] {
  const facts = dueTimes(world, job, now, job.heldThrough)
  return [...facts, ...finish(world, job)]
}

/** What becomes of the times that are due: the first ones, up to `heldThrough`, are skipped. */
function dueTimes(world: World, job: Job, now: number, heldThrough: number | null, due: DueOf = dueOf): Fact[] {
  const { misfireGraceMs, coalesce, maxCatchUp } = job.spec
  const { times, next } = timesThrough(job, now, due)
  const held = firstOf(times, (at) => heldThrough !== null && due(job, at) <= heldThrough)
  const others = times.slice(held.length)
  const late = firstOf(others, (at) => misfireGraceMs !== null && now - due(job, at) > misfireGraceMs)
  const ready = others.slice(late.length)
  const facts: Fact[] = [
    ...passed(job, 'RunSkipped', held, late[0] ?? ready[0] ?? next, 'paused'),
    ...passed(job, 'RunMissed', late, ready[0] ?? next),
  ]
  const [earliest] = ready
  const latest = ready.at(-1)
  if (earliest === undefined || latest === undefined) return facts
  const room = makeRoom(world, job)
  if ('why' in room) return [...facts, ...passed(job, 'RunSkipped', ready, next, room.why)]
  facts.push(...room.facts)
  if (coalesce !== 'all') {
    const at = coalesce === 'latest' ? latest : earliest
    const coalesced = timesOf(ready.filter((time) => time !== at))
    return [...facts, triggered(world, job, at, { after: room.after, next, coalesced })]
  }
  const kept = ready.slice(-maxCatchUp)
  facts.push(...passed(job, 'RunMissed', ready.slice(0, ready.length - kept.length), next))
  let { after } = room
  for (const at of kept) {
    facts.push(triggered(world, job, at, { after, next, coalesced: null }))
    after = runIdOf(job, at)
  }
  return facts
}

/** Those before the first that is not so. */
function firstOf(times: readonly number[], isSo: (at: number) => boolean): readonly number[] {
  const end = times.findIndex((at) => !isSo(at))
  return end === -1 ? times : times.slice(0, end)
}

/** The last time that a change of the schedule finds decided. */
export function lastDue(job: Job, now: number): number {
  return timesThrough(job, now, dueBy(now)).times.at(-1) ?? job.decided
}

/** What is due before a change is decided by what the job was until then; a held job skips it. */
export function dueBeforeChange(world: World, job: Job, now: number): Fact[] {
  return dueTimes(world, job, now, world.isHeld(job) ? now : job.heldThrough, dueBy(now))
}

/** Times that were decided without a run. */
function passed(
  job: Job,
  type: 'RunSkipped' | 'RunMissed',
  all: readonly number[],
  next: number | null,
  why?: 'paused' | 'max-instances' | 'queue-full',
): Fact[] {
  const times = timesOf(all)
  if (times === null) return []
  decide(job, times, next)
  if (type === 'RunMissed') job.missed += times.count
  else job.skipped += times.count
  const common = { jobId: job.id, runId: null, times, nextFireTime: next }
  return type === 'RunMissed' ? [{ type, ...common }] : [{ type, ...common, ...(why === undefined ? {} : { why }) }]
}

function decide(job: Job, times: Times, next: number | null): void {
  job.decided = Math.max(job.decided, times.last)
  job.decidedCount += times.count
  job.next = next
}

interface Fire {
  readonly after: string | null
  readonly next: number | null
  readonly coalesced: Times | null
}

function triggered(world: World, job: Job, at: number, { after, next, coalesced }: Fire): Fact {
  const { misfireGraceMs } = job.spec
  decide(
    job,
    { first: at, last: Math.max(at, coalesced?.last ?? at), count: 1 + (coalesced?.count ?? 0), listed: [] },
    next,
  )
  const dueAt = dueOf(job, at)
  const startBefore = misfireGraceMs === null ? null : dueAt + misfireGraceMs
  return open(world, job, { at, dueAt, after, cause: 'trigger', coalesced, startBefore, by: NOBODY })
}

export const NOBODY = { commandId: null, commandGiven: false, actor: null } as const

interface Opening {
  readonly at: number
  /** Default: `at`. */
  readonly dueAt?: number
  readonly after: string | null
  readonly cause: RunCause
  readonly by: Pick<CausedBy, 'commandId' | 'commandGiven' | 'actor'>
  /** The last part of the run's id; null: its trigger made it. */
  readonly asked?: string | null
  readonly coalesced?: Times | null
  readonly startBefore?: number | null
  readonly retryOf?: string | null
  readonly payload?: string | null
}

/** One more run of the job. */
export function open(world: World, job: Job, opening: Opening): Fact {
  const {
    at,
    dueAt = at,
    after,
    cause,
    by,
    coalesced = null,
    startBefore = null,
    retryOf = null,
    payload = null,
  } = opening
  const id = runIdOf(job, at, opening.asked)
  const run: Run = {
    id,
    jobId: job.id,
    incarnation: job.incarnation,
    at,
    dueAt,
    cause,
    version: job.version,
    spec: job.spec,
    startBefore,
    payload,
    after,
    status: after === null ? 'queued' : 'waiting',
    attempt: 1,
    startedAt: null,
    runningSince: null,
    executor: null,
    starts: 0,
    granted: false,
    retryAt: null,
    unknownTask: 0,
    cancelRequested: false,
  }
  world.touched.add(id)
  world.runs.set(id, run)
  job.open.push(id)
  return {
    type: 'RunQueued',
    ...by,
    jobId: job.id,
    runId: id,
    scheduledAt: at,
    dueAt,
    cause,
    jobVersion: job.version,
    executor: job.spec.executor,
    startBefore,
    after,
    coalesced,
    retryOf,
    nextFireTime: job.next,
  }
}

/** Protocol §1. */
export function runIdOf(job: Job, at: number, asked: string | null = null): string {
  const id = `${job.id}/${job.incarnation}/${new Date(at).toISOString().replaceAll(/[-:]/g, '')}`
  return asked === null ? id : `${id}/${asked}`
}

/** A given id may come again when it is forgotten, for the same past time: the place of the decision goes with it. */
export function askedId({ commandId, commandGiven }: Command, { epoch, seq, index }: Moment): string {
  return commandGiven ? `${commandId}/${epoch}-${seq}-${index}` : commandId
}

/** It came again while the run is open that it asked for. */
export function isOpenAsked(job: Job, at: number, { commandId }: Command): boolean {
  const id = runIdOf(job, at, commandId)
  return job.open.some((open) => open === id || open.startsWith(`${id}/`))
}

/** A job without a further time is over with its last run. */
export function finish(world: World, job: Job): Fact[] {
  if (job.next !== null || job.open.length > 0) return []
  world.jobs.delete(job.id)
  return [{ type: 'JobFinished', jobId: job.id }]
}

type Room =
  | { readonly facts: readonly Fact[]; readonly after: string | null }
  | { readonly why: 'max-instances' | 'queue-full' }

/** Whether one more run may be, and what it waits for. */
export function makeRoom(world: World, job: Job): Room {
  const { maxInstances, overlap, queueLimit } = job.spec
  const active = world.active(job)
  if (active.length < maxInstances) return { facts: [], after: null }
  const waiting = world.openRuns(job).filter((run) => run.status === 'waiting')
  switch (overlap) {
    case 'skip':
      return { why: 'max-instances' }
    case 'queue': {
      const queued = waiting.filter((run) => run.after === ANY).length
      return queued >= queueLimit ? { why: 'queue-full' } : { facts: [], after: ANY }
    }
    case 'cancel-running':
      return displace(world, waiting, active, active.length - maxInstances + 1)
  }
}

/** The oldest must go, those first that were not asked to; what waited for a place is overtaken. */
function displace(world: World, waiting: readonly Run[], active: readonly Run[], count: number): Room {
  const byAge = [...active.filter((run) => !run.cancelRequested), ...active.filter((run) => run.cancelRequested)]
  const displaced = byAge.slice(0, count)
  const ended = [...waiting, ...displaced.filter((run) => run.status !== 'running')]
  const running = displaced.filter((run) => run.status === 'running')
  const facts: Fact[] = waiting.map((run) => cancelled(run))
  for (const run of displaced) {
    if (run.status !== 'running') facts.push(cancelled(run))
    else if (!run.cancelRequested) facts.push(requestCancel(world, run, NOBODY))
  }
  for (const run of ended) world.end(run, 'cancelled')
  if (running.length === 0) return { facts, after: null }
  return { facts, after: displaced.length === 1 ? (running[0]?.id ?? null) : ANY }
}

export function cancelled(run: Run): Fact {
  const { jobId, id: runId, attempt, at: scheduledAt, startedAt, executor } = run
  return { type: 'RunCancelled', ...NOBODY, jobId, runId, attempt, scheduledAt, startedAt, executor }
}

export function requestCancel(world: World, run: Run, cause: Opening['by']): Fact {
  world.touched.add(run.id)
  run.cancelRequested = true
  return { type: 'RunCancelRequested', ...cause, jobId: run.jobId, runId: run.id, attempt: run.attempt }
}

/** The pause is over; what came due during it is skipped. */
export function resume(world: World, job: Job, pause: Pause, now: number, cause: Opening['by'] = NOBODY): Fact[] {
  const through = lastHeld(pause, now)
  const { times, next } = timesThrough(job, through)
  const skipped = timesOf(times)
  job.paused = null
  hold(job, through)
  if (skipped !== null) {
    decide(job, skipped, next)
    job.skipped += skipped.count
  }
  return [{ type: 'JobResumed', ...cause, jobId: job.id, through, skipped, nextFireTime: next }, ...finish(world, job)]
}

/** The last instant of a pause that ends at `now`, or ended by itself before. */
export function lastHeld(pause: Pause, now: number): number {
  return pause.until === null ? now : Math.min(now, pause.until - 1)
}

export function hold(job: Job, through: number): void {
  job.heldThrough = Math.max(job.heldThrough ?? through, through)
}
