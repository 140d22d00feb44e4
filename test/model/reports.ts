/** What executors say, at random: mostly of attempts that are open, also late, twice, of others, from a second process. */
import fc from 'fast-check'
import type { Report, ReportType } from '../../src/core/reports.ts'
import type { Act } from './step.ts'
import type { System } from './system.ts'
import type { World } from './world.ts'

/** How often each comes up, against the others. */
const WEIGHTS: Readonly<Record<ReportType, number>> = {
  started: 6,
  succeeded: 4,
  failed: 4,
  heartbeat: 3,
  'timed-out': 1,
  cancelled: 1,
  missed: 1,
  'unknown-task': 2,
}

const details = {
  type: fc.oneof(
    ...Object.entries(WEIGHTS).map(([type, weight]) => ({ weight, arbitrary: fc.constant(type as ReportType) })),
  ),
  which: fc.nat({ max: 40 }),
  process: fc.constantFrom('p1', 'p1', 'p1', 'p1', 'p2', 'p3'),
  ago: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
  isFatal: fc.constantFrom(false, false, false, true),
  isRetryable: fc.constantFrom(true, true, true, false),
  pick: fc.nat({ max: 1_000 }),
}

interface Saying {
  readonly type: ReportType
  readonly process: string
  readonly ago: number | null
  readonly isFatal: boolean
  readonly isRetryable: boolean
}

interface Attempt {
  readonly jobId: string
  readonly runId: string
  readonly attempt: number
}

function reportOf(system: System, said: Saying, attempt: Attempt): Report {
  const hasError = said.type === 'failed' || said.type === 'timed-out'
  const message = `at ${system.now}`
  const name = said.isFatal ? 'Fatal' : 'Error'
  return {
    type: said.type,
    ...attempt,
    token: null,
    at: system.now,
    startedAt: said.ago === null ? null : system.now - said.ago * 1_000,
    executor: `host:1:${said.process}`,
    result: said.type === 'succeeded' ? { message } : null,
    error: hasError ? { name, message, stack: null, retryable: said.isRetryable } : null,
  }
}

/** Of an attempt that was handed over and is open. */
const fresh: fc.Arbitrary<Act> = fc.record(details).map((said) => ({
  kind: 'report',
  details: said,
  act: (system) => {
    const open = system.observers.flatMap(({ world }) =>
      [...world.runs.values()].filter(({ status }) => status === 'queued' || status === 'running'),
    )
    const run = open[said.which % Math.max(open.length, 1)]
    if (run === undefined) return
    say(system, reportOf(system, said, { jobId: run.jobId, runId: run.id, attempt: run.attempt }), said.pick)
  },
}))

const NEVER = 'a/1-1-0/never'

/** Attempts that nobody was handed. */
function waiting(world: World): string[] {
  return [...world.runs.values()].filter(({ status }) => status === 'waiting').map(({ id }) => `${id}#1`)
}

/** Of any attempt that there ever was, or that is to come, or of a run that never was. */
const stray: fc.Arbitrary<Act> = fc
  .record({ ...details, which: fc.nat({ max: 1_000 }), by: fc.constantFrom(0, 0, 0, -1, 1) })
  .map((said) => ({
    kind: 'stray report',
    details: said,
    act: (system) => {
      const known = system.observers.flatMap(({ attempts, world }) => [...attempts, ...waiting(world)])
      const [runId = NEVER, number = '1'] = (known[said.which % Math.max(known.length, 1)] ?? NEVER).split('#')
      const [jobId = ''] = runId.split('/')
      const attempt = Math.max(Number(number) + said.by, 1)
      say(system, reportOf(system, said, { jobId, runId, attempt }), said.pick)
    },
  }))

/** All that run say that they are alive, and some time passes. */
const alive: fc.Arbitrary<Act> = fc
  .record({ seconds: fc.integer({ min: 5, max: 18 }), pick: details.pick })
  .map((asked) => ({
    kind: 'heartbeats',
    details: asked,
    act: async (system) => {
      const running = system.observers.flatMap(({ world }) =>
        [...world.runs.values()].filter((run) => run.status === 'running'),
      )
      for (const { id: runId, jobId, attempt, executor } of running) {
        const beat = { type: 'heartbeat', jobId, runId, attempt, token: null, at: system.now, startedAt: null } as const
        system.report({ ...beat, executor: executor ?? '', result: null, error: null }, asked.pick)
      }
      await system.advance(asked.seconds * 1_000)
    },
  }))

/** All that were handed over begin. */
const begin: fc.Arbitrary<Act> = fc.record({ process: details.process, pick: details.pick }).map((asked) => ({
  kind: 'all start',
  details: asked,
  act: (system) => {
    const queued = system.observers.flatMap(({ world }) =>
      [...world.runs.values()].filter((run) => run.status === 'queued'),
    )
    const said = { type: 'started', process: asked.process, ago: null, isFatal: false, isRetryable: true } as const
    for (const { id: runId, jobId, attempt } of queued) {
      system.report(reportOf(system, said, { jobId, runId, attempt }), asked.pick)
    }
  },
}))

/** Word for word. */
const again: fc.Arbitrary<Act> = fc
  .record({ which: fc.nat({ max: 5 }), pick: fc.nat({ max: 1_000 }) })
  .map((asked) => ({
    kind: 'report again',
    details: asked,
    act: (system) => {
      const said = system.said.at(-1 - asked.which)
      if (said !== undefined) system.report(said, asked.pick)
    },
  }))

function say(system: System, report: Report, pick: number): void {
  system.said.push(report)
  system.report(report, pick)
}

export const reports: readonly fc.WeightedArbitrary<Act>[] = [
  { weight: 14, arbitrary: fresh },
  { weight: 3, arbitrary: stray },
  { weight: 2, arbitrary: again },
  { weight: 1, arbitrary: alive },
  { weight: 1, arbitrary: begin },
]
