/** When an owner before this one took its last input, told by the events, for a topic whose offsets tell it no more. */
import type { InputTopic } from '../core/effects.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { type EventLog, LogError } from '../ports/event-log.ts'

interface Asked {
  readonly log: EventLog
  readonly codec: EventCodec
  readonly partition: number
  readonly topic: InputTopic
  /** Of the last input that was handled. */
  readonly through: number
  /** Events below this offset were folded. */
  readonly end: number
}

/** Events that are looked through at once. */
const STEP = 10_000
const READ_BYTES = 1024 * 1024

/**
 * Append time, epoch ms, of the first of the last batches that all say that the topic was handled as far as `through`; 0
 * when none says so. Rejects with `LogError`, as the log does.
 */
export async function decidedAt(asked: Asked): Promise<number> {
  let decided = 0
  for (let to = asked.end; to > 0; to -= STEP) {
    for (const { through, time } of await trailers(asked, Math.max(to - STEP, 0), to)) {
      if (through !== asked.through) return decided
      decided = time
    }
  }
  return decided
}

/** The last one first. Of events that are not kept there are none. */
async function trailers({ log, codec, partition, topic }: Asked, from: number, to: number) {
  const found: { readonly through: number; readonly time: number }[] = []
  for (let at = from; at < to;) {
    const { records, next } = await readKept(log, partition, at)
    for (const { offset, value, timestamp } of records) {
      if (offset < at || offset >= to || value === null) continue
      const decoded = codec.decode(value)
      if (decoded.kind !== 'event' || decoded.event.type !== 'BatchCommitted') continue
      const { commandsThrough, reportsThrough } = decoded.event
      found.push({ through: topic === 'commands' ? commandsThrough : reportsThrough, time: timestamp })
    }
    if (next === at) break
    at = next
  }
  return found.toReversed()
}

async function readKept(log: EventLog, partition: number, offset: number) {
  const place = { topic: 'events', partition }
  try {
    return await log.read(place, offset, READ_BYTES)
  } catch (error) {
    if (!(error instanceof LogError) || error.first === null || error.first <= offset) throw error
    return { records: [], next: error.first }
  }
}
