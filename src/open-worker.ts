/**
 * A process that only executes: members of executor groups over the topics of a cluster, without a fold of its events.
 *
 * Boundary: it composes; signals and what is printed are the command line's.
 */
import { hostname } from 'node:os'
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
import type { EventLog } from './ports/event-log.ts'
import type { Outbox } from './ports/outbox.ts'
import type { Logger } from './ports/telemetry.ts'

export interface OpenWorkerOptions {
  /** `kafka://…`. */
  readonly url: string
  readonly logger: Logger
}

export interface OpenWorker {
  readonly tasks: TaskRegistry
  /**
   * Takes the runs of an executor, this many at a time, and has the owners know its name. Rejects as
   * `WorkerNode.add` does.
   */
  add(name: string, concurrency: number): Promise<void>
  /** Takes nothing more, waits for what runs, `drainMs` at most, and lets go of everything. */
  close(drainMs: number): Promise<void>
}

const ID_BYTES = 16

/** Rejects with `LogError` when the cluster can't be used; throws `KafkaOptionError`. */
export async function openWorker({ url, logger }: OpenWorkerOptions): Promise<OpenWorker> {
  const { openKafkaLog } = await import('./adapters/kafka/kafka-log.ts')
  const { createKafkaOutbox } = await import('./adapters/kafka/kafka-outbox.ts')
  const clock = createSystemClock()
  const entropy = createSystemEntropy()
  const connection = { ...kafkaConnection(url), logger, now: () => clock.now() }
  const log = await openKafkaLog(connection)
  const outbox = createKafkaOutbox(connection)
  const process = `${hostname()}:${globalThis.process.pid}:${Buffer.from(entropy.bytes(ID_BYTES)).toString('hex')}`
  const tasks = new TaskRegistry()
  const parts = { log, outbox, codec: RUN_CODEC, clock, logger, tasks, process, environment: environment() }
  return worker(new WorkerNode(parts), parts)
}

interface Parts {
  readonly log: EventLog
  readonly outbox: Outbox
  readonly clock: Clock
  readonly logger: Logger
  readonly tasks: TaskRegistry
  readonly process: string
}

function worker(node: WorkerNode, parts: Parts): OpenWorker {
  const { log, outbox, clock, tasks } = parts
  return {
    tasks,
    async add(name, concurrency) {
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
