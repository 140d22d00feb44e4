/** Keys of records that an owner sends on or puts aside: as they were found, or what there is room for (protocol §3). */
import { describe, expect, test } from 'vitest'
import { partitionOf } from '../../src/core/partition.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../../src/ports/outbox.ts'
import { headers, headerTexts } from '../support/topic-records.ts'
import { World } from '../support/world.ts'

const AVRO_KEY = new Uint8Array([0, 0, 0, 0, 7, 0xde, 0xad, 0xbe, 0xef])
const AVRO_TEXT = Buffer.from(AVRO_KEY).toString()

/** A log whose commands have a key of those bytes, as only some logs can hold it. */
const withRawKey =
  (rawKey: Uint8Array) =>
  (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    read: async (from, offset, maxBytes) => {
      const found = await log.read(from, offset, maxBytes)
      if (from.topic !== 'commands') return found
      return { ...found, records: found.records.map((one) => ({ ...one, rawKey })) }
    },
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  })

/** What left, and keys over the limit did not. */
function recording(left: OutgoingRecord[], maxKey = Infinity): (outbox: Outbox) => Outbox {
  return (outbox) => ({
    send: async (record) => {
      const { key, rawKey } = record
      if ((rawKey ?? key ?? '').length > maxKey) throw new LogError('too-large', 'a key that is too large')
      left.push(record)
      await outbox.send(record)
    },
    close: () => outbox.close(),
  })
}

describe('a key that is no text', () => {
  test.each([
    ['goes home with a record that is on the wrong partition', 'commands', { 'horolog-task': 'greet' }],
    ['goes to the dead letters with what can not be read', 'dead-letters', { 'horolog-oops': 'x', 'horolog-task': '' }],
  ])('%s, byte for byte', async (_, topic, texts) => {
    const world = new World({ topics: true, partitions: 2 })
    const left: OutgoingRecord[] = []
    await world.node('a', { roles: ['owner'], log: withRawKey(AVRO_KEY), outbox: recording(left) })
    const id = ['a', 'b', 'c', 'd'].find((one) => partitionOf(one, 2) === 1)!
    await world.produce('commands', {
      partition: 0,
      key: AVRO_TEXT,
      value: Buffer.from('payload'),
      headers: headers({ 'horolog-id': id, ...texts }),
    })
    await world.quiet()
    expect(left.filter((record) => record.topic === topic)).toMatchObject([{ rawKey: AVRO_KEY }])
  })
})

describe('a key that is too long for the dead letters', () => {
  test.each([
    ['as text', (log: EventLog) => log, { key: 'k'.repeat(200) }],
    [
      'as bytes',
      withRawKey(new Uint8Array(600).fill(0xde)),
      { key: 'k'.repeat(200), rawKey: new Uint8Array(200).fill(0xde) },
    ],
  ])('is cut, and nothing else is: %s', async (_, log, kept) => {
    const world = new World({ topics: true })
    const left: OutgoingRecord[] = []
    await world.node('a', { roles: ['owner'], log, outbox: recording(left, 500) })
    await world.produce('commands', { key: 'k'.repeat(600), value: Buffer.from('rubbish') })
    await world.quiet()
    const dead = left.filter(({ topic }) => topic === 'dead-letters')
    expect(dead.map(({ value, ...rest }) => ({ ...rest, value: String(Buffer.from(value ?? [])) }))).toMatchObject([
      { ...kept, value: 'rubbish' },
    ])
    expect(headerTexts(dead[0]!)['horolog-reason']).toContain('too large to be copied')
  })
})
