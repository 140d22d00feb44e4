/** A shutdown keeps its deadline, whatever the cluster does. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { Outbox } from '../../src/ports/outbox.ts'
import { World } from '../support/world.ts'

const GRACE_MS = 5_000
const HOURLY = { task: 'greet', trigger: interval('1h') }

/** A cluster that answers nothing any more, from one moment on. */
class Silent {
  #isSilent = false
  readonly #stuck = new Promise<never>(() => {})

  begin(): void {
    this.#isSilent = true
  }

  #or<T>(answer: () => Promise<T>): Promise<T> {
    return this.#isSilent ? this.#stuck : answer()
  }

  readonly outbox = (outbox: Outbox): Outbox => ({
    send: (record) => this.#or(() => outbox.send(record)),
    close: () => this.#or(() => outbox.close()),
  })

  readonly log = (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: (to, records) => this.#or(() => log.append(to, records)),
    read: (from, offset, maxBytes) => this.#or(() => log.read(from, offset, maxBytes)),
    end: (of) => this.#or(() => log.end(of)),
    watch: (partition, listener) => log.watch(partition, listener),
    join: async (member, group) => {
      const membership = await log.join(member, group)
      return { ...membership, leave: () => this.#or(() => membership.leave()) }
    },
    close: () => this.#or(() => log.close()),
  })
}

describe('a shutdown', () => {
  test.each([
    ['with nothing to do', false],
    ['with a batch in flight', true],
  ])('ends a few seconds after its deadline when the cluster is silent, %s', async (_, isBusy) => {
    const world = new World({ topics: true })
    const silent = new Silent()
    const a = await world.node('a', { log: silent.log, outbox: silent.outbox, tasks: { greet: async () => 'hello' } })
    await world.pass(a.client.addJob({ id: 'job', ...HOURLY }))
    await world.advance(10_000)
    silent.begin()
    if (isBusy) a.client.addJob({ id: 'late', ...HOURLY }).catch(() => {})
    await world.quiet()
    const begun = world.clock.now()
    await world.pass(a.local.shutdown(begun + 1_000))
    expect(world.clock.now() - begun).toBeLessThanOrEqual(1_000 + GRACE_MS)
  })

  test('does not wait for its deadline when the cluster answers', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: { greet: async () => 'hello' } })
    await world.pass(a.client.addJob({ id: 'job', ...HOURLY }))
    await world.advance(10_000)
    const begun = world.clock.now()
    await world.pass(a.local.shutdown(begun + 60_000))
    expect(world.clock.now() - begun).toBeLessThan(1_000)
  })

  test.each(['events', 'state'])('is not held up by what it writes to the %s topic', async (topic) => {
    const { world, a, stick } = await sticking(topic)
    await world.advance(50_000)
    stick()
    a.client.addJob({ id: 'late', ...HOURLY }).catch(() => {})
    await world.advance(20_000)
    const begun = world.clock.now()
    await world.pass(a.local.shutdown(begun))
    expect(world.clock.now() - begun).toBeLessThanOrEqual(GRACE_MS)
  })

  test('begins no checkpoint while it waits for a batch in flight', async () => {
    const { world, a, stick } = await sticking('events')
    await world.advance(50_000)
    stick()
    a.client.addJob({ id: 'late', ...HOURLY }).catch(() => {})
    await world.quiet()
    await world.pass(a.local.shutdown(world.clock.now() + 60_000))
    expect(await world.records('state')).toEqual([])
  })
})

/** A node with a job, ten seconds before its first checkpoint; appends to a topic get no answer once they stick. */
async function sticking(topic: string) {
  const world = new World({ topics: true })
  const held = Promise.withResolvers<never>()
  let isStuck = false
  const log = (inner: EventLog): EventLog => ({
    partitions: inner.partitions,
    append: (to, records) => (isStuck && to.topic === topic ? held.promise : inner.append(to, records)),
    read: (from, offset, maxBytes) => inner.read(from, offset, maxBytes),
    end: (of) => inner.end(of),
    watch: (partition, listener) => inner.watch(partition, listener),
    join: (member, group) => inner.join(member, group),
    close: () => inner.close(),
  })
  const a = await world.node('a', { log, roles: ['owner'] })
  await world.pass(a.client.addJob({ id: 'job', ...HOURLY }))
  const stick = (): void => void (isStuck = true)
  return { world, a, stick }
}
