/** Nodes whose log can't be read in one place, because what a broker has there is damaged. */
import { expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }

/** What `isDamaged` says of an offset of the events can't be read, nor what lies behind it in one read. */
const damaged =
  (isDamaged: (offset: number) => boolean, term: () => number = () => 1) =>
  (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: async (to, records) => ({ ...(await log.append(to, records)), term: term() }),
    read: async (from, offset, maxBytes) => {
      const read = await log.read(from, offset, maxBytes)
      const first = from.topic === 'events' ? read.records.find((record) => isDamaged(record.offset)) : undefined
      if (first?.offset === offset) {
        throw new LogError('corrupt', 'a damaged batch', { retryable: true, position: `events[0] offset ${offset}` })
      }
      if (first === undefined) return read
      return { records: read.records.filter((record) => record.offset < first.offset), next: first.offset }
    },
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  })

test('a follower that meets a damaged batch says so, skips nothing, and goes on when another broker has it whole', async () => {
  const world = new World({ topics: true })
  let isDamaged = false
  const warned: object[] = []
  const logger = { ...SILENT, warn: (details: object) => void warned.push(details) }
  const a = await world.node('a', { roles: ['owner'] })
  const b = await world.node('b', { roles: ['owner'], log: damaged(() => isDamaged), logger })
  await world.quiet()
  isDamaged = true
  await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
  await world.pass(a.client.addJob({ id: 'two', ...HOURLY }))
  await world.advance(10_000)
  expect(b.client.getJobs()).toEqual([])
  expect([b.partition().mode, b.failures]).toEqual(['following', []])
  expect(warned).toContainEqual(
    expect.objectContaining({ err: expect.objectContaining({ code: 'corrupt' }) as object }),
  )
  isDamaged = false
  await world.advance(5_000)
  expect(b.client.getJobs().map(({ id }) => id)).toEqual(['one', 'two'])
  await world.check(a, b)
})

test.each([
  ['some way back', 'for good', (offset: number) => offset === 2],
  ['everywhere', 'for a while', (_offset: number, afterMs: number) => afterMs < 300],
])('an owner that meets damage %s %s after a change of leader sends its batch only once', async (_where, _how, is) => {
  const world = new World({ topics: true })
  let term = 1
  let since = Infinity
  const isDamaged = (offset: number): boolean => world.clock.now() >= since && is(offset, world.clock.now() - since)
  const a = await world.node('a', { roles: ['owner'], log: damaged(isDamaged, () => term) })
  await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
  await world.pass(a.client.addJob({ id: 'two', ...HOURLY }))
  await world.quiet()
  let appends = 0
  world.faults = ({ to }) => {
    if (to.topic === 'events') appends += 1
    return 'ok'
  }
  term += 1
  since = world.clock.now()
  await world.pass(a.client.addJob({ id: 'three', ...HOURLY }))
  expect([appends, a.partition().cursor.epoch]).toEqual([1, 1])
  await world.check(a)
})
