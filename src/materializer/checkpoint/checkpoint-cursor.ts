/** The place that a checkpoint is of, and whether a log has it. */
import type { EventCodec } from '../../ports/event-codec.ts'
import { type EventLog, LogError, type StoredRecord, type TopicPartition } from '../../ports/event-log.ts'
import type { CursorRow } from '../../ports/state-codec.ts'
import { type Cursor, NOBODY, sameBytes } from '../cursor.ts'
import { Reader } from '../reader.ts'
import { readRecords } from './read-records.ts'

/** Behind the last accepted batch: what was read after it is read again, and judged the same. */
export function cursorRow(cursor: Cursor, partitions: number, extra: Uint8Array): CursorRow {
  const { epoch, owner, seq, chain, commandsThrough, reportsThrough, dispatchedThrough, logId, prev } = cursor
  return {
    offset: cursor.batchEnd,
    epoch,
    owner,
    seq,
    chain,
    commandsThrough,
    reportsThrough,
    dispatchedThrough,
    logId,
    batchOffset: cursor.batchOffset,
    prev,
    partitions,
    extra,
  }
}

/** The cursor from which a reader goes on. */
export function cursorOf(row: CursorRow): Cursor {
  const { offset, epoch, owner, seq, chain, commandsThrough, reportsThrough, dispatchedThrough, logId, prev } = row
  return {
    offset,
    epoch,
    owner,
    seq,
    chain,
    commandsThrough,
    reportsThrough,
    dispatchedThrough,
    logId,
    batchOffset: row.batchOffset,
    batchEnd: offset,
    prev,
  }
}

/** Nobody has accepted anything yet: there is nothing to keep. */
export function isStart(cursor: Cursor): boolean {
  return cursor.epoch === 0
}

/**
 * Why the log does not have the cursor's batch, or another; null: it has, and it hashes to the cursor's chain. What else
 * goes wrong while reading is thrown.
 */
export async function cursorProblem(
  row: CursorRow,
  log: EventLog,
  codec: EventCodec,
  of: TopicPartition,
): Promise<string | null> {
  if (row.partitions !== log.partitions) {
    return `it was made over ${row.partitions} partitions, the log has ${log.partitions}`
  }
  if (row.offset > (await log.end(of))) return `the log ends before offset ${row.offset}`
  const otherLog = await firstLogId(log, codec, of)
  if (otherLog !== null && !sameBytes(otherLog, row.logId)) return 'the log has another id'
  const reader = new Reader(codec, beforeBatch(row))
  try {
    await readRecords(log, of, row.batchOffset, row.offset, (record) => void reader.take(record))
  } catch (err) {
    if (err instanceof LogError && err.code === 'offset-out-of-range') return `the log has no offset ${row.batchOffset}`
    throw err
  }
  // The chain grows only by a batch of the cursor's owner, epoch and number.
  return sameBytes(reader.cursor.chain, row.chain) ? null : `the batch at offset ${row.batchOffset} is another`
}

/**
 * The log has what was folded up to `to`: the batch of `from`, and a reader that goes on from there arrives at the same
 * chain. An announcement names no past, so that only one follows it proves nothing of what was before.
 */
export async function leadsTo(
  from: Cursor,
  to: Cursor,
  log: EventLog,
  codec: EventCodec,
  of: TopicPartition,
): Promise<boolean> {
  if ((await log.end(of)) < to.offset) return false
  const row = cursorRow(from, log.partitions, NOBODY)
  if (!isStart(from) && (await cursorProblem(row, log, codec, of)) !== null) return false
  const reader = new Reader(codec, cursorOf(row))
  try {
    await readRecords(log, of, row.offset, to.offset, (record) => void reader.take(record))
  } catch (err) {
    if (err instanceof LogError && err.code === 'offset-out-of-range') return false
    throw err
  }
  return sameBytes(reader.cursor.chain, to.chain)
}

/** The first offset that the log keeps: events below a base may have been trimmed. Rejects with `LogError`. */
export async function firstKept(log: EventLog, of: TopicPartition): Promise<number> {
  try {
    await log.read(of, 0, 1)
    return 0
  } catch (err) {
    if (err instanceof LogError && err.code === 'offset-out-of-range' && err.first !== null) return err.first
    throw err
  }
}

function beforeBatch(row: CursorRow): Cursor {
  const before = { ...cursorOf(row), offset: row.batchOffset, chain: row.prev }
  // An announcement is its epoch's batch 0.
  return row.seq === 0 ? { ...before, epoch: row.epoch - 1, owner: NOBODY } : { ...before, seq: row.seq - 1 }
}

/** null: the beginning of the log is not there any more, or not ours. */
async function firstLogId(log: EventLog, codec: EventCodec, of: TopicPartition): Promise<Uint8Array | null> {
  let first: StoredRecord | undefined
  try {
    first = (await log.read(of, 0, 1)).records[0]
  } catch (err) {
    if (err instanceof LogError && err.code === 'offset-out-of-range') return null
    throw err
  }
  if (first === undefined || first.offset !== 0 || first.value === null) return null
  const decoded = codec.decode(first.value)
  return decoded.kind === 'event' && decoded.event.type === 'OwnerAnnounced' ? decoded.event.logId : null
}
