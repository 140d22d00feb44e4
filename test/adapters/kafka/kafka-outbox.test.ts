/** What the outbox makes of a broker's errors, also of those that no healthy broker gives on demand. */
import { setImmediate as nextTurn } from 'node:timers/promises'
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

const send = (key: string, withdrawn?: AbortSignal): Promise<void> =>
  outbox.send({ topic: 'orders', foreign: true, key, value: Buffer.from('x'), headers: [] }, withdrawn)

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

test('a refusal that begins after errors of another kind is believed all the same', async () => {
  broker.fail('produce', 6, 3)
  broker.fail('produce', 2, ALWAYS)
  await expect(send('a')).rejects.toMatchObject({ code: 'record-refused' })
})

test('a single refusal among errors of another kind is not believed', async () => {
  broker.fail('produce', 6, 2)
  broker.fail('produce', 2, 1)
  await expect(send('a')).resolves.toBeUndefined()
})

test('a record leaves after the brokers could not say how many partitions its topic has, which they did not know before', async () => {
  broker.fail('metadata', 3, 2)
  await expect(send('a')).rejects.toMatchObject({ code: 'invalid-record' })
  broker.fail('metadata', -1, 2)
  await expect(send('b')).resolves.toBeUndefined()
})

test('what is withdrawn behind a record that does not leave is rejected at once, and never leaves', async () => {
  broker.fail('produce', 6, 2)
  const first = send('first')
  while (broker.produced.length === 0) await nextTurn()
  const withdrawn = new AbortController()
  const [second, third] = [send('second', withdrawn.signal), send('third')]
  const reason = new Error('too late')
  withdrawn.abort(reason)
  await expect(second).rejects.toBe(reason)
  await Promise.all([first, third])
  expect(broker.produced.filter((request) => request.includes('second'))).toEqual([])
})

test('what is withdrawn between two attempts is left out of the second, and frees its lane', async () => {
  broker.fail('produce', 6, ALWAYS)
  const withdrawn = new AbortController()
  const both = [send('first', withdrawn.signal), send('second', withdrawn.signal)]
  while (broker.produced.length === 0) await nextTurn()
  withdrawn.abort()
  for (const one of both) await expect(one).rejects.toMatchObject({ name: 'AbortError' })
  const produced = broker.produced.length
  const third = send('third')
  while (broker.produced.length === produced) await nextTurn()
  expect(broker.produced.at(-1)).toSatisfy((request: Buffer) => request.includes('third') && !request.includes('first'))
  await outbox.close()
  await expect(third).rejects.toMatchObject({ code: 'closed' })
})
