// Partitions of the runs come and go: with other members, with crashes, and at the end of a process (protocol §5).
import { describe, expect, test } from 'vitest'
import { T0 } from '../support/moments.ts'
import { groupScene, TOPIC, type GroupScene, type Worker } from './group-scene.ts'

/** Of two partitions the first member has both until a second comes: then partition 1 is the second's. */
async function shared(concurrency = 10): Promise<GroupScene & { readonly first: Worker }> {
  const scene = groupScene({ partitions: 2 })
  return { ...scene, first: await scene.worker('first', { concurrency }) }
}

describe('when another member takes a partition over', () => {
  test('what runs goes on and reports', async () => {
    const { first, worker, runs, typesOf, clock } = await shared()
    await runs(['long'], {}, 1)
    await worker('second')
    await clock.advance(60_000)
    expect(first.isAborted('long')).toBe(false)
    first.finish('long')
    await clock.settle()
    expect((await typesOf('long')).filter((type) => type === 'succeeded')).toHaveLength(1)
  })

  test('what is being read of it is left to the other', async () => {
    const { first, worker, runs, clock } = await shared()
    const gate = Promise.withResolvers<void>()
    first.delayReads(gate.promise)
    await runs(['a'], {}, 1)
    const second = await worker('second')
    gate.resolve()
    await clock.settle()
    expect([first.begun, second.begun]).toEqual([[], ['a']])
  })

  test('what waits for a slot is run by the other alone', async () => {
    const { first, worker, runs, clock } = await shared(1)
    await runs(['long', 'waits'], {}, 1)
    const second = await worker('second')
    first.finish('long')
    await clock.settle()
    expect(first.begun).toEqual(['long'])
    expect(second.begun).toEqual(['long', 'waits'])
  })

  test('what waits leaves its room to the partitions that stay', async () => {
    const { first, worker, runs, clock } = await shared(1)
    await runs(['long', 'waits 1', 'waits 2', 'waits 3'], {}, 1)
    await runs(['mine'], {}, 0)
    await worker('second')
    first.finish('long')
    await clock.settle()
    expect(first.begun).toEqual(['long', 'mine'])
  })

  test('only the other commits for it', async () => {
    const { first, worker, runs, clock, committed } = await shared()
    await runs(['a', 'b'], {}, 1)
    const second = await worker('second')
    first.finish('a')
    first.finish('b')
    await clock.advance(5_000)
    expect(committed.get(1)).toBeUndefined()
    second.finish('a')
    await clock.advance(1_000)
    expect(committed.get(1)).toBe(1)
  })

  test('what stays here is not run again', async () => {
    const { first, worker, runs, clock, committed } = await shared()
    await runs(['stays'], {}, 0)
    await worker('second')
    first.finish('stays')
    await clock.advance(1_000)
    expect(first.begun).toEqual(['stays'])
    expect(committed.get(0)).toBe(1)
  })

  test('and gives it back, the records that are read again are copies of what runs or ended here', async () => {
    const { first, worker, runs, clock, committed } = await shared()
    await runs(['long', 'short'], {}, 1)
    const second = await worker('second')
    first.finish('short')
    await second.kill()
    await clock.settle()
    await runs(['next'], { task: 'quick' }, 1)
    expect(first.begun).toEqual(['long', 'short', 'next'])
    await clock.advance(2_000)
    expect(committed.get(1)).toBeUndefined()
    first.finish('long')
    await clock.advance(1_000)
    expect(committed.get(1)).toBe(3)
  })

  test('and gives it back, what had waited here is run', async () => {
    const { first, worker, runs, clock } = await shared(1)
    await runs(['long', 'waits'], {}, 1)
    const second = await worker('second', { concurrency: 1 })
    await second.kill()
    await clock.settle()
    first.finish('long')
    await clock.settle()
    expect(first.begun).toEqual(['long', 'waits'])
  })
})

describe('before the group changes', () => {
  test('what is over is committed, what ends soon is waited for, and nothing begins until the change is told', async () => {
    const { worker, runs, clock, committed } = groupScene()
    const first = await worker('first', { concurrency: 1 })
    await runs(['a', 'b', 'c', 'd', 'e', 'f'])
    const ready = first.rebalance(1_000)
    first.finish('a')
    await clock.settle()
    await ready
    expect(committed.get(0)).toBe(1)
    expect(first.begun).toEqual(['a'])
    first.assign([0])
    await clock.settle()
    expect(first.begun).toEqual(['a', 'b'])
  })

  test('what is not over within half of the time is not waited for', async () => {
    const { worker, runs, clock, committed } = groupScene()
    const first = await worker('first')
    await runs(['over', 'long'])
    first.finish('over')
    await clock.settle()
    const ready = first.rebalance(600)
    const asked = clock.now()
    await clock.advance(300)
    await ready
    expect([clock.now() - asked, committed.get(0), first.isAborted('long')]).toEqual([300, 1, false])
  })

  test('it goes on after five seconds when the change is not told, and commits what it does', async () => {
    const { worker, runs, clock, committed } = groupScene()
    const first = await worker('first')
    await runs(['a'], { task: 'quick' })
    await first.rebalance(1_000)
    await runs(['b'], { task: 'quick' })
    await clock.advance(4_999)
    expect(first.begun).toEqual(['a'])
    await clock.advance(1_001)
    expect(first.begun).toEqual(['a', 'b'])
    expect(committed.get(0)).toBe(2)
  })

  test('a third change is not cut short by the end of a first one that a second one overlapped', async () => {
    const { worker, runs, clock } = groupScene()
    const first = await worker('first')
    await runs(['long'])
    const one = first.rebalance(600)
    await clock.advance(100)
    const two = first.rebalance(600)
    await clock.advance(400)
    await Promise.all([one, two])
    await clock.advance(4_700)
    const three = first.rebalance(600)
    await clock.advance(400)
    await three
    await runs(['next'], { task: 'quick' })
    expect(first.begun).toEqual(['long'])
  })

  test('what comes meanwhile is read when the change is told, and not before', async () => {
    const { worker, runs, clock } = groupScene()
    const first = await worker('first')
    await first.rebalance(1_000)
    await runs(['next'])
    expect([first.begun, first.readTo(0)]).toEqual([[], 0])
    first.assign([0])
    await clock.settle()
    expect(first.begun).toEqual(['next'])
  })
})

describe('behind runs of hours', () => {
  const quick = (count: number, prefix = ''): string[] => Array.from({ length: count }, (_, at) => `${prefix}${at}`)

  test('what ended in several partitions is known again when one of them comes back', async () => {
    const { first, worker, runs, clock } = await shared()
    for (const partition of [1, 0]) {
      await runs([`long ${partition}`], {}, partition)
      await runs(quick(6_000, `${partition}-`), { task: 'quick' }, partition)
    }
    const second = await worker('second')
    await second.kill()
    await clock.settle()
    expect(first.begun).toHaveLength(12_002)
    expect(new Set(first.begun).size).toBe(12_002)
  })

  test('no more is taken of many partitions than is known again, also when some of them are gone and may come back', async () => {
    const { worker, runs } = groupScene({ partitions: 200 })
    const first = await worker('first')
    await runs(quick(600, 'before '), { task: 'quick' })
    expect(first.begun).toHaveLength(600)
    await runs(['long'])
    await runs(quick(600), { task: 'quick' })
    expect(first.begun).toHaveLength(600 + 500)
    await worker('second')
    expect(first.begun).toHaveLength(600 + 500)
  })
})

test('a partition whose position can not be read at first is taken when it can', async () => {
  const { first, worker, runs, clock } = await shared()
  const second = await worker('second')
  first.takeReads(false)
  await second.kill()
  await runs(['a'], {}, 1)
  await clock.advance(10_000)
  first.takeReads(true)
  await clock.advance(1_000)
  expect(first.begun).toEqual(['a'])
})

test('a partition that is made anew under its member is read from where it begins, and committed from there', async () => {
  const { worker, runs, cluster, clock, committed } = groupScene()
  const { begun } = await worker('w')
  await runs(['a', 'b'], { task: 'quick', epoch: 5 })
  await runs(['long'], { epoch: 5 })
  await clock.advance(1_000)
  cluster.truncate({ topic: TOPIC, partition: 0 }, 0)
  await runs(['d'], { task: 'quick' })
  await clock.advance(1_000)
  expect(begun).toEqual(['a', 'b', 'long', 'd'])
  expect(committed.get(0)).toBe(1)
})

describe('after a crash', () => {
  test('the next member goes on from what was committed, and says at once what it starts', async () => {
    const { worker, runs, typesOf, clock } = groupScene()
    const first = await worker('first')
    await runs(['a', 'b', 'c'])
    first.finish('a')
    await clock.advance(1_000)
    await first.kill()
    const second = await worker('second')
    expect(second.begun).toEqual(['b', 'c'])
    second.finish('b')
    second.finish('c')
    await clock.settle()
    expect(await typesOf('c')).toEqual(['started', 'started', 'succeeded'])
  })

  test('what ended and was not committed runs once more', async () => {
    const { worker, runs, clock } = groupScene()
    const first = await worker('first')
    await runs(['a', 'b'])
    first.finish('b')
    await clock.advance(1_000)
    await first.kill()
    expect((await worker('second')).begun).toEqual(['a', 'b'])
  })

  test('of a topic that was made anew, the next member begins where it begins', async () => {
    const { worker, runs, cluster, clock, committed } = groupScene()
    const first = await worker('first')
    await runs(['a', 'b', 'c'], { task: 'quick' })
    await clock.advance(1_000)
    await first.kill()
    cluster.truncate({ topic: TOPIC, partition: 0 }, 0)
    await runs(['d'], { task: 'quick' })
    const second = await worker('second')
    expect(second.begun).toEqual(['d'])
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(1)
  })
})

describe('a drain', () => {
  test('waits for what runs, commits and leaves; the next member has what waited', async () => {
    const { worker, runs, typesOf, clock, committed } = groupScene()
    const first = await worker('first', { concurrency: 1 })
    await runs(['long', 'waits'])
    let drained = false
    void first.node.drain(T0 + 60_000).then(() => (drained = true))
    await clock.advance(10_000)
    expect(drained).toBe(false)
    first.finish('long')
    await clock.settle()
    expect(drained).toBe(true)
    expect(committed.get(0)).toBe(1)
    const second = await worker('second')
    expect(second.begun).toEqual(['waits'])
    expect(first.begun).toEqual(['long'])
    expect(await typesOf('long')).toEqual(['started', 'succeeded'])
  })

  test('takes nothing more, not of a partition that comes to it either', async () => {
    const { first, worker, runs, clock } = await shared()
    const second = await worker('second')
    await runs(['long'], {}, 0)
    void first.node.drain(T0 + 60_000)
    await clock.settle()
    await second.kill()
    await runs(['later'], {}, 0)
    await runs(['other'], {}, 1)
    expect(first.begun).toEqual(['long'])
    expect([first.readTo(0), first.readTo(1)]).toEqual([1, 0])
  })

  test('gives up at its deadline: what runs is aborted and has no report, and the next member runs it', async () => {
    const { worker, runs, typesOf, clock } = groupScene()
    const first = await worker('first')
    await runs(['long'])
    const drained = first.node.drain(T0 + 5_000)
    await clock.advance(5_000)
    await drained
    expect(first.isAborted('long')).toBe(true)
    first.finish('long')
    expect((await worker('second')).begun).toEqual(['long'])
    expect(await typesOf('long')).toEqual(['started', 'started'])
  })

  test('that meets a change of the group leaves nothing behind to wait for', async () => {
    const { worker, runs, clock } = groupScene()
    const first = await worker('first')
    await runs(['long'])
    const drained = first.node.drain(clock.now() + 60_000)
    await clock.settle()
    const ready = first.rebalance(1_000)
    first.finish('long')
    await clock.settle()
    await Promise.all([ready, drained])
    expect(clock.nextTimerAt()).toBeNull()
  })

  test('ends although the group can not be told', async () => {
    const { worker, clock } = groupScene()
    const { node, kill } = await worker('w')
    await kill()
    await node.drain(clock.now())
    expect(node.names).toEqual([])
  })
})
