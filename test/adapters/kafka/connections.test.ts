import { expect, test } from 'vitest'
import { createKafkaOutbox } from '../../../src/adapters/kafka/kafka-outbox.ts'
import { scriptedCoordinator } from './scripted-coordinator.ts'

test('half an answer of a connection that broke off is no part of the next one', async () => {
  const broker = await scriptedCoordinator('orders', [0])
  const outbox = createKafkaOutbox({ brokers: [broker.address], namespace: 'space', now: () => 0 })
  broker.breakOff('produce')
  const record = { topic: 'orders', foreign: true, key: 'a job', value: Buffer.from('x'), headers: [] }
  await expect(outbox.send(record)).resolves.toBeUndefined()
  expect(broker.produced).toHaveLength(2)
  await outbox.close()
  await broker.close()
})
