/** Plays a story on one log, and says what became of it there. */
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { EVENT_TYPES } from '../../src/core/events.ts'
import { type PublicEvent, Scheduler, type TaskHandler } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'
import { comparable, comparableEvent } from './comparable.ts'
import { type Fact, Facts } from './facts.ts'
import type { Stage, Story, StoryClock } from './story.ts'

export interface Played {
  readonly facts: readonly Fact[]
  /** By job id, those of its whole partition among them, in the order of the log. */
  readonly events: Readonly<Record<string, readonly unknown[]>>
  /** Commands refused that named no job that there could be. */
  readonly ofNoJob: readonly unknown[]
  /** As they are at the end. */
  readonly jobs: readonly unknown[]
  readonly notes: readonly unknown[]
}

/** Of an owner, not of a job. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['OwnerAnnounced', 'BatchCommitted'])

/** What runs as long is said to have started, on every log. */
const STARTED_AFTER_MS = 1_000

export interface Place {
  readonly log: string
  /** Commands come from another member of the cluster, and it is asked what became of them. Default false. */
  readonly fromOutside?: boolean
}

/** `expected`: the facts of another log, which are waited for here; empty: this is the first. */
export async function play(story: Story, place: Place, expected: readonly Fact[]): Promise<Played> {
  const { log, fromOutside = false } = place
  const clock = createVirtualClock(T0)
  const node = { log, clock, logger: SILENT }
  // A story is told in virtual time, a broker stamps its events all the same.
  const scheduler = await Scheduler.open({ ...node, maxClockSkew: null, ...story.options })
  const outside = fromOutside ? await Scheduler.connect(node) : null
  try {
    const actors = { scheduler, client: outside ?? scheduler, clock }
    return await playWith(story, actors, new Facts(expected))
  } finally {
    await scheduler.shutdown({ wait: false })
    await outside?.close()
  }
}

/** Told at once of a record that may have been handed over before: on Kafka of whatever came before its group had met. */
function isEarlyStart(event: PublicEvent): boolean {
  return event.type === 'RunStarted' && event.time.getTime() - event.startedAt.getTime() < STARTED_AFTER_MS
}

interface Actors extends Pick<Stage, 'scheduler' | 'client'> {
  readonly clock: VirtualClock
}

async function playWith(story: Story, { scheduler, client, clock }: Actors, facts: Facts): Promise<Played> {
  const told: PublicEvent[] = []
  const notes: unknown[] = []
  const storyClock = new SteppingClock(clock, facts)
  const saw = (text: string): void => facts.add({ step: storyClock.step, at: clock.now(), text })
  for (const type of EVENT_TYPES) {
    client.on(type, (event) => {
      const text = JSON.stringify(comparableEvent(event))
      if (BOOKKEEPING.has(type) || (isEarlyStart(event) && facts.isSurplus(text))) return
      told.push(event)
      saw(text)
    })
  }
  const stage: Stage = {
    scheduler,
    client,
    clock: storyClock,
    task: (name, handler, options) => void scheduler.task(name, seen(handler, saw), options),
    note: (what) => void notes.push(comparable(what)),
    refused: async (asked) => {
      const { code, path } = (await asked.then(
        () => ({ code: 'taken' }),
        (error: unknown) => error,
      )) as Refusal
      notes.push({ code, path })
    },
  }
  await scheduler.start()
  await story.play(stage)
  await storyClock.settle()
  const jobs = client.getJobs().map(comparable)
  await scheduler.shutdown({ wait: false })
  const ofNoJob = told.filter(isOfNoJob).map(comparableEvent)
  return { facts: facts.seen, events: byJob(told), ofNoJob, jobs, notes }
}

interface Refusal {
  readonly code: string
  readonly path?: string
}

/** The handler, and facts of its calls: between a run that is queued and its first report the log says nothing. */
function seen(handler: TaskHandler, saw: (text: string) => void): TaskHandler {
  return (context, payload) => {
    const { run, signal } = context
    const call = comparable(`${run.runId} attempt ${run.attempt}`)
    saw(`begun ${String(call)}`)
    signal.addEventListener('abort', () => saw(`aborted ${String(call)}`))
    return handler(context, payload)
  }
}

function byJob(told: readonly PublicEvent[]): Record<string, readonly unknown[]> {
  const homes = new Map<string, number>()
  for (const event of told) if ('jobId' in event && event.jobId !== null) homes.set(event.jobId, event.partition)
  const ofJob = (jobId: string, partition: number): readonly unknown[] =>
    told
      .filter((event) => event.partition === partition && !isOfNoJob(event))
      .filter((event) => !('jobId' in event) || event.jobId === null || event.jobId === jobId)
      .map(comparableEvent)
  return Object.fromEntries([...homes].map(([jobId, partition]) => [jobId, ofJob(jobId, partition)]))
}

function isOfNoJob(event: PublicEvent): boolean {
  return event.type === 'CommandRejected' && event.jobId === null
}

/** Goes from timer to timer, and waits at each for what the other log had there. */
class SteppingClock implements StoryClock {
  readonly #clock: VirtualClock
  readonly #facts: Facts
  /** How often it was moved. */
  step = 0

  constructor(clock: VirtualClock, facts: Facts) {
    this.#clock = clock
    this.#facts = facts
  }

  readonly now = (): number => this.#clock.now()

  readonly advance = async (ms: number): Promise<void> => {
    const target = this.now() + ms
    await this.#quiet()
    for (let next = this.#clock.nextTimerAt(); next !== null && next <= target; next = this.#clock.nextTimerAt()) {
      await this.#clock.advance(Math.max(0, next - this.now()))
      await this.#quiet()
    }
    await this.#clock.advance(target - this.now())
    await this.settle()
  }

  readonly jump = async (ms: number): Promise<void> => {
    await this.settle()
    await this.#clock.set(this.now() + ms)
    await this.settle()
  }

  readonly settle = async (): Promise<void> => {
    await this.#quiet()
    this.step += 1
  }

  async #quiet(): Promise<void> {
    await this.#clock.settle()
    await this.#facts.upTo(this.step, this.now())
    await this.#clock.settle()
  }
}
