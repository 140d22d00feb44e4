/**
 * The checkpoints of a partition as this node keeps them: in its own store, where it has one, and on the state topic,
 * where the log is shared. Without either the state is rebuilt from the events.
 */
import type { PartitionFold } from '../partition-fold.ts'
import type { PartitionOptions } from '../partition-options.ts'
import type { Unsent } from '../unsent.ts'
import type { CheckpointSource, Restored } from './checkpoint-source.ts'
import { LocalCheckpoint } from './local-checkpoint.ts'
import { TopicCheckpoints } from './topic-checkpoints.ts'
import { decodeUnsent, encodeUnsent } from './unsent-bytes.ts'

export class Checkpoints {
  readonly #fold: PartitionFold
  readonly #unsent: Unsent
  readonly #local: LocalCheckpoint | null
  readonly #topic: TopicCheckpoints | null
  readonly #source: CheckpointSource

  constructor(options: PartitionOptions, fold: PartitionFold, unsent: Unsent) {
    const { checkpoints, store, codec: eventCodec, surroundings } = options
    this.#fold = fold
    this.#unsent = unsent
    const common = checkpoints === undefined ? null : { ...options, eventCodec, stateCodec: checkpoints.stateCodec }
    this.#local =
      common !== null && checkpoints?.isStoreKept === true ? new LocalCheckpoint({ ...common, store }) : null
    this.#topic = common !== null && surroundings.kind === 'topics' ? new TopicCheckpoints(common) : null
    this.#source = {
      get state() {
        return fold.state
      },
      get cursor() {
        return fold.cursor
      },
      extra: () => encodeUnsent(unsent.ranges),
    }
  }

  /** The node's own comes first: it is the newest as a rule, and the nearest. */
  async restore(): Promise<void> {
    const local = (await this.#local?.restore()) ?? null
    const restored = local ?? (await this.#topic?.restore()) ?? null
    if (restored === null) return
    this.#resume(restored)
    if (local !== null) this.#local?.begin(this.#source)
  }

  /** From the state topic alone: the node's own is of what was folded. For a log that lost that, and its beginning. */
  async restoreShared(): Promise<void> {
    const restored = (await this.#topic?.restore()) ?? null
    if (restored !== null) this.#resume(restored)
  }

  /** The state was folded to the end of the log, or has become another. */
  begin(): void {
    this.#local?.begin(this.#source)
  }

  /** A batch was accepted. */
  changed(): void {
    this.#local?.changed()
  }

  /** One of this node's, of so many bytes. */
  ownAccepted(bytes: number): void {
    this.#topic?.accepted(bytes)
  }

  owned(): void {
    this.#topic?.own(this.#source)
  }

  released(): void {
    this.#topic?.release()
  }

  async close(): Promise<void> {
    this.released()
    await this.#topic?.idle()
    await this.#local?.close()
  }

  #resume({ state, cursor, extra }: Restored): void {
    this.#fold.resume(state, cursor)
    this.#unsent.restore(decodeUnsent(extra))
  }
}
