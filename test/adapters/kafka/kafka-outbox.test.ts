/** What the outbox makes of a broker's errors, also of those that no healthy broker gives on demand. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKafkaOutbox } from '../../../src/adapters/kafka/kafka-outbox.ts'
import type { Outbox } from '../../../src/ports/outbox.ts'
import { type ScriptedCoordinator, scriptedCoordinator } from './scripted-coordinator.ts'

const ALWAYS = 1_000

let broker: ScriptedCoordinator
let outbox: Outbox

beforeEach(async () => {
  broker = await scriptedCoordinator('orders', [0])
  outbox = createKafkaOutbox({ brokers: [broker.address], namespace: 'space', now: () => 0 })
})
afterEach(async () => {
  await outbox.close()
  await broker.close()
})

const send = (key: string): Promise<void> =>
  outbox.send({ topic: 'orders', foreign: true, key, value: Buffer.from('x'), headers: [] })

test.each([
  ['INVALID_TOPIC_EXCEPTION', 17],
  ['INVALID_TIMESTAMP', 32],
  ['UNSUPPORTED_VERSION', 35],
  ['INVALID_REQUEST', 42],
  ['UNSUPPORTED_FOR_MESSAGE_FORMAT', 43],
  ['UNSUPPORTED_COMPRESSION_TYPE', 76],
  ['CORRUPT_MESSAGE', 2],
  ['UNKNOWN', -1],
])('a record is refused when its topic always answers %s, and the lane goes on', async (name, errorCode) => {
  broker.fail('produce', errorCode, ALWAYS)
  const [first, second] = await Promise.allSettled([send('a'), send('b')])
  for (const one of [first, second])
    expect(one).toMatchObject({ reason: { code: 'record-refused', message: expect.stringContaining(name) } })
})

test.each([
  ['CORRUPT_MESSAGE', 2, 2],
  ['UNKNOWN', -1, 2],
  ['LEADER_NOT_AVAILABLE', 5, 4],
  ['NOT_LEADER_FOR_PARTITION', 6, 4],
  ['REQUEST_TIMED_OUT', 7, 4],
  ['NOT_ENOUGH_REPLICAS', 19, 4],
  ['KAFKA_STORAGE_ERROR', 56, 4],
])('a record leaves after %s, which was of the moment', async (_, errorCode, times) => {
  broker.fail('produce', errorCode, times)
  await expect(send('a')).resolves.toBeUndefined()
})
