/** The record by which a node says that it wants to own a partition. */
import type { OwnerAnnounced } from '../core/events.ts'
import type { State } from '../core/state.ts'
import type { Cursor } from './cursor.ts'
import { assertCalendars } from './node-calendars.ts'
import type { PartitionOptions } from './partition-options.ts'

export const FORMAT = 1
const OWNER_BYTES = 16
const PARTITIONER = 'murmur2'

type Announcer = Pick<PartitionOptions, 'log' | 'clock' | 'entropy' | 'node' | 'settings' | 'partition' | 'logger'>

/** With a fresh owner id. `cursor` and `state` stand at the end of the log. Throws for a node that may not own it. */
export function announcement(cursor: Cursor, announcer: Announcer, generation: number, state: State): OwnerAnnounced {
  const { log, clock, entropy, node, settings } = announcer
  assertCalendars(state, announcer)
  return {
    type: 'OwnerAnnounced',
    epoch: cursor.epoch + 1,
    seq: 0,
    index: 0,
    time: Math.max(state.lastTime, clock.now()),
    owner: Uint8Array.from(entropy.bytes(OWNER_BYTES)),
    node,
    generation,
    partitions: log.partitions,
    hash: PARTITIONER,
    format: FORMAT,
    logId: cursor.logId.length > 0 ? cursor.logId : Uint8Array.from(entropy.bytes(OWNER_BYTES)),
    zoneData: settings().calendars?.zones.version ?? null,
  }
}
