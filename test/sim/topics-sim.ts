/**
 * One seed, one cluster: three nodes over topics, whose commands, faults, crashes and assignments the seed chooses.
 *
 * First a time of trouble, then peace until nothing is open any more; then the promises are checked on what is on the
 * log and its topics.
 */
import type { AppendAttempt, AppendFate } from '../../src/adapters/memory/memory-log.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { TaskHandler } from '../../src/executor/task-registry.ts'
import { headers, json } from '../support/topic-records.ts'
import { type TestNode, World } from '../support/world.ts'
import { type Choices, choices } from './choices.ts'
import { type Executed, promises } from './promises.ts'

const PARTITIONS = 3
const JOBS = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `job-${name}`)
const STEPS = 60
/** Retries, time-outs and heartbeats of what was begun last, and the progress of effects. */
const PEACE_MS = 10 * 60_000

export interface Simulated {
  readonly seed: number
  readonly commands: number
  readonly runs: number
  readonly crashes: number
  readonly faults: number
}

/** Rejects with the promise that was broken. */
export async function simulate(seed: number): Promise<Simulated> {
  let end = (): void => {}
  const world = new World({
    partitions: PARTITIONS,
    seed,
    topics: true,
    atEnd: (ends) => {
      end = ends
    },
  })
  try {
    return await new Simulation(seed, world).run()
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error })
  } finally {
    end()
  }
}

class Simulation {
  readonly #seed: number
  readonly #world: World
  readonly #choices: Choices
  readonly #executed: Executed[] = []
  /** Ids of commands that a client was told are applied. */
  readonly #acknowledged: string[] = []
  #nodes: TestNode[] = []
  #troubled = true
  #started = 0
  #asked = 0
  #crashes = 0
  #faults = 0

  constructor(seed: number, world: World) {
    this.#seed = seed
    this.#world = world
    this.#choices = choices(seed)
  }

  async run(): Promise<Simulated> {
    const world = this.#world
    while (this.#nodes.length < PARTITIONS) await this.#start()
    world.faults = (attempt) => this.#fate(attempt)
    for (let step = 0; step < STEPS; step += 1) await this.#step()
    this.#troubled = false
    while (this.#nodes.length < PARTITIONS) await this.#start()
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      world.cluster.assign(partition, this.#nodes[partition]!.name, { tellLoser: true })
    }
    await world.advance(30_000)
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      await this.#produce(partition, { type: 'RemoveAllJobs' })
    }
    await world.advance(PEACE_MS)
    await promises(world, this.#nodes, { executed: this.#executed, acknowledged: this.#acknowledged })
    const runs = this.#executed.length
    return { seed: this.#seed, commands: this.#asked, runs, crashes: this.#crashes, faults: this.#faults }
  }

  async #start(): Promise<void> {
    this.#started += 1
    const node = this.#world.node(`node-${this.#started}`, {
      tasks: this.#tasks(),
      concurrency: 4,
      deliverTopics: ['orders'],
    })
    // A node that starts in trouble may need time, or be dropped before it is there.
    const started = await this.#world.pass(Promise.race([node.catch(() => null), this.#later(60_000)]))
    if (started !== null) this.#nodes.push(started)
  }

  #later(ms: number): Promise<null> {
    const { clock } = this.#world
    return new Promise((resolve) => clock.schedule(clock.now() + ms, () => resolve(null)))
  }

  #tasks(): Readonly<Record<string, TaskHandler>> {
    const { clock } = this.#world
    const record: TaskHandler = ({ run }) => {
      this.#executed.push({ runId: run.runId, attempt: run.attempt })
    }
    return {
      quick: record,
      flaky: (context, payload) => {
        void record(context, payload)
        if (this.#choices.chance(0.4)) throw new Error('flaky')
      },
      slow: async (context, payload) => {
        void record(context, payload)
        const until = clock.now() + this.#choices.below(8_000)
        await new Promise<void>((resolve) => {
          clock.schedule(until, resolve)
          context.signal.addEventListener('abort', () => resolve())
        })
      },
    }
  }

  /** What becomes of an append in times of trouble; the member may be gone by it. */
  #fate({ member }: AppendAttempt): AppendFate {
    const node = this.#nodes.find(({ name }) => name === member)
    if (!this.#troubled || node === undefined) return 'ok'
    if (this.#choices.chance(0.004)) {
      this.#crash(node)
      return this.#choices.of(['lose-request', 'lose-reply'])
    }
    if (!this.#choices.chance(0.05)) return 'ok'
    this.#faults += 1
    return this.#choices.of<AppendFate>(['refuse', 'lose-request', 'lose-reply', 'lose-reply'])
  }

  #crash(node: TestNode): void {
    this.#crashes += 1
    this.#nodes = this.#nodes.filter((one) => one !== node)
    node.drop()
  }

  async #step(): Promise<void> {
    const world = this.#world
    const choose = this.#choices
    if (this.#nodes.length < PARTITIONS && choose.chance(0.3)) await this.#start()
    for (let asks = choose.below(4); asks > 0; asks -= 1) await this.#ask()
    if (this.#nodes.length > 0 && choose.chance(0.1)) {
      world.cluster.assign(choose.below(PARTITIONS), choose.of(this.#nodes).name, { tellLoser: choose.chance(0.5) })
    }
    if (this.#nodes.length > 1 && choose.chance(0.03)) this.#crash(choose.of(this.#nodes))
    await world.advance(choose.of([1, 100, 1_000, 4_000]))
  }

  async #ask(): Promise<void> {
    const choose = this.#choices
    const jobId = choose.of(JOBS)
    if (this.#nodes.length > 0 && choose.chance(0.25)) return this.#askAsClient(jobId)
    const command = choose.chance(0.4) ? this.#addJob(jobId) : this.#change(jobId)
    const partition = choose.below(PARTITIONS)
    await this.#produce(partition, command)
    // A producer that did not hear of its success sends it again.
    if (choose.chance(0.1)) await this.#produce(partition, command, true)
  }

  /** Whether the node owns the job or not. Nobody waits for the answer, which may never come. */
  #askAsClient(id: string): void {
    const choose = this.#choices
    const { client } = choose.of(this.#nodes)
    this.#asked += 1
    const commandId = `client-${this.#asked}`
    const asked = choose.chance(0.5)
      ? client.addJob({ id, task: 'quick', trigger: interval(choose.of(['2s', '6s'])), commandId })
      : client.runJob(id, { commandId })
    asked.then(
      () => this.#acknowledged.push(commandId),
      () => {},
    )
  }

  async #produce(partition: number, command: Readonly<Record<string, unknown>>, again = false): Promise<void> {
    if (!again) this.#asked += 1
    const texts = { 'horolog-command-id': `command-${this.#asked}`, 'horolog-reply-to': 'replies' }
    await this.#world.produce('commands', { partition, value: json(command), headers: headers(texts) })
  }

  #addJob(id: string): Readonly<Record<string, unknown>> {
    const choose = this.#choices
    const trigger = { type: 'interval', every: choose.of(['PT2S', 'PT5S', 'PT9S']) }
    const retry = { maxAttempts: 1 + choose.below(3), initialMs: 500 }
    const target = choose.chance(0.15)
      ? { deliver: { topic: 'orders', key: id } }
      : {
          task: choose.of(['quick', 'flaky', 'slow']),
          delivery: choose.of(['at-least-once', 'at-least-once', 'at-most-once']),
          timeoutMs: choose.of([null, 5_000, 20_000]),
        }
    const overlap = choose.of(['skip', 'queue', 'cancel-running'])
    const ifExists = choose.of(['replace', 'keep', 'reject'])
    return {
      type: 'AddJob',
      ifExists,
      job: { id, ...target, trigger, retry, overlap, maxInstances: 1 + choose.below(2) },
    }
  }

  #change(jobId: string): Readonly<Record<string, unknown>> {
    const choose = this.#choices
    const run = this.#executed.at(-1 - choose.below(3))
    if (run !== undefined && choose.chance(0.2)) {
      return { type: choose.of(['CancelRun', 'RetryRun']), jobId: run.runId.split('/')[0], runId: run.runId }
    }
    const type = choose.of(['RunJob', 'RunJob', 'PauseJob', 'ResumeJob', 'RemoveJob', 'RescheduleJob', 'BackfillJob'])
    if (type === 'RescheduleJob') return { type, jobId, trigger: { type: 'interval', every: 'PT3S' } }
    if (type !== 'BackfillJob') return { type, jobId }
    const now = this.#world.clock.now()
    const instant = (ms: number): string => new Date(ms).toISOString()
    return { type, jobId, from: instant(now - 60_000), to: instant(now), dryRun: false }
  }
}
