/** A log whose batches may be smaller than the design's (`max.message.bytes` of events): decided in parts, and nobody stops. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { json } from '../support/topic-records.ts'
import { type TestNode, World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }

interface Scene {
  readonly world: World
  readonly a: TestNode
  /** Bytes of values. */
  limit: number
  refusals: number
}

async function scene(limit: number): Promise<Scene> {
  const world = new World({ topics: true })
  const log = (inner: EventLog): EventLog =>
    new Proxy(inner, {
      get(target, name) {
        if (name === 'append') return append.bind(null, target)
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  const append = async (inner: EventLog, ...[to, records]: Parameters<EventLog['append']>) => {
    const bytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    if (to.topic !== 'events' || bytes <= made.limit) return inner.append(to, records)
    made.refusals += 1
    throw new LogError('too-large', 'MESSAGE_TOO_LARGE')
  }
  const made: Scene = { world, a: null as never, limit, refusals: 0 }
  return Object.assign(made, { a: await world.node('a', { roles: ['owner'], log }) })
}

describe('a batch that the log refuses as too large', () => {
  test('is decided in parts, each command once, and the next ones fit at once', async () => {
    const made = await scene(20_000)
    const { world, a } = made
    const add = (id: string) => a.client.addJob({ id, ...HOURLY, payload: 'x'.repeat(1_000) })
    const ids = Array.from({ length: 60 }, (_, index) => `job-${index}`)
    await world.pass(Promise.all(ids.map(add)))
    expect(a.all('JobAdded').map(({ jobId }) => jobId)).toEqual(ids)
    const before = made.refusals
    await world.pass(Promise.all(ids.map((id) => add(`more-${id}`))))
    expect([before > 0, made.refusals - before]).toEqual([true, 0])
    expect(a.failures).toEqual([])
    await world.check(a)
  })

  test('rejects the one command that is too large by itself, and the others are applied', async () => {
    const { world, a } = await scene(5_000)
    const large = json({ type: 'AddJob', job: { id: 'large', ...HOURLY, payload: 'x'.repeat(10_000) } })
    await world.produce('commands', { key: 'large', value: large })
    await world.pass(Promise.all(['one', 'two'].map((id) => a.client.addJob({ id, ...HOURLY }))))
    expect(a.all('CommandRejected')).toMatchObject([{ code: 'limit-exceeded', jobId: 'large', commandOffset: 0 }])
    expect(a.all('JobAdded').map(({ jobId }) => jobId)).toEqual(['one', 'two'])
    expect(a.failures).toEqual([])
    await world.check(a)
  })

  test('tells its caller that the log failed when not even the refusal can be written, and the node goes on', async () => {
    const made = await scene(1_000_000)
    const { world, a } = made
    made.limit = 100
    await expect(world.pass(a.client.addJob({ id: 'one', ...HOURLY }))).rejects.toMatchObject({ code: 'log-failed' })
    made.limit = 1_000_000
    await world.advance(60_000)
    await world.pass(a.client.addJob({ id: 'two', ...HOURLY }))
    expect(a.failures).toEqual([])
    await world.check(a)
  })

  test('is tried in full again after a minute: the log may take more by then', async () => {
    const made = await scene(5_000)
    const { world, a } = made
    const large = { id: 'large', ...HOURLY, payload: 'x'.repeat(10_000) }
    await expect(world.pass(a.client.addJob(large))).rejects.toMatchObject({ code: 'limit-exceeded' })
    made.limit = 50_000
    await world.advance(60_000)
    await world.pass(a.client.addJob(large))
    expect(a.all('JobAdded')).toHaveLength(1)
  })
})

describe('a job whose due runs are more than the log takes at once', () => {
  async function hindered(): Promise<Scene> {
    const made = await scene(1_000_000)
    const { world, a } = made
    const trigger = interval('1m')
    await world.pass(a.client.addJob({ id: 'large', task: 'greet', trigger, coalesce: 'all', maxCatchUp: 100 }))
    await world.pass(a.client.addJob({ id: 'small', task: 'greet', trigger: interval('10s'), maxInstances: 500 }))
    await world.pass(a.client.pause())
    await world.advance(100 * 60_000)
    made.limit = 2_000
    await world.pass(a.client.resume())
    return made
  }

  const firesOf = (a: TestNode, id: string): number => a.all('RunQueued').filter(({ jobId }) => jobId === id).length

  test('waits alone: other jobs fire and commands are decided', async () => {
    const made = await hindered()
    const { world, a } = made
    await world.pass(a.client.addJob({ id: 'other', ...HOURLY }))
    await world.advance(600_000)
    expect(firesOf(a, 'small')).toBeGreaterThanOrEqual(60)
    expect([firesOf(a, 'large'), a.failures]).toEqual([0, []])
    made.limit = 1_000_000
    await world.advance(60_000)
    expect(firesOf(a, 'large')).toBeGreaterThanOrEqual(100)
    await world.check(a)
  })

  test('cannot be changed before they fit, and the next command is decided', async () => {
    const { world, a } = await hindered()
    const change = a.client.rescheduleJob('large', interval('1h'))
    await expect(world.pass(change)).rejects.toMatchObject({ code: 'limit-exceeded' })
    await world.pass(a.client.addJob({ id: 'other', ...HOURLY }))
    expect(a.failures).toEqual([])
    await world.check(a)
  })
})

test('runs that are due at once and are more than the log takes wait until it takes more, and the node does not stop', async () => {
  const made = await scene(1_000_000)
  const { world, a } = made
  const trigger = interval('1m')
  await world.pass(a.client.addJob({ id: 'job', task: 'greet', trigger, coalesce: 'all', maxCatchUp: 100 }))
  await world.pass(a.client.pause())
  await world.advance(100 * 60_000)
  made.limit = 2_000
  await world.pass(a.client.resume())
  await world.advance(60_000)
  expect([a.all('RunQueued').length, a.failures]).toEqual([0, []])
  made.limit = 1_000_000
  await world.advance(60_000)
  expect(a.all('RunQueued').length).toBeGreaterThanOrEqual(100)
  await world.check(a)
})
