/** Commands that clients give, at random: few jobs and few ids, so that they meet each other. */
import fc from 'fast-check'
import type { IfExists } from '../../src/core/commands.ts'
import { change, labels, planOf, policy, seldom, shape } from './asks.ts'
import type { JobInput } from '../../src/core/job/definition.ts'
import { MAX_PAYLOAD_BYTES } from '../../src/core/limits.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import { type Ask, inputOf } from './spec.ts'
import type { Act } from './step.ts'
import type { Order, System } from './system.ts'
import { ANY, type Job, type World } from './world.ts'

const JOB_IDS = ['a', 'b', 'c', 'd', 'e'] as const
const jobId = fc.constantFrom(...JOB_IDS)
const pick = fc.nat({ max: 1_000 })

/** Most commands have an id of their own; the others share a few. */
const given = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.nat({ max: 5 }).map((id) => `given-${id}`) },
)

const nextIn = seldom(fc.integer({ min: -60, max: 120 }))

function add(id: fc.Arbitrary<string>): fc.Arbitrary<Act> {
  const details = fc.record({
    id,
    shape,
    policy,
    ifExists: fc.constantFrom<IfExists>('replace', 'replace', 'replace', 'keep', 'reject'),
    nextIn,
    paused: fc.constantFrom(false, false, false, false, true),
    given,
    pick,
  })
  return details.map((asked) => ({
    kind: 'add',
    details: asked,
    act: (system) => {
      const ask = { ...asked.policy, plan: planOf(asked.shape, system.now) }
      addWith(system, asked, ask)
    },
  }))
}

interface Adding {
  readonly id: string
  readonly ifExists: IfExists
  readonly nextIn: number | null
  readonly paused: boolean
  readonly given: string | null
  readonly pick: number
}

function addWith(system: System, asked: Adding, ask: Ask): void {
  const nextFireTime = asked.nextIn === null ? null : system.now + asked.nextIn * 1_000
  const job = { task: 'work', ...inputOf(ask), nextFireTime, paused: asked.paused }
  system.order({ type: 'AddJob', jobId: asked.id, ifExists: asked.ifExists, job }, { ...asked, ask })
}

/** As an application does at every start. */
const addEqual: fc.Arbitrary<Act> = fc
  .record({ id: jobId, ifExists: fc.constantFrom<IfExists>('replace', 'keep', 'reject'), given, pick })
  .map((asked) => ({
    kind: 'add equal',
    details: asked,
    act: (system) => {
      const spec = system.observerOf(asked.id).world.jobs.get(asked.id)?.spec
      if (spec !== undefined) addWith(system, { ...asked, nextIn: null, paused: false }, spec)
    },
  }))

const modify: fc.Arbitrary<Act> = fc
  .record({
    id: jobId,
    change,
    shape: fc.option(fc.option(shape, { freq: 4, nil: null }), { freq: 4, nil: undefined }),
    version: fc.constantFrom('any', 'any', 'right', 'wrong'),
    nextIn,
    given,
    pick,
  })
  .map((asked) => ({
    kind: 'modify',
    details: asked,
    act: (system) => {
      const plan = asked.shape && planOf(asked.shape, system.now)
      const ask: Ask = plan === undefined ? asked.change : { ...asked.change, plan }
      const nextFireTime = asked.nextIn === null ? null : system.now + asked.nextIn * 1_000
      const version = versionOf(system, asked.id, asked.version)
      const job = { ...inputOf(ask), nextFireTime }
      system.order({ type: 'ModifyJob', jobId: asked.id, version, job }, { ...asked, ask })
    },
  }))

function versionOf(system: System, id: string, which: string): number | null {
  if (which === 'any') return null
  const version = system.observerOf(id).world.jobs.get(id)?.version ?? 1
  return which === 'right' ? version : version + 1
}

/** One more place for a job whose runs wait for one. */
const widen: fc.Arbitrary<Act> = fc.record({ given, pick }).map((asked) => ({
  kind: 'widen',
  details: asked,
  act: (system) => {
    const isCrowded = (world: World, job: Job): boolean => world.openRuns(job).some(({ after }) => after === ANY)
    const crowded = system.observers.flatMap(({ world }) =>
      [...world.jobs.values()].filter((job) => isCrowded(world, job)),
    )
    const [job] = crowded
    if (job === undefined) return
    const ask = { maxInstances: job.spec.maxInstances + 1 }
    system.order({ type: 'ModifyJob', jobId: job.id, version: null, job: ask }, { ...asked, ask })
  },
}))

const reschedule: fc.Arbitrary<Act> = fc.record({ id: jobId, shape: seldom(shape), given, pick }).map((asked) => ({
  kind: 'reschedule',
  details: asked,
  act: (system) => {
    const own = system.observerOf(asked.id).world.jobs.get(asked.id)?.spec.plan
    const plan = asked.shape === null ? (own ?? null) : planOf(asked.shape, system.now)
    const { trigger } = inputOf({ plan })
    system.order({ type: 'RescheduleJob', jobId: asked.id, version: null, trigger }, { ...asked, ask: { plan } })
  },
}))

/** What is wrong with each is told by its code. */
const invalid: fc.Arbitrary<Act> = fc
  .record({ id: jobId, flaw: fc.constantFrom('id', 'trigger', 'option', 'executor', 'over'), given, pick })
  .map((asked) => ({
    kind: 'invalid',
    details: asked,
    act: (system) => {
      const ask = { executor: asked.flaw === 'executor' ? 'gpu' : 'default', ...flawed(asked.flaw, system.now) }
      const id = asked.flaw === 'id' ? 'no such id' : asked.id
      addWith(system, { ...asked, id, ifExists: 'replace', nextIn: null, paused: false }, ask)
    },
  }))

function flawed(flaw: string, now: number): Ask {
  const grid = { kind: 'interval', everyMs: 10_000, start: null, end: null, repeat: null, jitterMs: null } as const
  switch (flaw) {
    case 'trigger':
      return { plan: { ...grid, everyMs: 5 } }
    case 'over':
      return { plan: { ...grid, start: now - 60_000, end: now - 50_000 } }
    case 'option':
      return { plan: grid, maxInstances: 0 }
    default:
      return { plan: grid }
  }
}

const UNREADABLE = {
  get task(): string {
    throw new Error('it cannot be read')
  },
  toJSON: () => 'unreadable',
} as JobInput
const BIG = { task: 'work', payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) }
const NOWHERE = { type: 'interval', every: 'PT10S', zone: 'Mars/Base' }
const HOPELESS: Readonly<Partial<Record<RejectionCode, (jobId: string) => Order>>> = {
  malformed: (jobId) => ({ type: 'AddJob', jobId, ifExists: 'replace', job: UNREADABLE }),
  'payload-too-large': (jobId) => ({ type: 'AddJob', jobId, ifExists: 'replace', job: BIG }),
  'unknown-zone': (jobId) => ({ type: 'AddJob', jobId, ifExists: 'replace', job: { task: 'work', trigger: NOWHERE } }),
  'unsupported-type': (jobId) => ({ type: 'PolishJob', jobId }) as unknown as Order,
}

/** Refused whatever there is. */
const hopeless: fc.Arbitrary<Act> = fc
  .record({ id: jobId, refused: fc.constantFrom(...(Object.keys(HOPELESS) as RejectionCode[])), given, pick })
  .map((asked) => ({
    kind: 'hopeless',
    details: asked,
    act: (system) => {
      const order = HOPELESS[asked.refused]?.(asked.id)
      if (order !== undefined) system.order(order, asked)
    },
  }))

/** Seconds until a pause ends by itself. */
const until = fc.option(fc.integer({ min: -10, max: 90 }), { freq: 2, nil: null })
const reason = fc.constantFrom(null, 'maintenance')

function pauseEnd(system: System, seconds: number | null): number | null {
  return seconds === null ? null : system.now + seconds * 1_000
}

const pause: fc.Arbitrary<Act> = fc.record({ id: jobId, reason, until, given, pick }).map((asked) => ({
  kind: 'pause',
  details: asked,
  act: (system) => {
    const { id, reason } = asked
    system.order({ type: 'PauseJob', jobId: id, reason, until: pauseEnd(system, asked.until) }, asked)
  },
}))

const pauseMany: fc.Arbitrary<Act> = fc.record({ labels, reason, until, given, pick }).map((asked) => ({
  kind: 'pause by labels',
  details: asked,
  act: (system) => {
    const { labels, reason } = asked
    system.order({ type: 'PauseJobs', labels, reason, until: pauseEnd(system, asked.until) }, asked)
  },
}))

/** Mostly a rule that there is. */
const resumeMany: fc.Arbitrary<Act> = fc.record({ labels, which: fc.nat({ max: 5 }), given, pick }).map((asked) => ({
  kind: 'resume by labels',
  details: asked,
  act: (system) => {
    const rules = system.observers.flatMap(({ world }) => world.rules)
    const labels = rules[asked.which]?.labels ?? asked.labels
    system.order({ type: 'ResumeJobs', labels }, asked)
  },
}))

const pauseSchedule: fc.Arbitrary<Act> = fc.record({ reason, until, given, pick }).map((asked) => ({
  kind: 'pause schedule',
  details: asked,
  act: (system) =>
    system.order({ type: 'PauseSchedule', reason: asked.reason, until: pauseEnd(system, asked.until) }, asked),
}))

type JobVerb = 'RemoveJob' | 'ResumeJob'
type Verb = 'ResumeSchedule' | 'RemoveAllJobs'

function ofJob(kind: string, type: JobVerb): fc.Arbitrary<Act> {
  return fc.record({ id: jobId, given, pick }).map((asked) => ({
    kind,
    details: asked,
    act: (system) => system.order({ type, jobId: asked.id }, asked),
  }))
}

function ofAll(kind: string, type: Verb): fc.Arbitrary<Act> {
  return fc.record({ given, pick }).map((asked) => ({
    kind,
    details: asked,
    act: (system) => system.order({ type }, asked),
  }))
}

const declare: fc.Arbitrary<Act> = fc.record({ given, pick }).map((asked) => ({
  kind: 'declare executor',
  details: asked,
  act: (system) => system.order({ type: 'DeclareExecutor', executor: 'gpu' }, asked),
}))

const text = fc.constantFrom(null, '"own"')

const runNow: fc.Arbitrary<Act> = fc.record({ id: jobId, text, given, pick }).map((asked) => ({
  kind: 'run now',
  details: asked,
  act: (system) => {
    const payload = asked.text === null ? null : new TextEncoder().encode(asked.text)
    system.order({ type: 'RunJob', jobId: asked.id, payload, contentType: null }, asked)
  },
}))

const backfill: fc.Arbitrary<Act> = fc
  .record({
    id: jobId,
    from: fc.integer({ min: -60, max: 0 }),
    length: fc.integer({ min: -5, max: 60 }),
    dryRun: fc.boolean(),
    given,
    pick,
  })
  .map((asked) => ({
    kind: 'backfill',
    details: asked,
    act: (system) => {
      const from = system.now + asked.from * 1_000
      const order = { type: 'BackfillJob', jobId: asked.id, from, to: from + asked.length * 1_000 } as const
      system.order({ ...order, dryRun: asked.dryRun }, asked)
    },
  }))

/** A run that is open, or is over, or never was. */
function someRun(system: System, which: number, among: 'open' | 'finished'): { jobId: string; runId: string } | null {
  const worlds = system.observers.map(({ world }) => world)
  const open = worlds.flatMap(({ runs }) => [...runs.values()].map((run) => ({ jobId: run.jobId, runId: run.id })))
  const over = worlds.flatMap(({ jobs }) =>
    [...jobs.values()].flatMap((job) => job.finished.map(({ runId }) => ({ jobId: job.id, runId }))),
  )
  const all = among === 'open' ? open : over
  return all[which % Math.max(all.length, 1)] ?? null
}

function ofRun(
  kind: string,
  type: 'CancelRun' | 'RetryRun',
  among: fc.Arbitrary<'open' | 'finished'>,
): fc.Arbitrary<Act> {
  return fc.record({ which: fc.nat({ max: 40 }), among, id: jobId, given, pick }).map((asked) => ({
    kind,
    details: asked,
    act: (system) => {
      const never = { jobId: asked.id, runId: `${asked.id}/1-1-0/never` }
      const run = (asked.which === 0 ? null : someRun(system, asked.which, asked.among)) ?? never
      system.order(type === 'CancelRun' ? { type, ...run, reason: null } : { type, ...run }, asked)
    },
  }))
}

const cancel = ofRun('cancel run', 'CancelRun', fc.constantFrom('open', 'open', 'open', 'finished'))
const retry = ofRun('retry run', 'RetryRun', fc.constantFrom('finished', 'finished', 'finished', 'open'))

export const orders: readonly fc.WeightedArbitrary<Act>[] = [
  { weight: 18, arbitrary: add(jobId) },
  { weight: 3, arbitrary: addEqual },
  { weight: 9, arbitrary: modify },
  { weight: 2, arbitrary: widen },
  { weight: 4, arbitrary: reschedule },
  { weight: 3, arbitrary: invalid },
  { weight: 1, arbitrary: hopeless },
  { weight: 5, arbitrary: pause },
  { weight: 7, arbitrary: ofJob('resume', 'ResumeJob') },
  { weight: 3, arbitrary: ofJob('remove', 'RemoveJob') },
  { weight: 1, arbitrary: ofAll('remove all', 'RemoveAllJobs') },
  { weight: 2, arbitrary: pauseMany },
  { weight: 3, arbitrary: resumeMany },
  { weight: 1, arbitrary: pauseSchedule },
  { weight: 3, arbitrary: ofAll('resume schedule', 'ResumeSchedule') },
  { weight: 1, arbitrary: declare },
  { weight: 8, arbitrary: runNow },
  { weight: 4, arbitrary: backfill },
  { weight: 5, arbitrary: cancel },
  { weight: 5, arbitrary: retry },
]

/** With these every run begins, so that there is something to happen to. */
export const firstJobs: fc.Arbitrary<readonly Act[]> = fc.tuple(
  add(fc.constant('a')),
  add(fc.constant('b')),
  add(fc.constant('c')),
)
