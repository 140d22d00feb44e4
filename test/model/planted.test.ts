/**
 * The model test notices what it is there for: with one function of the core replaced by one that is wrong in one
 * respect, a campaign fails, mostly in its first runs.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type * as Decide from '../../src/core/decide.ts'
import type * as Effects from '../../src/core/effects.ts'
import type { Decided, Event } from '../../src/core/events.ts'
import type * as Evolve from '../../src/core/evolve.ts'
import type { JobState } from '../../src/core/job/job-state.ts'
import type { RunState } from '../../src/core/run/run-state.ts'
import type { Draft, View } from '../../src/core/state.ts'
import { runCampaign } from './campaign.ts'

interface Plants {
  /** Each gets the right function first. */
  decide?: (right: typeof Decide.decide, ...inputs: Parameters<typeof Decide.decide>) => Decided[]
  evolve?: (right: typeof Evolve.evolve, draft: Draft, event: Event) => void
  effectsOf?: (right: typeof Effects.effectsOf, event: Event, view: View) => readonly Effects.Effect[]
}

const planted = vi.hoisted((): Plants => ({}))

vi.mock('../../src/core/decide.ts', async (importOriginal) => {
  const real = await importOriginal<typeof Decide>()
  const decide: typeof real.decide = (...inputs) =>
    planted.decide === undefined ? real.decide(...inputs) : planted.decide(real.decide, ...inputs)
  return { ...real, decide }
})

vi.mock('../../src/core/evolve.ts', async (importOriginal) => {
  const real = await importOriginal<typeof Evolve>()
  const evolve: typeof real.evolve = (draft, event) =>
    planted.evolve === undefined ? real.evolve(draft, event) : planted.evolve(real.evolve, draft, event)
  return { ...real, evolve }
})

vi.mock('../../src/core/effects.ts', async (importOriginal) => {
  const real = await importOriginal<typeof Effects>()
  const effectsOf: typeof real.effectsOf = (event, view) =>
    planted.effectsOf === undefined ? real.effectsOf(event, view) : planted.effectsOf(real.effectsOf, event, view)
  return { ...real, effectsOf }
})

afterEach(() => {
  delete planted.decide
  delete planted.evolve
  delete planted.effectsOf
})

/** Enough for what is seldom: no campaign here has come to half of it. */
const RUNS = 500

async function caught(plants: Plants, runs: number = RUNS): Promise<string | null> {
  Object.assign(planted, plants)
  const { failure } = await runCampaign({ runs, seed: 4, shrinks: false })
  return failure
}

/** The view with its jobs or runs changed. */
function seeing(
  view: View,
  change: { readonly job?: (job: JobState) => JobState; readonly run?: (run: RunState) => RunState },
): View {
  const { job = (one) => one, run = (one) => one } = change
  return new Proxy(view, {
    get(target, member) {
      if (member === 'job') return (id: string) => changed(target.job(id), job)
      if (member === 'run') return (id: string) => changed(target.run(id), run)
      const value: unknown = Reflect.get(target, member, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function changed<T>(one: T | undefined, change: (one: T) => T): T | undefined {
  return one === undefined ? undefined : change(one)
}

function withDefinition(job: JobState, over: Partial<JobState['definition']>): JobState {
  return { ...job, definition: { ...job.definition, ...over } }
}

test('with the right functions nothing is found', async () => {
  expect(await caught({}, 20)).toBeNull()
})

describe('a bug in decide is caught', () => {
  test.each<[string, NonNullable<Plants['decide']>]>([
    [
      'it forgets the grace',
      (right, view, ...rest) =>
        right(seeing(view, { job: (job) => withDefinition(job, { misfireGraceMs: null }) }), ...rest),
    ],
    [
      'it lets one more run in than maxInstances',
      (right, view, input, ...rest) => {
        const more = (job: JobState): JobState => withDefinition(job, { maxInstances: job.definition.maxInstances + 1 })
        const isCommand = input.kind === 'command' && input.command.type === 'RunJob'
        return right(isCommand ? seeing(view, { job: more }) : view, input, ...rest)
      },
    ],
    [
      'it applies a command whose id was applied before',
      (right, view, input, ...rest) => {
        const forgetful = new Proxy(view, {
          get(target, member) {
            if (member === 'commandTime') return () => undefined
            const value: unknown = Reflect.get(target, member, target)
            return typeof value === 'function' ? (value.bind(target) as unknown) : value
          },
        })
        return right(forgetful, input, ...rest)
      },
    ],
    [
      'it takes a report of an older attempt for one of this',
      (right, view, input, ...rest) => {
        if (input.kind !== 'report') return right(view, input, ...rest)
        const run = view.run(input.report.runId)
        const isOld = run !== undefined && input.report.attempt < run.attempt
        const report = isOld ? { ...input.report, attempt: run.attempt } : input.report
        return right(view, { ...input, report }, ...rest)
      },
    ],
    [
      'it tries once more than the policy allows',
      (right, view, ...rest) => {
        const more = (run: RunState): RunState => {
          const { retry } = run.definition
          return { ...run, definition: { ...run.definition, retry: { ...retry, maxAttempts: retry.maxAttempts + 1 } } }
        }
        return right(seeing(view, { run: more }), ...rest)
      },
    ],
    [
      'it forgets a time after those that it coalesced',
      (right, view, input, ...rest) =>
        right(view, input, ...rest).map((event) =>
          event.type === 'RunQueued' &&
          event.cause === 'trigger' &&
          event.nextFireTime !== null &&
          event.coalesced !== null
            ? { ...event, nextFireTime: event.nextFireTime + 10_000 }
            : event,
        ),
    ],
  ])(
    '%s',
    async (_, decide) => {
      expect(await caught({ decide })).not.toBeNull()
    },
    60_000,
  )
})

describe('a bug in evolve is caught', () => {
  test.each<[string, NonNullable<Plants['evolve']>]>([
    [
      'it does not count the times that were decided',
      (right, draft, event) => {
        right(draft, event)
        const job = event.type === 'RunQueued' || event.type === 'RunSkipped' ? draft.job(event.jobId) : undefined
        if (job !== undefined) draft.putJob({ ...job, decidedCount: 0 })
      },
    ],
    [
      'it leaves a run that ended among the open ones',
      (right, draft, event) => {
        const before = event.type === 'RunTimedOut' ? draft.job(event.jobId) : undefined
        right(draft, event)
        const job = before === undefined ? undefined : draft.job(before.jobId)
        if (before !== undefined && job !== undefined) draft.putJob({ ...job, openRuns: before.openRuns })
      },
    ],
    [
      'it does not remember commands',
      (right, draft, event) => right(draft, 'commandGiven' in event ? { ...event, commandGiven: false } : event),
    ],
    [
      'it forgets that an attempt was granted',
      (right, draft, event) => {
        right(draft, event)
        const run = event.type === 'RunGranted' ? draft.run(event.runId) : undefined
        if (run !== undefined) draft.putRun({ ...run, granted: false })
      },
    ],
    [
      'it does not let the next of several runs begin',
      (right, draft, event) => {
        if (event.type !== 'RunSucceeded') return right(draft, event)
        const waiting = draft.job(event.jobId)?.openRuns.map((id) => draft.run(id)) ?? []
        right(draft, event)
        for (const run of waiting) if (run?.status === 'waiting') draft.putRun(run)
      },
    ],
    [
      'it ends no pause by labels',
      (right, draft, event) => {
        const { pauseRules } = draft
        right(draft, event)
        if (event.type === 'JobsResumed') draft.setPauseRules(pauseRules)
      },
    ],
  ])(
    '%s',
    async (_, evolve) => {
      expect(await caught({ evolve })).not.toBeNull()
    },
    60_000,
  )
})

describe('a bug in effectsOf is caught', () => {
  test.each<[string, NonNullable<Plants['effectsOf']>]>([
    [
      'it forgets the successors of a run that ended',
      (right, event, view) => {
        const effects = right(event, view)
        const isOutcome = event.type === 'RunSucceeded' || event.type === 'RunFailed'
        return isOutcome ? effects.filter(({ type }) => type !== 'dispatch') : effects
      },
    ],
    [
      'it forgets runs that a new version lets in',
      (right, event, view) => (event.type === 'JobModified' ? [] : right(event, view)),
    ],
    [
      'it forgets to hand over the next attempt',
      (right, event, view) => (event.type === 'RunRetryQueued' ? [] : right(event, view)),
    ],
    ['it grants nothing', (right, event, view) => right(event, view).filter(({ type }) => type !== 'grant')],
    [
      'it grants to whoever asks',
      (right, event, view) =>
        right(event, view).map((effect) => (effect.type === 'refuse' ? { ...effect, type: 'grant' as const } : effect)),
    ],
    ['it asks nobody to stop', (right, event, view) => (event.type === 'RunCancelRequested' ? [] : right(event, view))],
  ])(
    '%s',
    async (_, effectsOf) => {
      expect(await caught({ effectsOf })).not.toBeNull()
    },
    60_000,
  )
})
