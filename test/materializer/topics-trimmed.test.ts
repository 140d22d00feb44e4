/** Owners of a log whose events below a checkpoint were trimmed. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { type Logger, SILENT } from '../../src/ports/telemetry.ts'
import { type TestNode, World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }
const EVENTS = { topic: 'events', partition: 0 }

const jobs = (node: TestNode): string[] => node.client.getJobs().map(({ id }) => id)

interface Scene {
  readonly world: World
  readonly owner: TestNode
  readonly errors: string[]
  readonly nextTerm: () => void
}

/** An owner of three jobs that are in a checkpoint; of the events before it nothing is kept but the last batch. */
async function scene(): Promise<Scene> {
  const world = new World({ topics: true })
  const errors: string[] = []
  const logger: Logger = { ...SILENT, error: (_details, message) => void errors.push(message) }
  let term = 1
  const log = (of: EventLog): EventLog => ({
    partitions: of.partitions,
    append: async (to, records) => ({ ...(await of.append(to, records)), term }),
    read: (from, offset, maxBytes) => of.read(from, offset, maxBytes),
    end: (place) => of.end(place),
    watch: (place, listener) => of.watch(place, listener),
    join: (member, group) => of.join(member, group),
    close: () => of.close(),
  })
  const owner = await world.node('owner', { roles: ['owner'], log, logger })
  for (const id of ['alpha', 'beta', 'gamma']) await world.pass(owner.client.addJob({ id, ...HOURLY }))
  await world.advance(120_000)
  world.cluster.trim(EVENTS, owner.partition().cursor.offset - 2)
  return { world, owner, errors, nextTerm: () => void (term += 1) }
}

/** Jobs in the order of their ids. */
async function aMinuteLater({ world, owner, errors }: Scene): Promise<object> {
  await world.advance(60_000)
  const { mode, cursor } = owner.partition()
  return { mode, epoch: cursor.epoch, errors, jobs: jobs(owner) }
}

/** Still in its first epoch. */
const GOES_ON = { mode: 'owning', epoch: 1, errors: [], jobs: ['alpha', 'beta', 'gamma', 'next'] }

describe('an owner whose log was trimmed below a checkpoint', () => {
  test('goes on when the log has a new term', async () => {
    const found = await scene()
    const { world, owner, nextTerm } = found
    nextTerm()
    await world.pass(owner.client.addJob({ id: 'next', ...HOURLY }))
    expect(await aMinuteLater(found)).toEqual(GOES_ON)
  })

  test('goes on when an answer was lost', async () => {
    const found = await scene()
    const { world, owner } = found
    let lost = 0
    world.faults = ({ to }) => (to.topic === 'events' && (lost += 1) === 1 ? 'lose-reply' : 'ok')
    await world.pass(owner.client.addJob({ id: 'next', ...HOURLY }))
    expect(await aMinuteLater(found)).toEqual(GOES_ON)
  })

  test('makes its state from the checkpoint when the log lost its tail', async () => {
    const { world, owner, errors, nextTerm } = await scene()
    const { offset } = owner.partition().cursor
    await world.pass(owner.client.addJob({ id: 'lost', ...HOURLY }))
    world.cluster.truncate(EVENTS, offset)
    nextTerm()
    const asked = owner.client.addJob({ id: 'on-the-lost-past', ...HOURLY }).catch((error: unknown) => error)
    expect(await world.pass(asked)).toMatchObject({ code: 'unknown-outcome' })
    await world.advance(10_000)
    expect(errors).toEqual(['the log lost its tail: rebuilding from it'])
    expect([owner.partition().mode, jobs(owner)]).toEqual(['owning', ['alpha', 'beta', 'gamma']])
    await world.pass(owner.client.addJob({ id: 'new', ...HOURLY }))
    const fresh = await world.node('fresh', { roles: ['owner'] })
    expect(jobs(fresh)).toEqual(['alpha', 'beta', 'gamma', 'new'])
  })
})
