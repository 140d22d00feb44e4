/**
 * Explains an accepted batch: which inputs, in which order, the model would have turned into exactly these events.
 *
 * The log shows the order in which an owner decided, which is the owner's choice; what it decided is not. An event that
 * no outstanding input and no due timer explains is a divergence of the product from the model.
 */
import type { Event } from '../../src/core/events.ts'
import { differences, type Fact, isAsForetold, type Moment } from './facts.ts'
import { type Input, take } from './inputs.ts'
import { retryBounds } from './run-rules.ts'
import type { Submission } from './submission.ts'
import type { World } from './world.ts'

export interface Batch {
  readonly epoch: number
  readonly seq: number
  /** Without the trailer. */
  readonly events: readonly Event[]
}

export interface Explained {
  readonly input: Input
  readonly submission: Submission | null
  readonly events: readonly Event[]
  /** The world before and after it. */
  readonly before: World
  readonly after: World
}

interface Candidate {
  readonly input: Input
  readonly submission: Submission | null
}

export interface Explaining {
  readonly moment: Omit<Moment, 'index'>
  /** What was submitted and has not been decided as far as the log shows. */
  readonly outstanding: readonly Submission[]
  /** Steps of the wall clock so far. */
  readonly steps: readonly number[]
}

/** The world after the batch, and its explanation. Throws when there is none. */
export function explain(before: World, batch: Batch, explaining: Explaining): { world: World; explained: Explained[] } {
  const { events } = batch
  const explained: Explained[] = []
  const used = new Set<Submission>()
  let world = before
  for (let index = 0; index < events.length;) {
    const moment = { ...explaining.moment, index }
    const rest = events.slice(index)
    const outstanding = explaining.outstanding.filter((submission) => !used.has(submission))
    const candidates = candidatesFor(rest, outstanding, explaining.steps)
    const found = firstThatFits(world, candidates, moment, rest)
    if (found === null) throw new Error(unexplained(world, candidates, moment, rest))
    const { input, submission } = found.candidate
    if (submission !== null) used.add(submission)
    explained.push({ input, submission, events: rest.slice(0, found.count), before: world, after: found.world })
    world = found.world
    index += found.count
  }
  world.endOfBatch()
  return { world, explained }
}

function candidatesFor(
  rest: readonly Event[],
  outstanding: readonly Submission[],
  steps: readonly number[],
): readonly Candidate[] {
  const [event] = rest
  if (event === undefined) return []
  // The tag of its command stands in the first event that answers it; what makes room for it may come before.
  const actor = rest.map((one) => ('actor' in one ? one.actor : null)).find((one) => one !== null) ?? null
  const own = (input: Input): Candidate => ({ input, submission: null })
  const jobId = 'jobId' in event ? event.jobId : null
  const runId = 'runId' in event ? event.runId : null
  const commands = outstanding
    .filter((submission) => submission.tag === actor)
    .flatMap((submission) => submission.inputs().map((input) => ({ input, submission })))
  if ('actor' in event && event.actor !== null) return commands
  const reports = outstanding
    .toSorted((a, b) => certainty(b) - certainty(a))
    .filter((submission) => submission.report?.runId === runId && mayBeAt(submission, event))
    .flatMap((submission) => submission.inputs().map((input) => ({ input, submission })))
  return [
    // An owner takes reports first; what was due may be told by the command that changes it.
    ...reports,
    ...commands,
    ...(runId === null ? [] : [own({ kind: 'run-due', runId }), own({ kind: 'run-abandoned', runId })]),
    ...(jobId === null ? [own({ kind: 'pauses-due' })] : [own({ kind: 'job-due', jobId })]),
    ...(jobId !== null && outstanding.some(({ command }) => changes(command, jobId))
      ? [own({ kind: 'before-change', jobId })]
      : []),
    ...(event.type === 'ClockStepped' ? steps.map((stepMs) => own({ kind: 'clock-stepped', stepMs })) : []),
  ]
}

function changes(command: Submission['command'], jobId: string): boolean {
  const isChange = command?.type === 'AddJob' || command?.type === 'ModifyJob' || command?.type === 'RescheduleJob'
  return isChange && command.jobId === jobId
}

/** Those whose caller knows come first, and those whose caller never will come last. */
function certainty({ answer }: Submission): number {
  return answer.kind === 'events' ? 2 : answer.kind === 'none' ? 1 : 0
}

/** The same report may have been handed over twice: each is where its caller was told. */
function mayBeAt({ answer }: Submission, { epoch, seq, index }: Event): boolean {
  if (answer.kind !== 'events') return true
  const [first] = answer.events
  return first !== undefined && first.epoch === epoch && first.seq === seq && first.index === index
}

interface Fit {
  readonly candidate: Candidate
  readonly world: World
  readonly count: number
}

function firstThatFits(
  before: World,
  candidates: readonly Candidate[],
  moment: Moment,
  rest: readonly Event[],
): Fit | null {
  for (const candidate of candidates) {
    const world = before.copy()
    const facts = take(world, candidate.input, moment)
    if (facts.length === 0 || facts.length > rest.length) continue
    if (facts.every((fact, at) => foretold(fact, rest[at], moment)) && adopt(world, rest[0], moment))
      return { candidate, world, count: facts.length }
  }
  return null
}

function foretold(fact: Fact, event: Event | undefined, moment: Moment): boolean {
  return event !== undefined && event.time === moment.time && isAsForetold(fact, event)
}

/** Takes over what is the owner's choice, and says whether it is within its bounds. */
function adopt(world: World, event: Event | undefined, moment: Moment): boolean {
  if (event?.type !== 'RunRetryScheduled') return true
  const run = world.run(event.runId)
  if (run === undefined) return false
  const [least, most] = retryBounds(run, event.reason, moment.now)
  run.retryAt = event.retryAt
  return event.retryAt >= least && event.retryAt <= most
}

function unexplained(before: World, candidates: readonly Candidate[], moment: Moment, rest: readonly Event[]): string {
  const lines = candidates.map(({ input }) => {
    const facts = take(before.copy(), input, moment)
    const wrong = facts.map((fact, at) => {
      const event = rest[at]
      return event === undefined ? 'more than there is' : differences(fact, event).join('; ')
    })
    return `  ${text(input)}\n    → ${text(facts)}\n    ${wrong.join('\n    ')}`
  })
  return [
    `nothing explains, at ${text(moment)}:`,
    ...rest.slice(0, 4).map((event) => `  ${text(event)}`),
    'the model would have said:',
    ...lines,
  ].join('\n')
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (member instanceof Uint8Array ? '…' : member))
}
