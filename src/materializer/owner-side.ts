/** What an owner does beside deciding: where its inputs come from, and how the effects of its batches leave. */
import type { Mark } from '../core/events.ts'
import type { Dispatcher } from '../ports/dispatcher.ts'
import type { Cursor } from './cursor.ts'
import type { Progressing } from './encode-plan.ts'
import { LocalOwner } from './local-owner.ts'
import { moveJobs } from './node-calendars.ts'
import type { PartitionOptions } from './partition-options.ts'
import type { Plan } from './plan-batch.ts'
import { type Owning, type TopicOptions, TopicOwner } from './topic-owner.ts'

export interface OwnerSide extends Progressing {
  /** The partition is owned from now on. */
  begin(): void
  /**
   * The plan's inputs are handled. `place`: of its batch, which is part of the state; null when it made none, or when
   * its effects are another owner's.
   */
  done(place: Mark | null, plan: Plan): void
  /** Hands open runs over again, where that is not their topic's business. */
  handOver(): void
  /** There is nothing to decide. */
  idle(cursor: Cursor): void
  /** The partition is owned no more: nothing is taken or sent. */
  stop(): void
}

export type Surroundings =
  | { readonly kind: 'local'; readonly dispatcher: Dispatcher }
  | ({ readonly kind: 'topics' } & TopicOptions)

export function ownerSide(
  options: PartitionOptions,
  owning: Owning & { readonly ownedSince: number; readonly isFiring: () => boolean },
): OwnerSide {
  const { surroundings, partition } = options
  moveJobs(owning.state(), owning.inbox, options)
  if (surroundings.kind === 'topics') return new TopicOwner(options, surroundings, owning)
  return new LocalOwner({ ...owning, dispatcher: surroundings.dispatcher, partition, epoch: owning.cursor.epoch })
}
