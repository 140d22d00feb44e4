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
