/** The records of topics, produced again by plain kafkajs as fast as it goes, to topics of the same shape. */
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { openKafkaLog } from '../src/adapters/kafka/kafka-log.ts'
import type { StoredRecord } from '../src/ports/event-log.ts'

export interface Produced {
  readonly records: number
  readonly seconds: number
}

/** One send carries so many, several partitions at a time: what kafkajs is fastest with here. */
const PER_SEND = 500
const READ_BYTES = 8 * 1024 * 1024

type Ends = ReadonlyMap<string, number>

/** `from` and `to`: offsets by `<topic>/<partition>`. */
export async function produceAgain(
  brokers: readonly string[],
  namespace: string,
  from: Ends,
  to: Ends,
): Promise<Produced> {
  const places = [...to.keys()].map((place) => ({ place, records: [] as StoredRecord[] }))
  for (const { place, records } of places) {
    records.push(...(await read(brokers, namespace, place, from.get(place) ?? 0, to.get(place) ?? 0)))
  }
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const topics = [...new Set(places.map(({ place }) => topicOf(place)))]
  const copy = `${namespace}-copy-${Date.now()}`
  const numPartitions = places.length / topics.length
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic: `${copy}.${topic}`, numPartitions })),
  })
  await admin.disconnect()
  const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const started = performance.now()
  await Promise.all(
    places.map(async ({ place, records }) => {
      const partition = Number(place.slice(place.lastIndexOf('/') + 1))
      for (let at = 0; at < records.length; at += PER_SEND) {
        const messages = records.slice(at, at + PER_SEND).map(({ key, value, headers }) => ({
          key,
          value: value === null ? null : Buffer.from(value),
          headers: Object.fromEntries(headers.map(([name, content]) => [name, Buffer.from(content)])),
          partition,
        }))
        await producer.send({ topic: `${copy}.${topicOf(place)}`, acks: -1, messages })
      }
    }),
  )
  const seconds = (performance.now() - started) / 1_000
  await producer.disconnect()
  return { records: places.reduce((sum, { records }) => sum + records.length, 0), seconds }
}

function topicOf(place: string): string {
  return place.slice(0, place.lastIndexOf('/'))
}

async function read(
  brokers: readonly string[],
  namespace: string,
  place: string,
  from: number,
  to: number,
): Promise<StoredRecord[]> {
  const log = await openKafkaLog({ brokers, namespace, now: Date.now })
  const records: StoredRecord[] = []
  const of = { topic: topicOf(place), partition: Number(place.slice(place.lastIndexOf('/') + 1)) }
  for (let at = from; at < to;) {
    const batch = await log.read(of, at, READ_BYTES)
    records.push(...batch.records.filter(({ offset }) => offset < to))
    at = batch.next
  }
  await log.close()
  return records
}
