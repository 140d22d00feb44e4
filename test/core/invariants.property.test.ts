/**
 * The core under random commands, reports, clock steps and crashes: what one live owner holds is what any reader folds,
 * and the history breaks none of the invariants that `bookkeeping.ts` keeps on its own.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JobInput } from '../../src/core/job/definition.ts'
import type { ReportType } from '../../src/core/reports.ts'
import { addJob, command, ENVELOPE, pauseJob, removeJob, report, resumeJob, runJob } from '../support/inputs.ts'
import { at, every, resolved } from '../support/moments.ts'
import { Owner } from '../support/owner.ts'
import { crontab, date } from '../../src/core/triggers/make-trigger.ts'

interface Act {
  (owner: Owner): void
  [fc.toStringMethod]?: () => string
}

/** So that a counterexample can be read. */
function named(name: string, details: unknown, run: (owner: Owner) => void): Act {
  return Object.assign((owner: Owner) => run(owner), {
    [fc.toStringMethod]: () => `${name} ${JSON.stringify(details)}`,
  })
}

const jobId = fc.constantFrom('a', 'b', 'c')

const trigger = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('1s', '10s', '60s').map((text) => every(text)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map((repeat) => every('10s', { repeat })) },
  { weight: 1, arbitrary: fc.constant(every('10s', { jitterMs: 5_000 })) },
  { weight: 1, arbitrary: fc.integer({ min: -60, max: 540 }).map((offset) => resolved(date(at(offset)))) },
  { weight: 1, arbitrary: fc.constantFrom('* * * * *', '*/5 * * * *').map((text) => resolved(crontab(text))) },
  { weight: 1, arbitrary: fc.constant(null) },
)

const definition: fc.Arbitrary<JobInput> = fc.record({
  trigger,
  coalesce: fc.constantFrom('latest', 'earliest', 'all'),
  maxCatchUp: fc.integer({ min: 1, max: 5 }),
  maxInstances: fc.integer({ min: 1, max: 3 }),
  overlap: fc.constantFrom('skip', 'skip', 'queue', 'cancel-running'),
  queueLimit: fc.integer({ min: 1, max: 3 }),
  misfireGraceMs: fc.constantFrom(null, 1_000, 30_000),
  timeoutMs: fc.constantFrom(null, 20_000),
  retry: fc.constantFrom({ maxAttempts: 1 }, { maxAttempts: 3, initialMs: 2_000 }),
  paused: fc.constantFrom(false, false, false, true),
})

/** Ids that a client gives are few, so that they repeat; the others are new each time. */
let lastId = 0
const envelope = fc.constantFrom(null, null, null, 'x', 'y', 'z').map((id) => ({ id }))
const fresh = ({ id }: { readonly id: string | null }) => {
  lastId += 1
  return id === null ? { ...ENVELOPE, commandId: `c${lastId}` } : { ...ENVELOPE, commandId: id, commandGiven: true }
}

function adding(id: fc.Arbitrary<string>): fc.Arbitrary<Act> {
  return fc
    .record({
      id,
      job: definition,
      ifExists: fc.constantFrom('replace', 'replace', 'keep', 'reject'),
      firstIn: fc.option(fc.integer({ min: -20, max: 100 }), { freq: 2 }),
      by: envelope,
    })
    .map((asked) =>
      named('add', asked, (owner) => {
        const nextFireTime = asked.firstIn === null ? null : owner.now + asked.firstIn * 1_000
        const options = { jobId: asked.id, ifExists: asked.ifExists as 'replace', envelope: fresh(asked.by) }
        owner.decide(addJob({ ...asked.job, nextFireTime }, options))
      }),
    )
}

const commands: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: adding(jobId) },
  {
    weight: 5,
    arbitrary: fc
      .record({
        verb: fc.constantFrom('remove', 'pause', 'resume', 'resume', 'resume', 'run', 'run'),
        id: jobId,
        by: envelope,
      })
      .map((asked) =>
        named('command', asked, (owner) => {
          const by = fresh(asked.by)
          switch (asked.verb) {
            case 'remove':
              return owner.decide(removeJob(asked.id, by))
            case 'pause':
              return owner.decide(pauseJob(null, asked.id, by))
            case 'resume':
              return owner.decide(resumeJob(asked.id, by))
            default:
              return owner.decide(runJob({ jobId: asked.id, envelope: by }))
          }
        }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ pick: fc.nat(), by: envelope }).map((asked) =>
      named('cancel', asked, (owner) => {
        const { runId } = owner.openRun(asked.pick)
        const [id = ''] = runId.split('/')
        owner.decide(command({ type: 'CancelRun', jobId: id, runId, reason: null }, fresh(asked.by)))
      }),
    ),
  },
)

const reportTypes: readonly ReportType[] = [
  'started',
  'started',
  'succeeded',
  'succeeded',
  'failed',
  'failed',
  'timed-out',
  'cancelled',
  'missed',
  'unknown-task',
  'heartbeat',
]

const reports: fc.Arbitrary<Act> = fc
  .record({
    type: fc.constantFrom(...reportTypes),
    pick: fc.nat(),
    stale: fc.constantFrom(0, 0, 0, 0, 0, -1, 1),
    process: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
  })
  .map((said) =>
    named('report', said, (owner) => {
      const { runId, attempt } = owner.openRun(said.pick)
      const over = { attempt: attempt + said.stale, executor: said.process, at: owner.now }
      owner.decide(report(said.type, runId, over))
    }),
  )

const clock: fc.Arbitrary<Act> = fc
  .oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 45 }) },
    { weight: 2, arbitrary: fc.integer({ min: -30, max: -1 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 * 3_600 }) },
  )
  .map((by) => named('seconds', by, (owner) => owner.pass(by)))

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: commands },
  { weight: 8, arbitrary: reports },
  { weight: 6, arbitrary: clock },
  { weight: 8, arbitrary: fc.constant(named('fire', null, (owner) => owner.fire())) },
  { weight: 3, arbitrary: fc.constant(named('commit', null, (owner) => owner.commit())) },
  { weight: 1, arbitrary: fc.constant(named('crash', null, (owner) => owner.crash())) },
)

/** Every history begins with jobs, so that there is something to happen to. */
const history: fc.Arbitrary<readonly Act[]> = fc
  .tuple(
    fc.tuple(...['a', 'b', 'c'].map((id) => adding(fc.constant(id)))),
    fc.array(act, { size: 'max', maxLength: 150 }),
  )
  .map(([first, rest]) => [...first, ...rest])

test('whatever happens, the live state is the fold of the log and no invariant breaks', () => {
  let acts = 0
  let runs = 0
  fc.assert(
    fc.property(fc.noBias(history), (all) => {
      const owner = new Owner()
      for (const one of all) one(owner)
      owner.commit()
      acts += all.length
      runs += owner.books.runsQueued
    }),
    { numRuns: 200 },
  )
  expect(acts, 'the histories are long').toBeGreaterThan(200 * 30)
  expect(runs, 'and full of runs').toBeGreaterThan(600)
})
