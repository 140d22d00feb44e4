/** What a partition is made of. */
import type { JobSettings } from '../core/job/resolve-definition.ts'
import type { Clock } from '../ports/clock.ts'
import type { Entropy } from '../ports/entropy.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import type { EventLog } from '../ports/event-log.ts'
import type { StateCodec } from '../ports/state-codec.ts'
import type { StateStore } from '../ports/state-store.ts'
import type { Logger } from '../ports/telemetry.ts'
import type { Surroundings } from './owner-side.ts'
import type { AcceptedEvent } from './reader.ts'

export interface CheckpointOptions {
  readonly stateCodec: StateCodec
  /** The store outlives the process. */
  readonly isStoreKept: boolean
}

export interface PartitionOptions {
  readonly log: EventLog
  readonly codec: EventCodec
  readonly clock: Clock
  readonly entropy: Entropy
  readonly logger: Logger
  readonly partition: number
  /** For people: host and process id. */
  readonly node: string
  /** Asked for each batch: they may be configured until the start. */
  readonly settings: () => JobSettings
  /** Where finished runs are kept, and checkpoints, if it outlives the process. */
  readonly store: StateStore
  /** Absent: none are taken, the state is rebuilt from the log at each start. */
  readonly checkpoints?: CheckpointOptions
  /** Where commands, runs and reports go: they stay in this process, or have topics. */
  readonly surroundings: Surroundings
  /** Nobody else can write to this log. */
  readonly singleWriter: boolean
  /** Called for every accepted batch, in log order. */
  readonly accepted: (partition: number, events: readonly AcceptedEvent[]) => void
  /** Called with what the log's clock showed at an append, and ours before and after it, epoch ms. */
  readonly stamped: (appendedAt: number, sentAt: number, answeredAt: number) => void
  /** Called when this node lost the partition, or did not get it, without having given it back. */
  readonly overtaken: (partition: number) => void
  /** Called once when the partition stops by itself. */
  readonly stopped: (error: Error) => void
}
