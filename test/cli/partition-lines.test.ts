import { expect, test } from 'vitest'
import { byTime, type LogLine, PartitionLines } from '../../src/cli/partition-lines.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { NO_COMMAND } from '../../src/core/answers.ts'
import type { Decided } from '../../src/core/events.ts'
import { at, History, jobAdded } from './history.ts'

const paused: Decided = { type: 'JobPaused', jobId: 'a', ...NO_COMMAND, reason: null, until: null }

async function all(lines: AsyncGenerator<LogLine>): Promise<string[]> {
  const texts: string[] = []
  for await (const { offset, event, refused } of lines)
    texts.push(`${offset} ${event?.type ?? '?'}${refused === null ? '' : ` ${refused}`}`)
  return texts
}

test('accepted events come in the order of the log, refused records with the reason, and later ones with the next call', async () => {
  const history = await new History().announce()
  await history.batch([jobAdded('a')])
  const lines = new PartitionLines(history.log, createEventCodec(), 0)
  expect(await all(lines.toEnd())).toEqual(['0 OwnerAnnounced', '1 JobAdded', '2 BatchCommitted'])
  expect(await all(lines.toEnd())).toEqual([])

  await history.append([{ ...paused, epoch: 1, seq: 9, index: 0, time: at(9) }])
  await history.log.append({ topic: 'events', partition: 0 }, [{ key: null, value: new Uint8Array([9]) }])
  // A batch that its owner left without an end, and the next owner.
  await history.append([{ ...paused, epoch: 1, seq: 2, index: 0, time: at(9) }])
  await history.announce()
  await history.batch([paused])
  expect(await all(lines.toEnd())).toEqual([
    '3 JobPaused other-batch',
    '4 ? foreign',
    '5 JobPaused incomplete',
    '6 OwnerAnnounced',
    '7 JobPaused',
    '8 BatchCommitted',
  ])
  expect(lines.refused).toBe(3)
})

test('several partitions are told by the time of their events', async () => {
  const lineAt = (partition: number, offset: number, second: number): LogLine => ({
    partition,
    offset,
    event: { ...jobAdded('a'), epoch: 1, seq: 1, index: offset, time: at(second) },
    refused: null,
  })
  async function* partition(number: number, ...seconds: readonly number[]): AsyncGenerator<LogLine> {
    for (const [offset, second] of seconds.entries()) yield lineAt(number, offset, second)
  }
  const order: string[] = []
  for await (const line of byTime([partition(0, 1, 4), partition(1, 2, 3, 5), partition(2)]))
    order.push(`${line.partition}:${line.offset}`)
  expect(order).toEqual(['0:0', '1:0', '1:1', '0:1', '1:2'])
})
