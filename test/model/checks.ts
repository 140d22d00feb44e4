/**
 * What holds after each act: the log says what the model says (`observer.ts` has seen to that), every node that is up to
 * date holds the fold of the log, callers were told the truth, and an owner that is at rest has left nothing undone.
 * Of the invariants of design §10 these are here: I4, I5, I6, I10 and I12; the others are in `invariants.ts`, but for
 * I13, which compares logs and so is no matter of one.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Snapshot, snapshot } from '../support/state-snapshot.ts'
import { compareAll, compareFinished, compareOne, compareRequest, compareRest } from './compare.ts'
import type { Moment } from './facts.ts'
import { jobDue } from './fire-rules.ts'
import { attemptKey, cancelEffect, type Member } from './member.ts'
import { foldOf, type Observer } from './observer.ts'
import { isAbandoned, runDue } from './run-rules.ts'
import { heartbeatOf } from './spec.ts'
import { type Place, placeOf, type Submission } from './submission.ts'
import type { System } from './system.ts'
import type { Run } from './world.ts'

export function check(system: System): void {
  checkMembers(system)
  for (const [partition, observer] of system.observers.entries()) {
    const touched = observer.takeTouched()
    for (const id of touched) compareOne(observer.world, observer.fold.state, id)
    compareRest(observer.world, observer.fold.state)
    for (const member of system.alive) {
      if (isUpToDate(member, partition, observer)) for (const id of touched) sameAsFold(member, partition, observer, id)
      else if (member.partition(partition).mode === 'following')
        throw new Error(`${member.name} follows, and is behind the log`)
    }
    const owner = ownerAtRest(system, partition, observer)
    if (owner !== undefined) checkOwner(system, owner, partition, observer)
  }
  checkAnswers(system)
}

/** I12: nothing stops a partition. What is asked of executors stands on the log. */
function checkMembers({ members, observers, problems }: System): void {
  if (problems[0] !== undefined) throw problems[0]
  for (const member of members) {
    const [failure] = member.failures
    if (failure !== undefined && (member.isAlive || failure.name === 'AssertionError')) throw failure
    for (const [key, { partition }] of member.requests) {
      if (!observers[partition]?.attempts.has(key)) throw new Error(`${member.name} dispatched ${key}, not on the log`)
    }
    for (const effect of member.effects) {
      const [verb, key, executor] = effect.split(' ')
      if (verb !== 'grant' || observers.some(({ grants }) => grants.has(`${key} ${executor}`))) continue
      throw new Error(`${member.name} granted ${key} to ${executor}, which is not on the log`)
    }
  }
}

/** Where the member stands in the partition; an owner reads what others wrote when it next writes itself. */
function isUpToDate(member: Member, partition: number, { fold }: Observer): boolean {
  const { cursor } = member.partition(partition)
  const { epoch, seq } = fold.cursor
  if (cursor.offset > fold.cursor.offset) throw new Error(`I6: ${member.name} is ahead of the log`)
  return cursor.epoch === epoch && cursor.seq === seq
}

function sameAsFold(member: Member, partition: number, { fold }: Observer, id: string): void {
  const { state } = member.partition(partition)
  if (!isDeepStrictEqual(state.job(id), fold.state.job(id)) || !isDeepStrictEqual(state.run(id), fold.state.run(id)))
    throw new Error(`I5: ${member.name} holds another ${id} than the log says`)
}

function ownerAtRest(system: System, partition: number, observer: Observer): Member | undefined {
  return system
    .believers(partition)
    .find((member) => isUpToDate(member, partition, observer) && member.isSettled(partition))
}

function checkOwner(system: System, owner: Member, partition: number, observer: Observer): void {
  for (const submission of system.submissions) {
    if (submission.partition !== partition || submission.member !== owner.name) continue
    if (submission.answer.kind === 'none') throw new Error(`I4: ${shown(submission)} got no answer`)
  }
  for (const effect of observer.expected) {
    if (!owner.effects.has(effect)) throw new Error(`${owner.name} did not do: ${effect}`)
  }
  observer.expected = []
  if (!owner.isFiring) return
  for (const late of leftUndone(system, owner, partition, observer)) {
    throw new Error(`${owner.name} owns partition ${partition} and left undone at ${system.now}: ${late}`)
  }
  noteWaits(system, owner, partition, observer)
  for (const run of observer.world.runs.values()) checkHandedOver(run, owner, observer)
}

/** An attempt that is open was handed over by this owner, whoever handed it over before, and so was the wish to stop it. */
function checkHandedOver(run: Run, owner: Member, { fold, inherited }: Observer): void {
  const { id, attempt, status, cancelRequested, granted } = run
  if (status !== 'queued' && status !== 'running') return
  if (status === 'running' && cancelRequested && !owner.effects.has(cancelEffect(id, attempt)))
    throw new Error(`${owner.name} did not ask attempt ${attempt} of ${id} to stop`)
  if (granted) return
  const request = owner.requests.get(attemptKey(id, attempt))
  // Somebody may say that it runs before it was handed to anybody: then it isn't.
  if (request === undefined && status === 'running' && !inherited.has(attemptKey(id, attempt))) return
  if (request?.epoch !== fold.cursor.epoch)
    throw new Error(`${owner.name} did not dispatch attempt ${attempt} of ${id}, which is ${status}`)
  compareRequest(run, request)
}

/** What is due and not decided. */
function* leftUndone(system: System, owner: Member, partition: number, observer: Observer): Generator<string> {
  const { world, since } = observer
  const { epoch, seq } = observer.fold.cursor
  const { now } = system
  const heardOf = (runId: string, attempt: number): number =>
    owner.heard.get(`${partition}/${epoch}/${attemptKey(runId, attempt)}`) ?? 0
  const moment: Moment = { now, time: now, epoch, seq, index: 0, since, heardOf }
  for (const until of [world.schedulePaused, ...world.rules].map((pause) => pause?.until ?? null)) {
    if (until !== null && until <= now) yield `a pause until ${until}`
  }
  for (const job of world.jobs.values()) {
    const due = jobDue(world, job)
    if (due !== null && due <= now) yield `job ${job.id}, due at ${due}`
  }
  for (const run of world.runs.values()) {
    const due = runDue(world, run, moment)
    if (due !== null && due <= now) yield `run ${run.id}, due at ${due}`
    if (isAbandoned(run, since)) yield `run ${run.id}, granted before`
  }
}

/** Situations that show by what doesn't happen. */
function noteWaits({ ledger, now }: System, owner: Member, partition: number, { world, since, fold }: Observer): void {
  for (const run of world.runs.values()) {
    if (run.status === 'retrying' && run.retryAt !== null && run.retryAt <= now) ledger.see('retry held by a pause')
    const heartbeatMs = heartbeatOf(run.spec)
    if (run.status !== 'running' || run.startedAt === null || heartbeatMs === null) continue
    const heard = owner.heard.get(`${partition}/${fold.cursor.epoch}/${attemptKey(run.id, run.attempt)}`)
    if (heard !== undefined && Math.max(run.runningSince ?? 0, since) + heartbeatMs <= now)
      ledger.see('kept alive by a heartbeat')
  }
}

/** I4, I10: who was told of a decision finds it on the log, and no other; who was told that there is none finds none. */
function checkAnswers({ submissions }: System): void {
  for (const submission of submissions) takeFromTwin(submission, submissions)
  for (let at = submissions.length - 1; at >= 0; at -= 1) {
    const submission = submissions[at]
    if (submission === undefined) continue
    checkAnswer(submission)
    const { kind } = submission.answer
    if (kind === 'events' || kind === 'refused') submissions.splice(at, 1)
  }
}

/** Where a report was handed over twice, the log doesn't show which of them it has: its caller was told. */
function takeFromTwin(submission: Submission, all: readonly Submission[]): void {
  const { report } = submission
  const place = placeTold(submission)
  if (report === null || place === null || isDeepStrictEqual(submission.decided, place)) return
  const twin = all.find(
    (one) =>
      one.report?.runId === report.runId &&
      one.report.type === report.type &&
      one.report.attempt === report.attempt &&
      one.report.executor === report.executor &&
      isDeepStrictEqual(one.decided, place),
  )
  if (twin === undefined) return
  twin.decided = submission.decided
  submission.decided = place
}

/** Where its caller was told that it stands. */
function placeTold({ answer }: Submission): Place | null {
  return answer.kind === 'events' ? placeOf(answer.events) : null
}

function checkAnswer(submission: Submission): void {
  const { answer, decided, report } = submission
  if (answer.kind === 'refused' && decided !== null)
    throw new Error(`I10: ${shown(submission)} was refused and stands on the log`)
  if (answer.kind !== 'events') return
  if (answer.events.length === 0 && report?.type !== 'heartbeat')
    throw new Error(`I4: ${shown(submission)} was answered by nothing`)
  const place = placeTold(submission)
  if (isDeepStrictEqual(decided, place)) return
  const [told, found] = [JSON.stringify(place), JSON.stringify(decided)]
  throw new Error(`I10: the caller of ${shown(submission)} was told of ${told}, the log has it at ${found}`)
}

function shown({ command, report, member }: Submission): string {
  return `${command?.type ?? report?.type} to ${member} ${JSON.stringify(command ?? report)}`
}

/** At the end of a run: a fold from offset 0, the model, and all members hold the same, every part of it. */
export async function checkAll(system: System): Promise<void> {
  for (const [partition, observer] of system.observers.entries()) {
    const log = system.cluster.connect(`fresh ${partition}`)
    const fold = foldOf({ partition, log, codec: system.codec })
    await fold.foldToEnd()
    await log.close()
    compareAll(observer.world, fold.state)
    const fresh = snapshot(fold.state)
    sameState('the observer', snapshot(observer.fold.state), fresh)
    for (const member of system.alive) {
      if (!isUpToDate(member, partition, observer)) throw new Error(`${member.name} is behind the log`)
      sameState(member.name, snapshot(member.partition(partition).state), fresh)
      for (const job of observer.world.jobs.values()) {
        compareFinished(job, await member.partition(partition).finishedRuns(job.id))
      }
    }
    if (ownerAtRest(system, partition, observer) === undefined) throw new Error(`nobody owns partition ${partition}`)
  }
}

function sameState(who: string, live: Snapshot, fresh: Snapshot): void {
  if (isDeepStrictEqual(live, fresh)) return
  const part = Object.keys(fresh).find(
    (name) => !isDeepStrictEqual(live[name as keyof Snapshot], fresh[name as keyof Snapshot]),
  )
  throw new Error(
    `I5: ${who} holds other ${part} than a fold from offset 0: ${JSON.stringify(live[part as keyof Snapshot])}`,
  )
}
