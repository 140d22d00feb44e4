/**
 * A process that only executes: members of executor groups over the topics of a cluster, without a fold of its events.
 *
 * Boundary: it composes; signals and what is printed are the command line's.
 */
import { hostname } from 'node:os'
import type { KafkaLog } from './adapters/kafka/kafka-log.ts'
import { type KafkaOptions, kafkaSettings } from './adapters/kafka/kafka-options.ts'
import { createSystemClock } from './adapters/system/system-clock.ts'
import { createSystemEntropy } from './adapters/system/system-entropy.ts'
import { encodeCommand } from './codec/command-avro.ts'
import { RUN_CODEC } from './codec/run-codec.ts'
import { environment } from './config/environment.ts'
import { DEFAULT_EXECUTOR } from './core/state.ts'
import { WorkerNode } from './executor/group/worker-node.ts'
import { TaskRegistry } from './executor/task-registry.ts'
import { kafkaConnection } from './kafka-connection.ts'
import type { Clock } from './ports/clock.ts'
import { LogError } from './ports/event-log.ts'
import type { Outbox } from './ports/outbox.ts'
import type { Logger } from './ports/telemetry.ts'

export interface OpenWorkerOptions {
  /** `kafka://…`. */
  readonly log: string
  /** How to reach the cluster, beside what is in its address. */
  readonly kafka: Partial<KafkaOptions>
  readonly logger: Logger
}

export interface OpenWorker {
  readonly tasks: TaskRegistry
  /**
   * Takes the runs of an executor, this many at a time, and has the owners know its name. Rejects as
   * `WorkerNode.add` does, and with `wrong-log` when it has no topic.
   */
  add(name: string, concurrency: number): Promise<void>
  /** Takes nothing more, waits for what runs, `drainMs` at most, and lets go of everything. */
  close(drainMs: number): Promise<void>
}

const ID_BYTES = 16

/** Rejects with `LogError` when the cluster can't be used; throws `KafkaOptionError`. */
export async function openWorker({ log: url, kafka, logger }: OpenWorkerOptions): Promise<OpenWorker> {
  const { openKafkaLog } = await import('./adapters/kafka/kafka-log.ts')
  const { createKafkaOutbox } = await import('./adapters/kafka/kafka-outbox.ts')
  const clock = createSystemClock()
  const entropy = createSystemEntropy()
  const connection = { ...kafkaConnection(url, kafka), logger, now: () => clock.now() }
  const log = await openKafkaLog(connection)
  const outbox = createKafkaOutbox(connection)
  const process = `${hostname()}:${globalThis.process.pid}:${Buffer.from(entropy.bytes(ID_BYTES)).toString('hex')}`
  const tasks = new TaskRegistry()
  const parts = { log, outbox, codec: RUN_CODEC, clock, logger, tasks, process, environment: environment() }
  return worker(new WorkerNode(parts), parts, kafkaSettings(connection).namespace)
}

interface Parts {
  readonly log: KafkaLog
  readonly outbox: Outbox
  readonly clock: Clock
  readonly logger: Logger
  readonly tasks: TaskRegistry
  readonly process: string
}

function worker(node: WorkerNode, parts: Parts, namespace: string): OpenWorker {
  const { log, outbox, clock, tasks } = parts
  return {
    tasks,
    async add(name, concurrency) {
      await mustHaveTopic(log, name, namespace)
      await node.add(name, { concurrency })
      if (name !== DEFAULT_EXECUTOR) declare(name, parts)
    },
    async close(drainMs) {
      await node.drain(clock.now() + drainMs)
      await outbox.close()
      await log.close()
    },
  }
}

/** Rejects with `LogError` `wrong-log`: without its topic nobody would ever give it a run. */
async function mustHaveTopic(log: KafkaLog, executor: string, namespace: string): Promise<void> {
  const topic = `runs.${executor}`
  const isThere = await log.partitionsOf(topic).catch((error: unknown) => {
    if (error instanceof LogError && error.code === 'invalid-record') return null
    throw error
  })
  if (isThere !== null) return
  const make = `horolog topics apply --executor ${executor}=${log.partitions}`
  throw new LogError('wrong-log', `there is no topic ${namespace}.${topic}; create it with: ${make}`)
}

/** Jobs may name it from then on. Nobody waits for the answer: owners may start later, or have heard of it before. */
function declare(executor: string, { log, outbox, logger, process }: Parts): void {
  const commandId = `${process}-${executor}`
  const asked = { commandId, commandGiven: true, actor: null, commandOffset: null }
  const value = encodeCommand({ type: 'DeclareExecutor', executor, ...asked })
  for (let partition = 0; partition < log.partitions; partition += 1) {
    const sent = outbox.send({ topic: 'commands', partition, key: null, value, headers: [] })
    sent.catch((err: unknown) => logger.warn({ err, executor }, 'the owners could not be told of the executor'))
  }
}
