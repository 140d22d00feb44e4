/** The public face: opens the logs, and gives the job verbs, the tasks and the life cycle over them. */
import type { KafkaOptions } from './adapters/kafka/kafka-options.ts'
import type { RegistryOptions } from './adapters/registry/registry-options.ts'
import { JobClient, type JobHandle } from './client/job-client.ts'
import {
  type DeliverJobOptions,
  type Duration,
  type JobOptions,
  jobDefaultsInput,
  type JobPolicies,
} from './client/job-options.ts'
import { DEFAULT_PREFIX, unflatten } from './config/flat-options.ts'
import { refuseUnknownOptions } from './config/known-options.ts'
import {
  concurrencyOf,
  type ExecutorOptions,
  type Profile,
  type ResolvedOptions,
  resolveOptions,
} from './config/scheduler-options.ts'
import { MAX_INSTANT_MS } from './core/limits.ts'
import { parseDurationMs } from './core/triggers/duration.ts'
import type { Trigger } from './core/triggers/trigger.ts'
import type { TaskModule } from './executor/task-module.ts'
import type { TaskHandler, TaskOptions } from './executor/task-registry.ts'
import type { LocalNode } from './local-node.ts'
import { openNode, type Role, ROLES } from './open-node.ts'
import type { Clock } from './ports/clock.ts'
import { OperationalError } from './ports/operational-error.ts'
import { SchedulerClient } from './scheduler-client.ts'
import type { Logger } from './ports/telemetry.ts'

/** What `configure` may change before the start. */
export interface ConfigureOptions {
  /** Zone of triggers that don't name one. Default UTC. */
  readonly timezone?: string
  /** Policies of jobs that don't give them. */
  readonly jobDefaults?: JobPolicies
  /** `apscheduler`: grace 1 s, coalesce latest, adding a job that exists is refused. Default `horolog`. */
  readonly profile?: Profile
}

export interface SchedulerOptions extends ConfigureOptions {
  /**
   * `memory:` | `file:<folder>` | `kafka://host:9092[,host:9092…][/namespace]`, `kafkas://` with TLS. Default $HOROLOG_LOG,
   * else `file:.horolog`.
   */
  readonly log?: string
  /** Several logs by alias; `log` is short for `stores.default`. */
  readonly stores?: Readonly<Record<string, string>>
  /** By name; `default` is always there. */
  readonly executors?: Readonly<Record<string, ExecutorOptions>>
  /** Of clusters: what this process does there, beside submitting and asking. Default: both. */
  readonly roles?: readonly Role[]
  /** How to reach clusters, beside what is in their addresses: TLS, SASL, time-outs. */
  readonly kafka?: Partial<KafkaOptions>
  /** Of clusters: where this node keeps checkpoints. Default: nowhere, the state is restored from the state topic. */
  readonly stateFolder?: string
  /** Of clusters: full names of topics that jobs may deliver records to. Default: none. */
  readonly deliverTopics?: readonly string[]
  /** Of clusters: full names of topics on which answers to commands may be asked for, beside `<namespace>.replies`. */
  readonly replyTopics?: readonly string[]
  /** Of clusters: a schema registry, for commands and reports in the Confluent encoding. Default: they are refused. */
  readonly registry?: RegistryOptions
  /**
   * Of clusters: a secret from which the token of each attempt is made, which its reports have to give back: who was not
   * handed the run can't report on it. A text or bytes, at least 16 bytes; a list, or a text of several lines, when it is
   * changed: the first makes tokens, all of them (at most 4) fit. The same on every node that decides; who only executes
   * needs none. Default $HOROLOG_TOKEN_KEY, else what is in the file $HOROLOG_TOKEN_KEY_FILE, else there are no tokens. On
   * other logs it has no effect.
   */
  readonly tokenKey?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** Of clusters: how long a command waits for the answer of an owner. Default 60 s; it may be done all the same. */
  readonly answerTimeout?: Duration
  /**
   * Of clusters: how far the clock of a process that decides may be from the brokers'. Further, it leaves the others to
   * decide until its clock fits and logs an error with both times, and `open` rejects with `wrong-clock`; a partition that
   * differs alone is an error line; over 1 s is a warning. At least 1 s; null: any, for a clock that is not the brokers' on purpose. Default 60 s.
   */
  readonly maxClockSkew?: Duration | null
  /** Shaped like pino. Default: warnings and errors on stderr. */
  readonly logger?: Logger
  /** Default: the system's. A virtual clock makes time pass in tests. */
  readonly clock?: Clock
}

export type ConnectOptions = Pick<
  SchedulerOptions,
  'log' | 'kafka' | 'stateFolder' | 'answerTimeout' | 'logger' | 'clock'
>

/** Options with dotted keys under a prefix, as from an ini file or the environment. */
export interface FlatOptions {
  readonly flat: Readonly<Record<string, unknown>>
  /** Default `horolog.`. */
  readonly prefix?: string
  readonly logger?: Logger
  readonly clock?: Clock
}

export interface StartOptions {
  /** Pauses the schedule first, durably, until `resume`. Default false. */
  readonly paused?: boolean
}

export interface ShutdownOptions {
  /** Waits for what runs. Default true. */
  readonly wait?: boolean
  /** At most so long. Default 30 s. */
  readonly deadline?: Duration
}

/** `failed`: a log failed, and the process has to be started again. */
export type SchedulerState = 'open' | 'running' | 'paused' | 'failed' | 'stopped'

const DEFAULT_DRAIN_MS = 30_000
/** Who has not started by then has forgotten it. */
const START_WITHIN_MS = 10_000

type Names<T> = Readonly<Record<keyof T, true>>
const CONFIGURE_OPTIONS: Names<ConfigureOptions> = { timezone: true, jobDefaults: true, profile: true }
const CONNECT_OPTIONS: Names<ConnectOptions> = {
  log: true,
  kafka: true,
  stateFolder: true,
  answerTimeout: true,
  logger: true,
  clock: true,
}
const OPTIONS: Names<SchedulerOptions> = {
  ...CONFIGURE_OPTIONS,
  ...CONNECT_OPTIONS,
  stores: true,
  executors: true,
  roles: true,
  deliverTopics: true,
  replyTopics: true,
  registry: true,
  maxClockSkew: true,
  tokenKey: true,
}

export class Scheduler extends JobClient {
  readonly #node: LocalNode
  readonly #clock: Clock
  #given: SchedulerOptions
  #resolved: ResolvedOptions
  #state: 'open' | 'running' | 'failed' | 'stopped' = 'open'
  #stopping: Promise<void> | null = null
  /** Those that listeners were told of. */
  #toldStores: readonly string[] = []
  #letGo: () => void = () => {}

  private constructor(
    node: LocalNode,
    clock: Clock,
    logger: Logger,
    given: SchedulerOptions,
    resolved: ResolvedOptions,
  ) {
    super(node.backend, logger)
    this.#node = node
    this.#clock = clock
    this.#given = given
    this.#resolved = resolved
  }

  /**
   * Opens the logs and becomes their owner: commands are answered, nothing fires before `start`. Of a cluster it takes its
   * share of the partitions from the other owners at once, so a process that does not start it should `connect` instead.
   * Rejects with `LogError` `owned` when another process owns a folder, `corrupt` when it is damaged; with
   * `OptionError` for a wrong option.
   */
  static async open(options: SchedulerOptions | FlatOptions = {}): Promise<Scheduler> {
    const given = 'flat' in options ? fromFlat(options) : options
    refuseUnknownOptions(given, Object.keys(OPTIONS))
    const { node, clock, logger, resolved, failure } = await openNode(given, given.roles ?? ROLES)
    const scheduler = new Scheduler(node, clock, logger, given, resolved)
    scheduler.#remindOfStart(logger)
    void failure.then((error) => scheduler.#failed(error, logger))
    return scheduler
  }

  /**
   * For a process that only submits and asks: the same verbs for jobs and runs, no tasks, nothing owned. It follows the
   * events of the cluster, and its commands are answered by whoever owns their partition.
   * Rejects with `unsupported` for a log that only one process can have, beside what `open` rejects with.
   */
  static async connect(options: ConnectOptions = {}): Promise<SchedulerClient> {
    refuseUnknownOptions(options, Object.keys(CONNECT_OPTIONS))
    const { node, clock, logger, failure } = await openNode(options, [])
    return new SchedulerClient(node, clock, logger, failure)
  }

  /** Of a cluster it keeps partitions from those who would fire their jobs. */
  #remindOfStart(logger: Logger): void {
    const remind = (): void => {
      if (this.#state !== 'open') return
      const { owned } = this.partitions
      logger.warn({ partitions: owned }, 'the scheduler is open and was not started: no job of its partitions fires')
    }
    this.#letGo = this.#clock.schedule(this.#clock.now() + START_WITHIN_MS, remind, true)
  }

  #failed(err: Error, logger: Logger): void {
    if (this.#state === 'stopped') return
    logger.error({ err }, 'the scheduler stopped: its log failed')
    this.#state = 'failed'
    this.tellLocal({ type: 'SchedulerFailed', error: err })
  }

  /** `paused`: the schedule is, for whatever reason, and by whomever. */
  get state(): SchedulerState {
    return this.#state === 'running' && this.#node.isPaused ? 'paused' : this.#state
  }

  /** The partitions of the default store that this process decides for at the moment, and how many there are. */
  get partitions(): { readonly owned: readonly number[]; readonly count: number } {
    const all = this.#node.materializer.partitions()
    const owned = all.flatMap(({ mode }, partition) => (mode === 'owning' ? [partition] : []))
    return { owned, count: all.length }
  }

  /** Changes options before the start. Throws `OptionError`, and `OperationalError` when it has started. */
  configure(options: ConfigureOptions): this {
    if (this.#state !== 'open')
      throw new OperationalError('invalid-option', 'configure: expected a scheduler that has not started')
    refuseUnknownOptions(options, Object.keys(CONFIGURE_OPTIONS))
    const given = { ...this.#given, ...options }
    this.#resolved = resolve(given)
    this.#given = given
    this.#node.configure(this.#resolved.settings)
    return this
  }

  /**
   * Registers a task: its handler, or `{ module, export }` of one that keeps a processor busy and runs in a worker
   * thread or a child process; its path is relative to the working directory, so a module beside the caller is
   * `new URL('./report.ts', import.meta.url)`. Throws `invalid-option` when the name is taken or an option is not known.
   */
  task(name: string, handler: TaskHandler | TaskModule, options: TaskOptions = {}): this {
    this.#node.tasks.add(name, handler, options)
    return this
  }

  /** Jobs may name it from now on. Rejects with `invalid-option` when it is there. */
  async addExecutor(name: string, options: ExecutorOptions = {}): Promise<this> {
    await this.#node.addExecutor(name, concurrencyOf(options, `executors.${name}`))
    this.tellLocal({ type: 'ExecutorAdded', executor: name })
    return this
  }

  /** Waits for what runs there, 30 s at most unless it is said. Runs for it wait until it is added again. */
  async removeExecutor(name: string, options: ShutdownOptions = {}): Promise<this> {
    await this.#node.removeExecutor(name, this.#deadline(options))
    this.tellLocal({ type: 'ExecutorRemoved', executor: name })
    return this
  }

  /** A job and its handler in one call: the task has the name of the job, and an equal job is left as it is. */
  async job(
    id: string,
    trigger: Trigger,
    handler: TaskHandler,
    options: Omit<JobOptions, 'id' | 'task' | 'trigger'> = {},
  ): Promise<JobHandle> {
    this.task(id, handler)
    return this.addJob({ ifExists: 'replace', ...options, id, task: id, trigger })
  }

  override async addJob(options: JobOptions | DeliverJobOptions): Promise<JobHandle> {
    // A task's own time-out and retry policy are copied into its jobs. What is wrong in them is said when it is added.
    const task = 'task' in options ? options.task : ''
    const defaults = this.#node.tasks.optionsOf(task) as Pick<JobOptions, 'timeout' | 'retry'>
    return super.addJob({ ifExists: this.#resolved.ifExists, ...defaults, ...options })
  }

  /** Timers count from now on, and runs are executed. The process stays alive until `shutdown`. */
  async start(options: StartOptions = {}): Promise<void> {
    if (this.#state === 'stopped') throw new OperationalError('closed', 'the scheduler is shut down')
    if (this.#state === 'failed') throw new OperationalError('log-failed', 'start: a log of the scheduler failed')
    if (this.#state === 'running') throw new OperationalError('invalid-option', 'start: the scheduler has started')
    if (options.paused === true) await this.pause({ reason: 'started paused' })
    this.#state = 'running'
    for (const executor of this.#node.executors) this.tellLocal({ type: 'ExecutorAdded', executor })
    this.#toldStores = [...this.#resolved.stores.keys()]
    for (const store of this.#toldStores) this.tellLocal({ type: 'StoreAdded', store })
    await this.#node.start()
    this.#letGo()
    this.#letGo = this.#clock.schedule(MAX_INSTANT_MS, () => {})
    this.tellLocal({ type: 'SchedulerStarted' })
  }

  /** Lets what runs finish, and gives the logs back. What is not over at the deadline is run again after the next start. */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options)
    return this.#stopping
  }

  async #stop(options: ShutdownOptions): Promise<void> {
    this.#state = 'stopped'
    await this.#node.shutdown(this.#deadline(options))
    this.#letGo()
    for (const store of this.#toldStores) this.tellLocal({ type: 'StoreRemoved', store })
    this.tellLocal({ type: 'SchedulerShutdown' })
  }

  #deadline(options: ShutdownOptions): number {
    const drainMs = options.wait === false ? 0 : parseDurationMs(options.deadline ?? DEFAULT_DRAIN_MS, 'deadline')
    return this.#clock.now() + drainMs
  }
}

function resolve(given: SchedulerOptions): ResolvedOptions {
  return resolveOptions({ ...given, jobDefaults: jobDefaultsInput(given.jobDefaults ?? {}) })
}

function fromFlat(options: FlatOptions): SchedulerOptions {
  const { flat, prefix = DEFAULT_PREFIX, ...rest } = options
  return { ...(unflatten(flat, prefix) as SchedulerOptions), ...rest }
}
