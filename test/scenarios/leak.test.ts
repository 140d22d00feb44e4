/**
 * A hundred thousand jobs come and go: what a partition holds in memory and in its store is then what it was before.
 *
 * The parts of a partition are driven as it drives them: batches over an overlay, the timers after each of them, the
 * finished runs into the store.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import type { Command, CommandEnvelope } from '../../src/core/commands.ts'
import type { Input } from '../../src/core/decide.ts'
import { step } from '../../src/core/engine.ts'
import type { Event } from '../../src/core/events.ts'
import { DEFAULT_SETTINGS } from '../../src/core/job/resolve-definition.ts'
import { COMMAND_MEMORY_MS } from '../../src/core/limits.ts'
import { Overlay, State } from '../../src/core/state.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { FinishedRuns } from '../../src/materializer/finished-runs.ts'
import { PartitionTimers } from '../../src/materializer/partition-timers.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { command, given as withId, report } from '../support/inputs.ts'
import { T0 } from '../support/moments.ts'

const JOBS = 100_000
const BATCH = 1_000

class Owner {
  readonly state = new State()
  readonly store = createMemoryStore()
  readonly clock = createVirtualClock(T0)
  readonly timers = new PartitionTimers(this.clock, () => {})
  readonly #finished = new FinishedRuns(
    this.store,
    SILENT,
    (jobId) => this.state.job(jobId),
    async () => {},
  )
  #now = T0
  #seq = 0

  constructor() {
    this.timers.begin(this.state, T0)
  }

  pass(ms: number): void {
    this.#now += ms
  }

  /** Decides the inputs in batches; gives the events. */
  decide(inputs: readonly Input[]): Event[] {
    const all: Event[] = []
    for (let from = 0; from < inputs.length; from += BATCH) {
      const overlay = new Overlay(this.state)
      const events: Event[] = []
      this.#seq += 1
      const context = {
        batch: { epoch: 1, seq: this.#seq },
        now: this.#now,
        liveness: this.timers.liveness,
        settings: DEFAULT_SETTINGS,
      }
      for (const input of inputs.slice(from, from + BATCH)) step(overlay, input, context, events)
      overlay.commit()
      this.timers.update(this.state, overlay.changedJobs(), overlay.changedRuns())
      this.#finished.keep(this.state.takeRetired())
      for (const event of events) all.push(event)
    }
    return all
  }

  async size() {
    return {
      jobs: this.state.jobCount,
      runs: this.state.runCount,
      commands: [...this.state.commands()].length,
      timers: this.timers.size,
      rows: (await this.store.scan('', JOBS)).length,
      rules: this.state.pauseRules.length,
      retired: this.state.takeRetired(),
    }
  }
}

const NOTHING = { jobs: 0, runs: 0, commands: 0, timers: 0, rows: 0, rules: 0, retired: { finished: [], jobs: [] } }

type Request = Parameters<typeof command>[0]

/** The same for each of the jobs; every one with a command id of its own when `prefix` is given. */
function forAll(request: (jobId: string) => Request, prefix?: string): Input[] {
  return Array.from({ length: JOBS }, (_, i) => {
    const envelope: CommandEnvelope | undefined = prefix === undefined ? undefined : withId(`${prefix}-${i}`)
    return command(request(`job-${i}`), envelope)
  })
}

const add = (jobId: string, over: object = {}): Request => {
  const job = { task: 'greet', trigger: interval('1h'), labels: { team: jobId.slice(-1) }, ...over }
  return { type: 'AddJob', jobId, ifExists: 'replace', job }
}
const counted = (events: readonly Event[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

describe(`${JOBS} jobs that are added, paused, resumed, modified and removed`, () => {
  const owner = new Owner()
  const decided: Record<string, number>[] = []

  beforeAll(() => {
    const round: readonly Input[][] = [
      forAll((jobId) => add(jobId), 'add'),
      forAll((jobId) => ({ type: 'PauseJob', jobId, reason: 'holidays', until: null })),
      forAll((jobId) => ({ type: 'ResumeJob', jobId })),
      forAll((jobId) => ({ type: 'ModifyJob', jobId, version: 1, job: { name: jobId } })),
      forAll((jobId) => ({ type: 'RemoveJob', jobId })),
    ]
    for (const inputs of round) decided.push(counted(owner.decide(inputs)))
  }, 60_000)

  test('are each what they should be in between', () => {
    const each = ['JobAdded', 'JobPaused', 'JobResumed', 'JobModified', 'JobRemoved']
    expect(decided).toEqual(each.map((type) => ({ [type]: JOBS })))
  })

  test('leave nothing but the command ids that are remembered, for an hour', async () => {
    expect(await owner.size()).toEqual({ ...NOTHING, commands: JOBS })
    owner.pass(COMMAND_MEMORY_MS)
    owner.decide([command({ type: 'ResumeSchedule' }, withId('last'))])
    expect(await owner.size()).toEqual({ ...NOTHING, commands: 1 })
  })
})

test(
  `${JOBS} jobs that are moved by reschedules and held by labels leave one timer each, and none at the end`,
  { timeout: 60_000 },
  async () => {
    const owner = new Owner()
    owner.decide(forAll((jobId) => add(jobId)))
    for (const minutes of [7, 8]) {
      const trigger = interval({ minutes })
      owner.decide(forAll((jobId) => ({ type: 'RescheduleJob', jobId, version: null, trigger })))
      expect((await owner.size()).timers).toBe(JOBS)
    }
    owner.decide([command({ type: 'PauseJobs', labels: { team: '7' }, reason: null, until: null })])
    expect((await owner.size()).timers).toBe(JOBS - JOBS / 10)
    owner.decide([command({ type: 'ResumeJobs', labels: { team: '7' } })])
    expect((await owner.size()).timers).toBe(JOBS)
    owner.decide([command({ type: 'RemoveAllJobs' })])
    expect(await owner.size()).toEqual(NOTHING)
  },
)

describe('jobs with runs', () => {
  const WITH_RUNS = 5_000
  /** Whatever is due fires, and each run succeeds. */
  function runAll(owner: Owner): Record<string, number> {
    const due = Array.from({ length: WITH_RUNS }, (_, i): Input => ({ kind: 'job-due', jobId: `job-${i}` }))
    const queued = owner.decide(due).filter((event) => event.type === 'RunQueued')
    return counted(owner.decide(queued.map(({ runId }) => report('succeeded', runId))))
  }
  const jobs = (over: object): Input[] => Array.from({ length: WITH_RUNS }, (_, i) => command(add(`job-${i}`, over)))
  const each = (request: (jobId: string) => Request): Input[] =>
    Array.from({ length: WITH_RUNS }, (_, i) => command(request(`job-${i}`)))

  test('keep as many of them as they say, and none when they are removed', async () => {
    const owner = new Owner()
    owner.decide(jobs({ keepRuns: 2 }))
    for (let hour = 0; hour < 3; hour += 1) {
      owner.pass(3_600_000)
      expect(runAll(owner)).toEqual({ RunSucceeded: WITH_RUNS })
    }
    expect(await owner.size()).toMatchObject({ jobs: WITH_RUNS, runs: 0, timers: WITH_RUNS, rows: 2 * WITH_RUNS })
    owner.decide(each((jobId) => ({ type: 'RemoveJob', jobId })))
    expect(await owner.size()).toEqual(NOTHING)
  })

  test('leave none behind when they finish with their only run', async () => {
    const owner = new Owner()
    owner.decide(jobs({ trigger: null }))
    expect(runAll(owner)).toEqual({ RunSucceeded: WITH_RUNS, JobFinished: WITH_RUNS })
    expect(await owner.size()).toEqual(NOTHING)
  })

  test('leave none behind when they were changed to keep fewer, and are removed then', async () => {
    const owner = new Owner()
    owner.decide(jobs({ keepRuns: 3 }))
    for (let hour = 0; hour < 3; hour += 1) {
      owner.pass(3_600_000)
      runAll(owner)
    }
    owner.decide(each((jobId) => ({ type: 'ModifyJob', jobId, version: null, job: { keepRuns: 1 } })))
    owner.decide(each((jobId) => ({ type: 'RemoveJob', jobId })))
    expect(await owner.size()).toEqual(NOTHING)
  })

  // Known: a job that is added again in the batch that removes it hides the one before.
  test('leave none behind when they are removed and added again at once', async () => {
    const owner = new Owner()
    owner.decide(jobs({}))
    owner.pass(3_600_000)
    runAll(owner)
    const adds = jobs({})
    const again = each((jobId) => ({ type: 'RemoveJob', jobId })).flatMap((remove, i) => [remove, adds[i] ?? remove])
    owner.decide(again)
    expect((await owner.size()).rows).toBe(0)
  })

  test('that are removed while their runs are open leave nothing when those have reported', async () => {
    const owner = new Owner()
    owner.decide(jobs({ maxInstances: 3 }))
    const queued = owner.decide(each((jobId) => runNow(jobId)))
    owner.decide([command({ type: 'RemoveAllJobs' })])
    expect(await owner.size()).toMatchObject({ jobs: 0, runs: WITH_RUNS })
    const reports = queued.flatMap((event) => (event.type === 'RunQueued' ? [report('succeeded', event.runId)] : []))
    expect(counted(owner.decide(reports))).toEqual({ RunSucceeded: WITH_RUNS })
    expect(await owner.size()).toEqual(NOTHING)
  })

  function runNow(jobId: string): Extract<Request, { type: Command['type'] }> {
    return { type: 'RunJob', jobId, payload: null, contentType: null }
  }
})
