/** What no scheduler on Kafka can be faster than: at each instant one append, then one produce, then the consumer's hands. */
import { openKafkaLog } from '../src/adapters/kafka/kafka-log.ts'
import { exactNow } from './exact-now.ts'

export interface Beat {
  /** Epoch ms. */
  readonly start: number
  readonly everyMs: number
  readonly until: number
}

const OUT = { topic: 'replies', partition: 0 }

/** Milliseconds from each instant to the record's arrival, through the same log adapter and topics nobody else uses. */
export async function bareLoop(brokers: readonly string[], namespace: string, beat: Beat): Promise<number[]> {
  const log = await openKafkaLog({ brokers, namespace, now: Date.now })
  const lateness: number[] = []
  let at = 0
  let reading: Promise<void> | null = null
  const take = async (): Promise<void> => {
    const { records, next } = await log.read(OUT, at, 1_000_000)
    const now = exactNow()
    for (const { value } of records) lateness.push(now - Number(Buffer.from(value ?? []).toString()))
    at = next
    reading = null
    if (records.length > 0) read()
  }
  const read = (): void => void (reading ??= take())
  const unwatch = log.watch(OUT, read)
  const sends: Promise<void>[] = []
  for (let due = beat.start; due < beat.until; due += beat.everyMs) {
    await new Promise((resolve) => setTimeout(resolve, due - Date.now()))
    sends.push(oneBeat(due))
  }
  await Promise.all(sends)
  await new Promise((resolve) => setTimeout(resolve, 500))
  unwatch()
  await log.close()
  return lateness

  async function oneBeat(due: number): Promise<void> {
    const value = Buffer.from(String(due))
    await log.append({ topic: 'dead-letters', partition: 0 }, [{ key: null, value }])
    await log.append(OUT, [{ key: null, value }])
  }
}
