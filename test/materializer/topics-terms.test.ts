/** An owner whose log came to another leader, or was reached anew, while no append of its own failed. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { type Logger, SILENT } from '../../src/ports/telemetry.ts'
import { type TestNode, World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }
const EVENTS = { topic: 'events', partition: 0 }
const JUNK = new Uint8Array(1)
const junk = (count: number): Uint8Array[] => Array.from({ length: count }, () => JUNK)

const jobs = (node: TestNode): string[] => node.client.getJobs().map(({ id }) => id)

/** A log that says its term at each append, and counts reads of events. */
class TermedLog {
  term = 1
  reads = 0

  readonly wrap = (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: async (to, records) => ({ ...(await log.append(to, records)), term: this.term }),
    read: (from, offset, maxBytes) => {
      if (from.topic === 'events') this.reads += 1
      return log.read(from, offset, maxBytes)
    },
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  })
}

interface Scene {
  readonly world: World
  readonly owner: TestNode
  readonly log: TermedLog
  readonly errors: string[]
}

async function scene(): Promise<Scene> {
  const world = new World({ topics: true })
  const log = new TermedLog()
  const errors: string[] = []
  const logger: Logger = { ...SILENT, error: (_details, message) => void errors.push(message) }
  const owner = await world.node('owner', { roles: ['owner'], log: log.wrap, logger })
  await world.pass(owner.client.addJob({ id: 'kept', ...HOURLY }))
  return { world, owner, log, errors }
}

/** The log loses what came after `offset`, and grows by these to exactly where it was. */
async function regrown(world: World, offset: number, values: readonly Uint8Array[]): Promise<void> {
  world.cluster.truncate(EVENTS, offset)
  await world.write(values)
}

describe('an owner whose log has a new term', () => {
  test('goes on when the log still leads to what it folded, and looks only once', async () => {
    const { world, owner, log, errors } = await scene()
    log.term += 1
    await world.pass(owner.client.addJob({ id: 'next', ...HOURLY }))
    expect(log.reads).toBeGreaterThan(0)
    log.reads = 0
    await world.pass(owner.client.addJob({ id: 'one-more', ...HOURLY }))
    expect({ reads: log.reads, errors, epoch: owner.partition().cursor.epoch }).toEqual({
      reads: 0,
      errors: [],
      epoch: 1,
    })
    await world.check(owner)
  })

  test('rebuilds and says so when the log has lost its tail and grown back to where the next batch was due', async () => {
    const { world, owner, log, errors } = await scene()
    const { cursor } = await world.fold()
    await world.pass(owner.client.addJob({ id: 'lost', ...HOURLY }))
    const lost = owner.partition().cursor.offset - cursor.offset
    await regrown(world, cursor.offset, junk(lost))
    log.term += 1
    const asked = world.pass(
      owner.client.addJob({ id: 'on-the-lost-past', ...HOURLY }).catch((error: unknown) => error),
    )
    expect(await asked).toMatchObject({ code: 'unknown-outcome' })
    await world.advance(1_000)
    expect(errors).toContain('the log lost its tail: rebuilding from it')
    expect(jobs(owner)).toEqual(['kept'])
    expect(owner.partition().mode).toBe('owning')
    await world.pass(owner.client.addJob({ id: 'new', ...HOURLY }))
    await world.check(owner)
  })

  test('is not taken in by a copy of its last batch that landed in the old place', async () => {
    const { world, owner, log, errors } = await scene()
    const { cursor } = await world.fold()
    await world.pass(owner.client.addJob({ id: 'lost', ...HOURLY }))
    const between = owner.partition().cursor.offset
    await world.pass(owner.client.addJob({ id: 'last', ...HOURLY }))
    const values = (await world.records('events')).map(({ value }) => value ?? JUNK)
    await regrown(world, cursor.offset, [...junk(between - cursor.offset), ...values.slice(between)])
    log.term += 1
    const asked = world.pass(
      owner.client.addJob({ id: 'on-the-lost-past', ...HOURLY }).catch((error: unknown) => error),
    )
    expect(await asked).toMatchObject({ code: 'unknown-outcome' })
    await world.advance(1_000)
    expect(errors).toContain('the log lost its tail: rebuilding from it')
    expect(jobs(owner)).toEqual(['kept'])
    await world.check(owner)
  })
})
