/** A log that was written with one time-zone database and is opened with another. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { movedFireTime } from '../../src/core/job/zone-data.ts'
import type { JobState } from '../../src/core/job/job-state.ts'
import type { JobSettings } from '../../src/core/job/resolve-definition.ts'
import { cron, excluding } from '../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../src/core/triggers/next-fire-time.ts'
import { createZoneDatabase } from '../../src/core/triggers/zone.ts'
import type { Logger } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'
import { type TestNode, World } from '../support/world.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ZONE = 'America/Vancouver'

/** A database by which the place has one offset always. */
function database(version: string, offsetHours: number) {
  return { zones: createZoneDatabase(version, () => offsetHours * HOUR_MS), holidays: null }
}

const NINE = { id: 'nine', task: 'work', trigger: cron('0 9 * * *', { zone: ZONE }) }

/** Opens the log with a database, lets days go by, closes it. */
async function runWith(world: World, name: string, zones: ReturnType<typeof database>, days: number, logger?: Logger) {
  const node = await world.node(name, {
    tasks: { work: () => null },
    settings: { calendars: zones } satisfies Partial<JobSettings>,
    ...(logger === undefined ? {} : { logger }),
  })
  if (node.client.getJob('nine') === undefined) await node.client.addJob(NINE)
  await world.advance(days * DAY_MS)
  await world.check(node)
  await node.shutdown()
  return node
}

const firesOf = (node: TestNode): unknown[] => node.all('RunQueued').map((event) => text(event.scheduledAt))
const movesOf = (node: TestNode): unknown[] =>
  node.all('JobModified').map((event) => [event.jobId, text(event.movedFrom), text(event.nextFireTime), event.version])
const text = (at: number | null | undefined): string | null =>
  typeof at === 'number' ? new Date(at).toISOString().slice(5, 16) : null

describe('a log opened with a newer time-zone database', () => {
  test('says which job moved, and fires once a day all the same when the time is earlier', async () => {
    const world = new World()
    const before = await runWith(world, 'a', database('2025c', -8), 2)
    const after = await runWith(world, 'b', database('2026c', -7), 2)
    expect(firesOf(before)).toEqual(['01-01T17:00', '01-02T17:00'])
    expect(movesOf(after)).toEqual([['nine', '01-03T17:00', '01-03T16:00', 2]])
    expect(firesOf(after)).toEqual(['01-03T16:00', '01-04T16:00'])
  })

  test('does not fire again for a morning that it has decided, when the time is later', async () => {
    const world = new World()
    const before = await runWith(world, 'a', database('2025c', -7), 7.25 / 24)
    const after = await runWith(world, 'b', database('2026c', -8), 2)
    expect(firesOf(before)).toEqual(['01-01T16:00'])
    expect(movesOf(after)).toEqual([['nine', '01-02T16:00', '01-02T17:00', 2]])
    expect(firesOf(after)).toEqual(['01-02T17:00'])
  })

  test('fires at once for a time that is past by the newer one, and not at the old time as well', async () => {
    const world = new World()
    await runWith(world, 'a', database('2025c', -8), 7.5 / 24)
    const after = await runWith(world, 'b', database('2026c', -7), 1)
    expect(movesOf(after)).toEqual([['nine', '01-01T17:00', '01-01T16:00', 2]])
    expect(firesOf(after)).toEqual(['01-01T16:00', '01-02T16:00'])
  })

  test('says nothing of jobs that stay where they are', async () => {
    const world = new World()
    await runWith(world, 'a', database('2025c', -8), 1)
    const after = await runWith(world, 'b', database('2026c', -8), 1)
    expect(movesOf(after)).toEqual([])
  })
})

describe('a log opened with an older time-zone database', () => {
  test('keeps the times that are there, and says that it is an older one', async () => {
    const world = new World()
    const said: unknown[] = []
    const logger: Logger = { debug() {}, info() {}, error() {}, warn: (details) => said.push(details) }
    await runWith(world, 'a', database('2026c', -7), 1)
    const after = await runWith(world, 'b', database('2025c', -8), 7.5 / 24, logger)
    expect(movesOf(after)).toEqual([])
    expect(firesOf(after)).toEqual(['01-02T16:00'])
    expect(said).toContainEqual({ partition: 0, zoneData: '2025c', newest: '2026c' })
  })

  test('leaves the next newer one to move what the older one computed, once', async () => {
    const world = new World()
    const nodes = [
      await runWith(world, 'a', database('2026c', -7), 1),
      await runWith(world, 'b', database('2025c', -8), 1),
      await runWith(world, 'c', database('2026c', -7), 2),
    ]
    expect(nodes.flatMap(movesOf)).toEqual([['nine', '01-03T17:00', '01-03T16:00', 2]])
    expect(nodes.flatMap(firesOf)).toEqual(['01-01T16:00', '01-02T16:00', '01-03T16:00', '01-04T16:00'])
  })
})

test('a node without the holidays that a job needs does not own the partition, and names them', async () => {
  const world = new World()
  const holidays = () => new Set<number>()
  const a = await world.node('a', { settings: { calendars: { ...database('2026c', 0), holidays } } })
  const trigger = excluding(cron('0 9 * * *'), { holidays: 'DE-BY' })
  await a.client.addJob({ id: 'workdays', task: 'work', trigger })
  await a.shutdown()
  const settings = { calendars: database('2026c', 0) }
  await expect(world.node('b', { settings })).rejects.toThrow(/'workdays'.*DE-BY.*date-holidays/)
})

test('whenever the change of databases comes, no time of day is decided twice or left out without need', () => {
  // Times that no shift takes for one another.
  const hours = fc.subarray([1, 9, 17], { minLength: 1 })
  const shifts = fc.constantFrom(-2, -1, -0.5, 0.5, 1, 2)
  fc.assert(
    fc.property(hours, fc.constantFrom('0', '0,10', '5-9'), shifts, fc.nat(60), (atHours, minutes, shift, fires) => {
      const older = database('2025c', -8)
      const newer = database('2026c', -8 + shift)
      const trigger = cron(`${minutes} ${atHours.join(',')} * * *`, { zone: ZONE })
      let decidedThrough = T0 - 1
      for (let i = 0; i <= fires; i += 1) decidedThrough = nextFireTime(trigger, decidedThrough, T0, older) ?? 0
      const next = nextFireTime(trigger, decidedThrough, T0, older)
      const job = { definition: { trigger }, anchor: T0, nextFireTime: next, decidedThrough, zoneData: '2025c' }
      const moved = movedFireTime(job as unknown as JobState, newer) ?? 0
      // In local time of the trigger's zone, by the database that each was computed with.
      const localNext = (next ?? 0) - 8 * HOUR_MS
      const localMoved = moved + (shift - 8) * HOUR_MS
      expect(moved).toBeGreaterThan(decidedThrough)
      // The next time of day, unless that is already past by the newer one.
      const isPast = localNext - (shift - 8) * HOUR_MS <= decidedThrough
      expect(isPast ? localMoved > localNext : localMoved === localNext).toBe(true)
    }),
    { numRuns: 300 },
  )
})

/** A database by which the place has another offset from an instant on. */
function law(version: string, offset: number, from: number, then: number) {
  const zones = createZoneDatabase(version, (_zone, at) => (at < from ? offset : then) * HOUR_MS)
  return { zones, holidays: null }
}

const LAW = T0 + 15 * HOUR_MS

describe('a database with a law that begins between the last decided time and the next, where each hour fires,', () => {
  const RANGE = { id: 'nine', task: 'work', trigger: cron('0 9-11 * * *', { zone: ZONE }) }

  test('leaves out no fire that the law puts before the next', async () => {
    const world = new World()
    const settings = (calendars: ReturnType<typeof law>) => ({ tasks: { work: () => null }, settings: { calendars } })
    const a = await world.node('a', settings(database('2025c', 0)))
    await world.pass(a.client.addJob(RANGE))
    await world.advance(5 * HOUR_MS)
    await a.shutdown()
    const b = await world.node('b', settings(law('2026c', 0, LAW, 1)))
    await world.advance(DAY_MS)
    await world.check(b)
    expect([...firesOf(a), ...firesOf(b)]).toEqual([
      ...['01-01T09:00', '01-01T10:00', '01-01T11:00'],
      ...['01-02T08:00', '01-02T09:00', '01-02T10:00'],
    ])
    expect(movesOf(b)).toEqual([['nine', '01-02T09:00', '01-02T08:00', 2]])
  })
})

/** The scheduled times of some days: by the older database up to one of them, by the newer one from then on. */
function firesAcross(
  expression: string,
  [older, newer]: readonly [ReturnType<typeof law>, ReturnType<typeof law>],
  count: number,
  end: number,
): number[] {
  const trigger = cron(expression, { zone: ZONE })
  const all: number[] = []
  let next = nextFireTime(trigger, T0 - 1, T0, older)
  while (next !== null && all.length < count) {
    all.push(next)
    next = nextFireTime(trigger, next, T0, older)
  }
  const decidedThrough = all.at(-1) ?? null
  const decided = { decidedThrough, decidedCount: all.length, zoneData: '2025c' }
  const job = { jobId: 'nine', definition: { trigger }, anchor: T0, nextFireTime: next, ...decided }
  let at = movedFireTime(job as unknown as JobState, newer)
  while (at !== null && at <= end) {
    all.push(at)
    at = nextFireTime(trigger, at, T0, newer)
  }
  return all
}

const HOURS = ['9-17', '9-11', '8,9,17', '9,10', '*']

describe('of hours that a shift takes for one another,', () => {
  test.each(HOURS.flatMap((hours) => [-1, 1].map((by) => [hours, by] as const)))(
    '%s with a law of %d h, each local time from the law on fires, and none twice, whenever the database came',
    (hours, by) => {
      const databases = [database('2025c', 0), law('2026c', 0, LAW, by)] as const
      const end = T0 + 4 * DAY_MS
      const wanted = fires(`0 ${hours} * * *`, databases[1], end)
      const before = wanted.filter((at) => at < LAW - HOUR_MS).length
      for (let count = 1; count <= before; count += 1) {
        const all = firesAcross(`0 ${hours} * * *`, databases, count, end)
        expect(all, `after ${count} fires`).toEqual(wanted)
      }
    },
  )

  test.each(HOURS.flatMap((hours) => [-1, 1].map((by) => [hours, by] as const)))(
    '%s with the whole zone moved by %d h, no instant fires twice and each later day is whole',
    (hours, by) => {
      const databases = [database('2025c', 0), database('2026c', by)] as const
      const end = T0 + 4 * DAY_MS
      for (let count = 1; count <= 20; count += 1) {
        const all = firesAcross(`0 ${hours} * * *`, databases, count, end)
        expect(new Set(all).size, `after ${count} fires`).toBe(all.length)
        const decided = all[count - 1] ?? 0
        const isLater = (at: number): boolean => at > decided + DAY_MS
        expect(all.filter(isLater)).toEqual(fires(`0 ${hours} * * *`, databases[1], end).filter(isLater))
      }
    },
  )

  test('where both times moved and one lies between them by the newer database, no time of day fires twice', () => {
    const [older, newer] = [database('2025c', 0), database('2026c', -1)]
    const expression = '0 9,10,11 * * *'
    const half = {
      type: 'or',
      triggers: [cron(expression, { zone: ZONE }), cron('30 9 * * *', { zone: ZONE })],
    } as const
    const decidedThrough = T0 + HOUR_MS
    const next = nextFireTime(half, decidedThrough, T0, older)
    expect(next).toBe(T0 + 2 * HOUR_MS)
    const decided = { decidedThrough, decidedCount: 3, zoneData: '2025c' }
    const job = { jobId: 'nine', definition: { trigger: half }, anchor: T0, nextFireTime: next, ...decided }
    // 09:30 and 10:00 were decided by the older one: eleven, by the newer one, is what is left of the day.
    expect(movedFireTime(job as unknown as JobState, newer)).toBe(T0 + 3 * HOUR_MS)
  })
})

/** All of them by one database. */
function fires(expression: string, calendars: ReturnType<typeof law>, end: number): number[] {
  const trigger = cron(expression, { zone: ZONE })
  const all: number[] = []
  let at = nextFireTime(trigger, T0 - 1, T0, calendars)
  while (at !== null && at <= end) {
    all.push(at)
    at = nextFireTime(trigger, at, T0, calendars)
  }
  return all
}
