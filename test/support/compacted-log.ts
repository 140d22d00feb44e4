/** Logs that are not quite what they stand on. */
import type { EventLog, ReadResult, TopicPartition } from '../../src/ports/event-log.ts'

/** One on which a topic has been compacted: of each key the last record is there, of ended keys none. Offsets stay. */
export function compacted(log: EventLog, topic: string): EventLog {
  const read = async (from: TopicPartition, offset: number, maxBytes: number): Promise<ReadResult> => {
    const found = await log.read(from, offset, maxBytes)
    if (from.topic !== topic) return found
    const all = await log.read(from, 0, Number.MAX_SAFE_INTEGER)
    const last = new Map(all.records.map((record) => [record.key, record]))
    const records = found.records.filter((record) => record.value !== null && last.get(record.key) === record)
    return { records, next: found.next }
  }
  return over(log, { read })
}

/** The log with some of its methods replaced. */
export function over(log: EventLog, replaced: Partial<EventLog>): EventLog {
  return {
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    read: (from, offset, maxBytes) => log.read(from, offset, maxBytes),
    end: (of) => log.end(of),
    watch: (partition, listener) => log.watch(partition, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
    ...replaced,
  }
}
