/** The events of a namespace as an outsider reads them: by a plain consumer, from the first record to the last. */
import { Kafka, logLevel } from 'kafkajs'
import type { LogRecord } from '../checker/embedded/segment-bytes.ts'

export interface EventRecord extends LogRecord {
  /** When the broker took it, epoch ms. */
  readonly appendedAt: number
}

export async function readTopic(brokers: readonly string[], topic: string): Promise<readonly EventRecord[]> {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'checker', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const missing = new Map(
    ends.filter(({ high }) => high !== '0').map(({ partition, high }) => [partition, Number(high)]),
  )
  const records: EventRecord[] = []
  if (missing.size === 0) return records
  const consumer = kafka.consumer({ groupId: `checker-${topic}-${Date.now()}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    const eachMessage = async ({ partition, message }: Message): Promise<void> => {
      const offset = Number(message.offset)
      records.push(recordOf(partition, offset, message))
      if (offset + 1 >= (missing.get(partition) ?? 0)) missing.delete(partition)
      if (missing.size === 0) resolve()
    }
    consumer.run({ autoCommit: false, eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
}

interface Message {
  readonly partition: number
  readonly message: {
    readonly offset: string
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly timestamp: string
  }
}

function recordOf(partition: number, offset: number, { key, value, timestamp }: Message['message']): EventRecord {
  return {
    partition,
    offset,
    key: key === null ? null : key.toString(),
    value: Buffer.from(value ?? []),
    appendedAt: Number(timestamp),
  }
}
