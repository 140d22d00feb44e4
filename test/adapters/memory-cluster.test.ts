/** What the memory cluster has beside the port: several members, zombies, faults, truncation, retention. */
import { describe, expect, test } from 'vitest'
import type { AppendFate, MemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import type { EventLog, Membership } from '../../src/ports/event-log.ts'
import { batch, readAll, record, refusal, texts } from '../contract/event-log.ts'

const EVENTS = { topic: 'events', partition: 0 }
const now = (): number => 1_000

interface Told {
  readonly log: EventLog
  readonly membership: Membership
  /** What it was told, in order: `+` and its partitions, or `-` and what it lost. */
  readonly told: string[]
}

async function joined(cluster: MemoryCluster, name: string): Promise<Told> {
  const log = cluster.connect(name)
  const told: string[] = []
  const membership = await log.join({
    name,
    assigned: ({ partitions }) => told.push(`+${partitions.join()}`),
    lost: (partitions) => told.push(`-${partitions.join()}`),
  })
  await Promise.resolve()
  return { log, membership, told }
}

describe('the group', () => {
  test('spreads the partitions over its members, moving as few as possible', async () => {
    const cluster = createMemoryCluster({ partitions: 6, now })
    const a = await joined(cluster, 'a')
    const b = await joined(cluster, 'b')
    const c = await joined(cluster, 'c')
    expect(a.told).toEqual(['+0,1,2,3,4,5', '-3,4,5', '+0,1,2', '-2', '+0,1'])
    expect(b.told).toEqual(['+3,4,5', '-5', '+3,4'])
    expect(c.told).toEqual(['+2,5'])
  })

  test('gives what a leaving or closing member had to the others', async () => {
    const cluster = createMemoryCluster({ partitions: 2, now })
    const a = await joined(cluster, 'a')
    const b = await joined(cluster, 'b')
    await a.membership.leave()
    await Promise.resolve()
    expect(b.told.at(-1)).toBe('+0,1')
    const c = await joined(cluster, 'c')
    await b.log.close()
    await Promise.resolve()
    expect(c.told.at(-1)).toBe('+0,1')
  })

  test('leaves a member without partitions when there are more members than partitions', async () => {
    const cluster = createMemoryCluster({ partitions: 1, now })
    await joined(cluster, 'a')
    expect((await joined(cluster, 'b')).told).toEqual(['+'])
  })
})

describe('a partition that a test moves', () => {
  test('is taken from its owner and given to another', async () => {
    const cluster = createMemoryCluster({ partitions: 2, now })
    const a = await joined(cluster, 'a')
    const b = await joined(cluster, 'b')
    cluster.assign(0, 'b', { tellLoser: true })
    await Promise.resolve()
    expect(a.told.slice(-2)).toEqual(['-0', '+'])
    expect(b.told.at(-1)).toBe('+0,1')
  })

  test('leaves a zombie that is told nothing, until the group tells it', async () => {
    const cluster = createMemoryCluster({ partitions: 1, now })
    const zombie = await joined(cluster, 'zombie')
    const owner = await joined(cluster, 'owner')
    cluster.assign(0, 'owner', { tellLoser: false })
    await Promise.resolve()
    expect(zombie.told).toEqual(['+0', '+0'])
    expect(owner.told).toEqual(['+', '+0'])
    expect((await zombie.log.append(EVENTS, [record('from the dead')])).baseOffset).toBe(0)
    cluster.assign(0, 'owner', { tellLoser: true })
    await Promise.resolve()
    expect(zombie.told.slice(-2)).toEqual(['-0', '+'])
  })

  test('goes only to a member', () => {
    const cluster = createMemoryCluster({ now })
    expect(() => cluster.assign(0, 'nobody', { tellLoser: true })).toThrow('nobody is not in the group')
  })
})

describe('an append that a test makes fail', () => {
  function faulty(...fates: AppendFate[]): { cluster: MemoryCluster; log: EventLog } {
    const cluster = createMemoryCluster({ now, faults: () => fates.shift() ?? 'ok' })
    return { cluster, log: cluster.connect('a') }
  }
  const unknown = { code: 'no-answer', outcome: 'unknown', retryable: true }

  test('refused: it is not in the log', async () => {
    const { log } = faulty('refuse')
    await expect(log.append(EVENTS, [record('a')])).rejects.toMatchObject({
      ...refusal('unavailable'),
      retryable: true,
    })
    expect(await log.end(EVENTS)).toBe(0)
  })

  test('with its reply lost: it is', async () => {
    const { log } = faulty('lose-reply')
    await expect(log.append(EVENTS, [record('a')])).rejects.toMatchObject(unknown)
    expect(texts(await readAll(log, EVENTS))).toEqual(['a'])
  })

  test('with its request lost: it is not', async () => {
    const { log } = faulty('lose-request')
    await expect(log.append(EVENTS, [record('a')])).rejects.toMatchObject(unknown)
    expect(await log.end(EVENTS)).toBe(0)
  })

  test('late: it lands behind what was appended since, also when its member is gone', async () => {
    const late = Promise.withResolvers<void>()
    const { cluster, log } = faulty({ landLate: late.promise })
    await expect(log.append(EVENTS, batch('late', 2))).rejects.toMatchObject(unknown)
    const other = cluster.connect('b')
    await other.append(EVENTS, [record('since')])
    await log.close()
    late.resolve()
    await late.promise
    expect(texts(await readAll(other, EVENTS))).toEqual(['since', 'late 0', 'late 1'])
  })

  test('late for ever: it never lands', async () => {
    const { log } = faulty({ landLate: Promise.reject(new Error('lost')) })
    await expect(log.append(EVENTS, [record('a')])).rejects.toMatchObject(unknown)
    expect(await log.end(EVENTS)).toBe(0)
  })

  test('is chosen by member, place and records', async () => {
    const cluster = createMemoryCluster({
      now,
      faults: ({ member, to, records }) =>
        member === 'a' && to.partition === 0 && records.length === 2 ? 'refuse' : 'ok',
    })
    const [a, b] = [cluster.connect('a'), cluster.connect('b')]
    await a.append(EVENTS, batch('one', 1))
    await b.append(EVENTS, batch('two', 2))
    await expect(a.append(EVENTS, batch('two', 2))).rejects.toMatchObject(refusal('unavailable'))
  })
})

describe('a log that forgets', () => {
  test('by truncation gives offsets anew, from the batch that held the offset', async () => {
    const cluster = createMemoryCluster({ now })
    const log = cluster.connect('a')
    await log.append(EVENTS, batch('a', 2))
    await log.append(EVENTS, batch('b', 3))
    cluster.truncate(EVENTS, 3)
    expect(await log.end(EVENTS)).toBe(2)
    await expect(log.read(EVENTS, 5, 1)).rejects.toMatchObject(refusal('offset-out-of-range'))
    expect((await log.append(EVENTS, batch('c', 1))).baseOffset).toBe(2)
    cluster.truncate(EVENTS, 0)
    expect((await log.append(EVENTS, batch('d', 1))).baseOffset).toBe(0)
  })

  test('by retention refuses what is below its first batch', async () => {
    const cluster = createMemoryCluster({ now })
    const log = cluster.connect('a')
    for (const name of ['a', 'b', 'c']) await log.append(EVENTS, batch(name, 2))
    cluster.trim(EVENTS, 3)
    await expect(log.read(EVENTS, 1, 1)).rejects.toMatchObject(refusal('offset-out-of-range'))
    expect(texts((await log.read(EVENTS, 2, 1)).records)).toEqual(['b 0', 'b 1'])
    cluster.trim(EVENTS, 6)
    expect(await log.read(EVENTS, 6, 1)).toEqual({ records: [], next: 6 })
    expect((await log.append(EVENTS, batch('d', 1))).baseOffset).toBe(6)
  })
})

describe('a connection', () => {
  test('has a name that is free again when it closed', async () => {
    const cluster = createMemoryCluster({ now })
    const log = cluster.connect('a')
    expect(() => cluster.connect('a')).toThrow('a is connected already')
    await log.close()
    await cluster.connect('a').close()
  })

  test('takes the bytes in the call, so that a caller may reuse its buffer', async () => {
    const log = createMemoryCluster({ now }).connect('a')
    const value = Buffer.from('before')
    const appended = log.append(EVENTS, [{ key: null, value }])
    value.write('after!')
    await appended
    expect(texts(await readAll(log, EVENTS))).toEqual(['before'])
  })

  test('stamps with the time of the cluster', async () => {
    const clock = createVirtualClock(5_000)
    const log = createMemoryCluster({ now: () => clock.now() }).connect('a')
    await clock.advance(77)
    expect((await log.append(EVENTS, [record('a')])).timestamp).toBe(5_077)
  })
})
