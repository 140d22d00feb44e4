/**
 * Follows the control topic for all executors of the process: assigned, without a group, from its start.
 *
 * Boundary: it reads and passes on; what a cancel or an answer does to an attempt is its executor's.
 * Invariant: what was on the topic at the start is known before the first run is taken.
 */
import type { Clock } from '../../ports/clock.ts'
import type { Dispatcher } from '../../ports/dispatcher.ts'
import type { EventLog, StoredRecord } from '../../ports/event-log.ts'
import type { ControlRecord, RunCodec } from '../../ports/run-codec.ts'
import type { Logger } from '../../ports/telemetry.ts'
import type { ControlMemory } from './control-memory.ts'
import { TopicReader } from './topic-reader.ts'

export type Controlled = Omit<Dispatcher, 'dispatch'>

export interface ControlReaderOptions {
  readonly log: EventLog
  readonly codec: RunCodec
  readonly clock: Clock
  readonly logger: Logger
  readonly memory: ControlMemory
  readonly executors: () => Iterable<Controlled>
}

const CONTROL = Object.freeze({ topic: 'control', partition: 0 })

export class ControlReader {
  readonly #options: ControlReaderOptions
  readonly #reader: TopicReader
  readonly #caughtUp = Promise.withResolvers<void>()
  #end = Number.POSITIVE_INFINITY

  constructor(options: ControlReaderOptions) {
    this.#options = options
    const { log, clock, logger } = options
    this.#reader = new TopicReader({
      log,
      place: CONTROL,
      clock,
      logger,
      hasRoom: () => true,
      take: (record) => this.#take(record),
      taken: (position) => {
        if (position >= this.#end) this.#caughtUp.resolve()
      },
    })
  }

  /** Resolves when all that is there was read. Rejects with `LogError` when the log can't say how much that is. */
  async start(): Promise<void> {
    this.#end = await this.#options.log.end(CONTROL)
    this.#reader.start(0)
    await this.#caughtUp.promise
  }

  /** A `start` under way resolves. */
  stop(): void {
    this.#reader.stop()
    this.#caughtUp.resolve()
  }

  #take(record: StoredRecord): void {
    const { codec, memory, executors, logger } = this.#options
    const reading = codec.readControl(record)
    if (reading.kind === 'unreadable') {
      logger.warn({ ...CONTROL, offset: record.offset, why: reading.why }, 'a record is no control record')
      return
    }
    memory.remember(reading.control)
    for (const executor of executors()) tell(executor, reading.control)
  }
}

function tell(executor: Controlled, control: ControlRecord): void {
  const { runId, attempt } = control
  switch (control.type) {
    case 'CancelRun':
      return executor.cancel(runId, attempt, control.reason)
    case 'RunGranted':
      return executor.grant(runId, attempt, control.executor)
    case 'ClaimRefused':
      return executor.refuse(runId, attempt, control.executor)
  }
}
