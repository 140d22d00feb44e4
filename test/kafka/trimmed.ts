/** The events of a namespace without their beginning: who still knows the state has not read it there. */
import { openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { createStateCodec } from '../../src/codec/state-codec.ts'
import type { StoredRecord } from '../../src/ports/event-log.ts'
import { readAll } from '../contract/event-log.ts'
import { kafkaAt } from '../support/kafka/batches.ts'
import { kafkaBrokers } from '../support/kafka/on-kafka.ts'

const codec = { events: createEventCodec(), state: createStateCodec() }

/** Of the only partition: what its records are. */
async function recordsOf(namespace: string, topic: string): Promise<readonly StoredRecord[]> {
  const log = await openKafkaLog({ brokers: kafkaBrokers(), namespace, now: () => 0 })
  try {
    return await readAll(log, { topic, partition: 0 })
  } finally {
    await log.close()
  }
}

/** Where the last batch of the events begins. */
export async function lastBatch(namespace: string): Promise<number> {
  const firsts = (await recordsOf(namespace, 'events')).filter(({ value }) => {
    const decoded = codec.events.decode(value ?? new Uint8Array(0))
    return decoded.kind === 'event' && decoded.event.index === 0
  })
  return firsts.at(-1)?.offset ?? 0
}

/** Where the batch begins that the first checkpoint on the state topic is of; null: there is none. */
export async function firstCheckpoint(namespace: string): Promise<number | null> {
  for (const { key, value } of await recordsOf(namespace, 'state')) {
    if (value === null || key?.startsWith('manifest/') !== true) continue
    const decoded = codec.state.decode(value)
    if (decoded.kind === 'manifest') return decoded.record.cursor.batchOffset
  }
  return null
}

/** What lies before is gone. */
export async function trimEvents(namespace: string, below: number): Promise<void> {
  const admin = kafkaAt(kafkaBrokers()).admin()
  await admin.connect()
  const topic = `${namespace}.events`
  // Kafkajs deletes only in topics that this client has asked for before.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(below) }] })
  await admin.disconnect()
}
