import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { Logger } from '../../src/ports/telemetry.ts'
import { at, T0 } from '../support/moments.ts'
import { World } from '../support/world.ts'

/** What was warned of. */
function warnings(): { readonly logger: Logger; readonly warned: unknown[] } {
  const warned: unknown[] = []
  const logger = {
    debug() {},
    info() {},
    warn: (details: object, message: string) => void warned.push({ ...details, message }),
    error() {},
  }
  return { logger, warned }
}

const EVERY_10S = { task: 'greet', trigger: interval('10s') }

describe('a listener', () => {
  test('gets every event of its name, with its place on the log and its instants as dates', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: { greet: () => 'hello' } })
    const seen: unknown[] = []
    a.client.on('RunQueued', (event) => seen.push(event))
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.advance(20_000)
    expect(seen).toHaveLength(2)
    expect(seen[0]).toMatchObject({
      type: 'RunQueued',
      jobId: 'job',
      scheduledAt: new Date(at(10)),
      dueAt: new Date(at(10)),
      nextFireTime: new Date(at(20)),
      time: new Date(at(10)),
      partition: 0,
      offset: 3,
      epoch: 1,
      seq: 2,
      index: 0,
    })
  })

  test('that throws does no harm: others are told, and its error is logged', async () => {
    const world = new World()
    const { logger, warned } = warnings()
    const a = await world.node('a', { logger, tasks: { greet: () => 'hello' } })
    const error = new Error('my own fault')
    const seen: string[] = []
    a.client.on('JobAdded', () => {
      throw error
    })
    a.client.on('JobAdded', (event) => void seen.push(event.jobId))
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.advance(10_000)
    expect(seen).toEqual(['job'])
    expect(warned).toEqual([{ err: error, event: 'JobAdded', message: 'a listener threw' }])
    expect(a.all('RunSucceeded')).toHaveLength(1)
    expect(a.failures).toEqual([])
  })

  test('that is an async function and rejects does no harm either', async () => {
    const world = new World()
    const { logger, warned } = warnings()
    const a = await world.node('a', { logger })
    const error = new Error('my own fault')
    // oxlint-disable-next-line typescript/no-misused-promises -- applications do so
    a.client.on('JobAdded', async () => {
      await Promise.resolve()
      throw error
    })
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.quiet()
    expect(warned).toEqual([{ err: error, event: 'JobAdded', message: 'a listener threw' }])
  })

  test('is not told any more after it was taken off', async () => {
    const world = new World()
    const a = await world.node('a')
    const seen: string[] = []
    const listener = (event: { readonly jobId: string }): void => void seen.push(event.jobId)
    a.client.on('JobAdded', listener)
    await a.client.addJob({ id: 'one', ...EVERY_10S })
    a.client.off('JobAdded', listener)
    await a.client.addJob({ id: 'two', ...EVERY_10S })
    expect(seen).toEqual(['one'])
  })

  test('may use the client, and take itself off', async () => {
    const world = new World()
    const a = await world.node('a')
    const done: Promise<unknown>[] = []
    const listener = (): void => {
      a.client.off('JobAdded', listener)
      done.push(a.client.addJob({ id: 'from the listener'.replaceAll(' ', '-'), ...EVERY_10S }))
    }
    a.client.on('JobAdded', listener)
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await Promise.all(done)
    expect(a.client.getJobs().map(({ id }) => id)).toEqual(['from-the-listener', 'job'])
  })

  test('is told before the caller of the command is answered', async () => {
    const world = new World()
    const a = await world.node('a')
    const order: string[] = []
    a.client.on('JobAdded', () => void order.push('listener'))
    await a.client.addJob({ id: 'job', ...EVERY_10S }).then(() => order.push('caller'))
    expect(order).toEqual(['listener', 'caller'])
  })

  test('of a follower is told what the owner decides', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: { greet: () => 'hello' } })
    const b = await world.node('b')
    const seen: unknown[] = []
    b.client.on('RunSucceeded', (event) => seen.push(event.result))
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    await world.advance(10_000)
    expect(seen).toEqual(['hello'])
  })

  test('is not told what was on the log before', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'job', ...EVERY_10S })
    const b = await world.node('b')
    const seen: unknown[] = []
    b.client.on('JobAdded', (event) => seen.push(event))
    await world.quiet()
    expect(seen).toEqual([])
    expect(b.client.getJob('job')?.addedAt).toEqual(new Date(T0))
  })
})
