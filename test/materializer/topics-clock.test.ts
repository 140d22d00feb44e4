/** Owners whose clock differs from that of the log, which stamps what they append. */
import { expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { ClockSkew } from '../../src/materializer/clock-skew.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { type Logger, SILENT } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'
import { World } from '../support/world.ts'

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
  (ms: () => number) =>
  (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: async (to, records) => {
      const appended = await log.append(to, records)
      return { ...appended, timestamp: appended.timestamp - ms() }
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

test('a clock that differs is warned of once, when it changes a lot, and after a minute; a slow answer is no difference', () => {
  const { warnings, logger } = lines()
  const skew = new ClockSkew({ maxMs: 60_000, logger, exceeded: (error) => expect.unreachable(error.message) })
  const stamp = (ahead: number, at: number): void => skew.stamped(T0 + at - ahead, T0 + at, T0 + at + 5)
  for (const at of [0, 10, 59_000]) stamp(900, at)
  skew.stamped(T0 + 5_000, T0, T0 + 10_000)
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
