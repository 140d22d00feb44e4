/** The record by which a node says that it wants to own a partition. */
import type { OwnerAnnounced } from '../core/events.ts'
import type { Cursor } from './cursor.ts'

export const FORMAT = 1
export const OWNER_BYTES = 16
const PARTITIONER = 'murmur2'

export interface Announcer {
  readonly node: string
  readonly generation: number
  readonly partitions: number
  readonly time: number
  /** Fresh for every announcement. */
  readonly owner: Uint8Array
  /** Used when the log has no id yet. */
  readonly newLogId: Uint8Array
}

/** `cursor` stands at the end of the log. */
export function announcement(cursor: Cursor, announcer: Announcer): OwnerAnnounced {
  const { node, generation, partitions, time, owner, newLogId } = announcer
  return {
    type: 'OwnerAnnounced',
    epoch: cursor.epoch + 1,
    seq: 0,
    index: 0,
    time,
    owner,
    node,
    generation,
    partitions,
    hash: PARTITIONER,
    format: FORMAT,
    logId: cursor.logId.length > 0 ? cursor.logId : newLogId,
  }
}
