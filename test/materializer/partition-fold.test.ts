/** The fold of a partition over what nobody can read. */
import { expect, test } from 'vitest'
import { createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { PartitionFold } from '../../src/materializer/partition-fold.ts'
import type { EventLog } from '../../src/ports/event-log.ts'

const EVENTS = { topic: 'events', partition: 0 }

/** Three offsets, of which the second and the third can't be read. */
async function foldOver(): Promise<{ fold: PartitionFold; refused: unknown[] }> {
  const memory = createMemoryCluster({ now: () => 0 }).connect('a')
  await memory.append(EVENTS, [{ key: null, value: Buffer.from('junk') }])
  await memory.append(
    EVENTS,
    [1, 2].map(() => ({ key: null, value: Buffer.from('unread') })),
  )
  const log: EventLog = {
    partitions: 1,
    append: (to, records) => memory.append(to, records),
    watch: (place, listener) => memory.watch(place, listener),
    join: (member) => memory.join(member),
    close: () => memory.close(),
    end: (of) => memory.end(of),
    read: async (from, offset, maxBytes) => {
      const { records } = await memory.read(from, offset, maxBytes)
      return { records: records.slice(0, 1), next: 3, unreadable: { from: 1, to: 3, why: 'a test' } }
    },
  }
  const refused: unknown[] = []
  const fold = new PartitionFold({
    log,
    codec: createEventCodec(),
    topicPartition: EVENTS,
    singleWriter: false,
    accepted: () => {},
    refused: ({ offset }, { kind }) => void refused.push([offset, kind]),
  })
  return { fold, refused }
}

test('what nobody can read on a shared log counts as a foreign record, and the fold goes on behind it', async () => {
  const { fold, refused } = await foldOver()
  await fold.foldToEnd()
  expect(refused).toEqual([
    [0, 'ignored'],
    [1, 'ignored'],
  ])
  expect(fold.cursor.offset).toBe(3)
})
