/** The fold of a log that is read: the state of its partitions, brought up to the end of the log when it is asked. */
import { createEventCodec } from '../codec/event-codec.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { State } from '../core/state.ts'
import { PartitionFold } from '../materializer/partition-fold.ts'
import type { ReadableLog } from './read-log.ts'

export interface LogFoldOptions {
  /** Only this one. Default: all. */
  readonly partition?: number
  /** Gets every run that ended, in the order of its partition. */
  readonly finished?: (run: FinishedRun) => void
}

export class LogFold {
  readonly #folds: readonly PartitionFold[]

  constructor({ log, isShared }: Pick<ReadableLog, 'log' | 'isShared'>, { partition, finished }: LogFoldOptions = {}) {
    const codec = createEventCodec()
    const partitions =
      partition === undefined ? Array.from({ length: log.partitions }, (_, index) => index) : [partition]
    this.#folds = partitions.map((number) => {
      const fold: PartitionFold = new PartitionFold({
        log,
        codec,
        topicPartition: { topic: 'events', partition: number },
        singleWriter: !isShared,
        accepted: () => {
          // Also when nobody wants them: they must not pile up.
          for (const { run } of fold.state.takeRetired().finished) finished?.(run)
        },
        refused: () => undefined,
      })
      return fold
    })
  }

  get states(): readonly State[] {
    return this.#folds.map((fold) => fold.state)
  }

  async toEnd(): Promise<void> {
    await Promise.all(this.#folds.map((fold) => fold.foldToEnd()))
  }
}
