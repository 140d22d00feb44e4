/**
 * What the embedded log accepts as a batch.
 *
 * Boundary: numbers and the check of a place; sizes are checked where records are encoded.
 */
import type { TopicPartition } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'

/** 1,000 events of a decision, its trailer, and room to spare. */
export const MAX_BATCH_RECORDS: number = 1_024

/**
 * The records of a batch as they are encoded. Above the 900 KB that a decision may have, below the 1 MiB that a Kafka
 * broker takes by default.
 */
export const MAX_BATCH_BYTES: number = 1_000_000

/** Of a key or a header name: a job id has 200, a run id some 300. */
export const MAX_TEXT_BYTES: number = 4_096

/** Of one record. */
export const MAX_HEADERS: number = 256

/** What may wait for the write under way. More means that the disk can't follow, and memory must not pay for it. */
export const MAX_WAITING_BYTES: number = 64 * 1_024 * 1_024

/** Partitions are kept in memory each, and a folder has no use for more. */
export const MAX_PARTITIONS: number = 1_024

/** Kafka's rule for topic names, so that every name fits every adapter. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,200}$/

export function checkPlace(place: TopicPartition, partitions: number): void {
  const known = Number.isInteger(place.partition) && place.partition >= 0 && place.partition < partitions
  if (known && TOPIC_NAME.test(place.topic)) return
  throw new LogError(
    'invalid-record',
    `no partition ${place.partition} of topic '${place.topic}' (partitions: ${partitions})`,
  )
}
