/** Owners whose clock differs from that of the log, which stamps what they append. */
import { expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { ClockSkew } from '../../src/materializer/clock-skew.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { type Logger, SILENT } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'
import { type TestNode, World } from '../support/world.ts'

interface Line {
  readonly details: object
  readonly message: string
}

function lines(): { readonly warnings: Line[]; readonly errors: Line[]; readonly logger: Logger } {
  const warnings: Line[] = []
  const errors: Line[] = []
  const logger: Logger = {
    ...SILENT,
    warn: (details, message) => void warnings.push({ details, message }),
    error: (details, message) => void errors.push({ details, message }),
  }
  return { warnings, errors, logger }
}

/** A log whose clock is so far behind. */
const behind =
  (ms: (partition: number) => number) =>
  (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: async (to, records) => {
      const appended = await log.append(to, records)
      return { ...appended, timestamp: appended.timestamp - ms(to.partition) }
    },
    read: (from, offset, maxBytes) => log.read(from, offset, maxBytes),
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  })

test('an owner whose clock gets too far from that of the log leaves the group, and says so once; another decides', async () => {
  const world = new World({ topics: true })
  const { errors, logger } = lines()
  let skewMs = 0
  const a = await world.node('a', { roles: ['owner'], log: behind(() => skewMs), logger })
  const b = await world.node('b', { roles: ['owner'] })
  await world.quiet()
  expect(a.partition().mode).toBe('owning')
  skewMs = 90_000
  await world.pass(a.client.addJob({ id: 'last', task: 'greet', trigger: interval('1h') }))
  await world.advance(1_000)
  expect([a.partition().mode, b.partition().mode]).toEqual(['following', 'owning'])
  expect(errors).toHaveLength(1)
  expect(errors[0]?.message).toMatch(/90\.0 s ahead of that of the log: it showed 2\S+Z when the log's showed 2\S+Z/)
  await world.pass(a.client.addJob({ id: 'by-the-other', task: 'greet' }))
  await world.check(a, b)
})

test('a node whose clock is too far from that of the log when it joins does not open', async () => {
  const world = new World({ topics: true })
  const opening = world.node('a', { roles: ['owner'], log: behind(() => -90_000) })
  await expect(world.pass(opening)).rejects.toMatchObject({
    code: 'wrong-clock',
    message: expect.stringContaining('90.0 s behind that of the log') as string,
  })
  const b = await world.node('b', { roles: ['owner'] })
  expect(b.partition().mode).toBe('owning')
})

test('with null for the most that is allowed a clock may differ by any time', async () => {
  const world = new World({ topics: true })
  const { warnings, errors, logger } = lines()
  const log = behind(() => 90_000)
  const a = await world.node('a', { roles: ['owner'], log, logger, maxClockSkewMs: null })
  await world.pass(a.client.addJob({ id: 'job', task: 'greet' }))
  expect([a.partition().mode, errors.length, warnings.length]).toEqual(['owning', 0, 1])
})

test('a node that left because of its clock asks again, and owns when its clock fits', async () => {
  const world = new World({ topics: true })
  const { errors, logger } = lines()
  let skewMs = 0
  const a = await world.node('a', { roles: ['owner'], log: behind(() => skewMs), logger })
  skewMs = 90_000
  await world.pass(a.client.addJob({ id: 'last', task: 'greet', trigger: interval('1m') }))
  await world.advance(90_000)
  expect([a.partition().mode, errors.length], 'a minute later its clock is still wrong').toEqual(['following', 2])
  skewMs = 0
  await world.advance(60_000)
  expect(a.partition().mode, 'the next time it waits two').toBe('following')
  await world.advance(60_000)
  expect([a.partition().mode, errors.length]).toEqual(['owning', 2])
  const { time } = await world.pass(a.until('RunQueued'))
  expect(time - T0, 'what came due meanwhile').toBe(180_000)
  await world.pass(a.client.addJob({ id: 'next', task: 'greet', trigger: interval('1h') }))
  await world.check(a)
})

test('a node that asks again with a clock that is still wrong fires nothing by it until that is known', async () => {
  const world = new World({ topics: true, partitions: 2 })
  let skewMs = 0
  let slowMs = 0
  const slow = (log: EventLog): EventLog => ({
    ...behind(() => skewMs)(log),
    append: async (to, records) => {
      if (to.partition === 1)
        await new Promise<void>((resolve) => world.clock.schedule(world.clock.now() + slowMs, resolve))
      return behind(() => skewMs)(log).append(to, records)
    },
  })
  const a = await world.node('a', { roles: ['owner'], log: slow })
  const id = ['a', 'b', 'c', 'd', 'e'].find((one) => partitionOf(one, 2) === 0) ?? ''
  await world.advance(70_000)
  skewMs = 90_000
  await world.pass(a.client.addJob({ id, task: 'greet', trigger: interval('30s') }))
  slowMs = 5_000
  await world.advance(62_000)
  expect([0, 1].map((partition) => a.partition(partition).mode)).toEqual(['owning', 'announcing'])
  await world.advance(8_000)
  expect([0, 1].map((partition) => a.partition(partition).mode)).toEqual(['following', 'following'])
  expect(a.all('RunQueued')).toEqual([])
})

test('a partition whose broker alone has a wrong clock is an error that names it, and its owner goes on', async () => {
  const world = new World({ topics: true, partitions: 4 })
  const { errors, logger } = lines()
  const log = behind((partition) => (partition === 0 ? 61_000 : 0))
  const a = await world.node('a', { roles: ['owner'], log, logger })
  for (let job = 0; job < 20; job += 1)
    await world.pass(a.client.addJob({ id: `job-${job}`, task: 'greet', trigger: interval('10s') }))
  await world.advance(50_000)
  expect([0, 1, 2, 3].map((partition) => a.partition(partition).mode)).toEqual(Array(4).fill('owning'))
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringMatching(/61\.0 s ahead of that of the broker of partition 0, while others fit: it showed 2\S+Z when/),
  ])
  await world.check(a)
})

test('nodes of which some meet only the broker with the wrong clock own all partitions again when it is right', async () => {
  const world = new World({ topics: true, partitions: 4 })
  let skewMs = 0
  const log = behind((partition) => (partition === 0 ? skewMs : 0))
  const nodes: TestNode[] = []
  for (const name of ['a', 'b', 'c']) nodes.push(await world.node(name, { roles: ['owner'], log }))
  const owners = (): number[] =>
    [0, 1, 2, 3].map((index) => nodes.filter((node) => node.partition(index).mode === 'owning').length)
  for (let job = 0; job < 20; job += 1)
    await world.pass(nodes[0]!.client.addJob({ id: `job-${job}`, task: 'greet', trigger: interval('10s') }))
  skewMs = 61_000
  await world.advance(60_000)
  expect(owners(), 'whoever owns another one as well goes on').toEqual([1, 1, 1, 1])
  skewMs = 0
  await world.advance(5 * 60_000)
  expect(owners()).toEqual([1, 1, 1, 1])
  expect(nodes.map((node) => [0, 1, 2, 3].some((index) => node.partition(index).mode === 'owning'))).toEqual([
    true,
    true,
    true,
  ])
  await world.check(...nodes)
})

test('a clock that differs is warned of once, when it changes a lot, and after a minute; a slow answer is no difference', () => {
  const { warnings, logger } = lines()
  const exceeded = (error: Error): void => expect.unreachable(error.message)
  const skew = new ClockSkew({ maxMs: 60_000, logger, awaited: () => [], exceeded })
  const stamp = (ahead: number, at: number): void => skew.stamped(0, T0 + at - ahead, T0 + at, T0 + at + 5)
  for (const at of [0, 10, 59_000]) stamp(900, at)
  skew.stamped(0, T0 + 5_000, T0, T0 + 10_000)
  expect(warnings).toEqual([])
  for (const at of [0, 10, 20_000]) stamp(4_000, at)
  expect(warnings.map(({ message }) => message)).toEqual(['the clock of this node is 4.0 s ahead of that of the log'])
  stamp(9_000, 20_001)
  stamp(-4_000, 20_002)
  expect(warnings.map(({ details }) => details)).toMatchObject([
    { skewMs: 4_000 },
    { skewMs: 9_000 },
    { skewMs: -3_995 },
  ])
  stamp(-4_000, 80_001)
  expect(warnings).toHaveLength(3)
  stamp(-4_000, 80_003)
  expect(warnings).toHaveLength(4)
})
