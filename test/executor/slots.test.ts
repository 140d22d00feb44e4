/** How many attempts run at a time, in which order, and how a node lets go of them. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { at, T0 } from '../support/moments.ts'
import { World } from '../support/world.ts'

/** Handlers that wait until they are let go, and how many did so at a time. */
function gate() {
  const open: { readonly jobId: string; readonly finish: (value: unknown) => void }[] = []
  let most = 0
  let running = 0
  return {
    handler: async ({ run }: { readonly run: { readonly jobId: string } }) => {
      running += 1
      most = Math.max(most, running)
      const result = await new Promise((finish) => open.push({ jobId: run.jobId, finish }))
      running -= 1
      return result
    },
    /** Lets the longest one go. */
    release: (value: unknown = null) => open.shift()?.finish(value),
    /** Jobs whose handler waits. */
    get waiting(): readonly string[] {
      return open.map(({ jobId }) => jobId)
    },
    get most(): number {
      return most
    },
  }
}

describe('an executor', () => {
  test('runs as many attempts at a time as its concurrency says, first come first served', async () => {
    const world = new World()
    const work = gate()
    const a = await world.node('a', { concurrency: 3, tasks: { work: work.handler } })
    const ids = ['j0', 'j1', 'j2', 'j3', 'j4', 'j5', 'j6']
    for (const id of ids) await a.client.addJob({ id, task: 'work' })
    await world.quiet()
    expect(work.waiting).toEqual(['j0', 'j1', 'j2'])
    work.release()
    await world.quiet()
    expect(work.waiting).toEqual(['j1', 'j2', 'j3'])
    for (let left = 0; left < 6; left += 1) {
      work.release()
      await world.quiet()
    }
    expect(a.all('RunSucceeded').map((event) => event.jobId)).toEqual(ids)
    expect(work.most).toBe(3)
    await world.check(a)
  })

  test('with one slot runs one after another', async () => {
    const world = new World()
    const work = gate()
    const a = await world.node('a', { concurrency: 1, tasks: { work: work.handler } })
    for (const id of ['x', 'y']) await a.client.addJob({ id, task: 'work' })
    await world.quiet()
    expect(work.waiting).toEqual(['x'])
    work.release()
    await world.quiet()
    expect(work.waiting).toEqual(['y'])
  })

  test('misses what waited for a slot longer than its grace allows', async () => {
    const world = new World()
    const work = gate()
    const a = await world.node('a', { concurrency: 1, tasks: { work: work.handler } })
    await a.client.addJob({ id: 'long', task: 'work' })
    await a.client.addJob({ id: 'late', task: 'work', misfireGrace: '5s' })
    await world.advance(6_000)
    work.release()
    expect(await a.until('RunMissed')).toMatchObject({ jobId: 'late', attempt: 1 })
    expect(work.waiting).toEqual([])
    await world.check(a)
  })

  test('gets through thousands of attempts that end at once, whatever waited before', async () => {
    const world = new World()
    const work = gate()
    const a = await world.node('a', { concurrency: 1, tasks: { work: work.handler } })
    await a.client.addJob({ id: 'long', task: 'work' })
    const ids = Array.from({ length: 2_000 }, (_, i) => `job-${i}`)
    await Promise.all(
      ids.map((id) =>
        a.client.addJob({ id, task: 'work', payload: new Uint8Array([1]), contentType: 'application/json' }),
      ),
    )
    work.release()
    await world.quiet()
    expect(a.all('RunFailed')).toHaveLength(2_000)
    await world.check(a)
  })
})

describe('a shutdown', () => {
  test('waits for what runs, and nothing new begins', async () => {
    const world = new World()
    const work = gate()
    const a = await world.node('a', { concurrency: 1, tasks: { work: work.handler } })
    const b = await world.node('b', { started: false })
    for (const id of ['first', 'second']) await a.client.addJob({ id, task: 'work' })
    await world.advance(2_000)
    const shutting = a.local.shutdown(world.clock.now() + 60_000)
    await world.advance(10_000)
    work.release('done')
    await world.pass(shutting)
    expect(a.all('RunSucceeded').map((event) => event.jobId)).toEqual(['first'])
    expect(work.waiting).toEqual([])
    await world.quiet()
    await world.check(b)
  })

  test('ends at once when nothing runs', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.local.shutdown(world.clock.now() + 60_000)
    expect(world.clock.now()).toBe(T0)
  })

  test('gives up at its deadline: the run is handed over again under the same attempt', async () => {
    const world = new World()
    const signals: AbortSignal[] = []
    const a = await world.node('a', {
      tasks: {
        work: ({ signal }) => {
          signals.push(signal)
          return new Promise(() => {})
        },
      },
    })
    await a.client.addJob({ id: 'job', task: 'work' })
    await world.advance(2_000)
    const { runId } = await a.until('RunStarted')
    await a.shutdown(5_000)
    expect(world.clock.now()).toBe(at(7))
    expect(signals.map((signal) => signal.aborted)).toEqual([true])

    const again = await world.node('again', { tasks: { work: ({ run }) => `attempt ${run.attempt}` } })
    await world.quiet()
    expect(again.all('RunStarted')).toMatchObject([{ runId, attempt: 1 }])
    expect(again.all('RunSucceeded')).toMatchObject([{ runId, attempt: 1, result: 'attempt 1' }])
    await world.check(again)
  })

  test('leaves commands to nobody: they are told that it is closed', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.shutdown()
    await expect(a.client.addJob({ id: 'job', task: 'work' })).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('after a kill', () => {
  test('the next owner hands every open run over again, and what waited for a retry waits on', async () => {
    const world = new World()
    const a = await world.node('a', {
      tasks: {
        hang: () => new Promise(() => {}),
        fail: () => {
          throw new Error('no')
        },
      },
    })
    await a.client.addJob({ id: 'hanging', task: 'hang' })
    await a.client.addJob({ id: 'failing', task: 'fail', retry: { maxAttempts: 2, initial: '60s', jitter: 0 } })
    await a.client.addJob({ id: 'ticking', task: 'hang', trigger: interval('10s') })
    await world.advance(12_000)
    a.drop()
    const done: string[] = []
    const note = ({ run }: { readonly run: { readonly jobId: string; readonly attempt: number } }) =>
      void done.push(`${run.jobId} ${run.attempt}`)
    const b = await world.node('b', { tasks: { hang: note, fail: note } })
    await world.quiet()
    expect(done.toSorted()).toEqual(['hanging 1', 'ticking 1'])
    expect(
      b
        .all('RunStarted')
        .map((event) => event.jobId)
        .toSorted(),
    ).toEqual(['hanging', 'ticking'])
    await world.advance(48_000)
    expect(done).toContain('failing 2')
    await world.check(b)
  })

  test('a run whose process died with it three times is lost', async () => {
    const world = new World()
    const hang = { hang: () => new Promise(() => {}) }
    let node = await world.node('n1', { tasks: hang })
    await node.client.addJob({ id: 'job', task: 'hang' })
    for (const name of ['n2', 'n3']) {
      await world.advance(2_000)
      node.drop()
      node = await world.node(name, { tasks: hang })
    }
    expect(await world.pass(node.until('RunLost'))).toMatchObject({ jobId: 'job', attempt: 1 })
    await world.check(node)
  })

  test('a run that was decided but never begun is run once', async () => {
    const world = new World()
    const a = await world.node('a', { started: false })
    await a.client.addJob({ id: 'job', task: 'work', trigger: interval('1h') })
    await a.client.runJob('job')
    await world.advance(1_000)
    a.drop()
    const done: string[] = []
    const b = await world.node('b', { tasks: { work: ({ run }) => void done.push(run.runId) } })
    await world.quiet()
    expect(done).toEqual(b.all('RunSucceeded').map((event) => event.runId))
    expect(done).toHaveLength(1)
    await world.check(b)
  })
})

test('a final report that nobody took is sent again when its run is handed over again', async () => {
  const world = new World()
  const work = gate()
  const a = await world.node('a', { tasks: { work: work.handler } })
  const b = await world.node('b', { tasks: { work: () => new Promise(() => {}) } })
  await a.client.addJob({ id: 'job', task: 'work' })
  await world.advance(2_000)
  world.cluster.assign(0, 'b', { tellLoser: true })
  await world.quiet()
  work.release('from a')
  await world.quiet()
  expect(b.all('RunSucceeded')).toEqual([])
  world.cluster.assign(0, 'a', { tellLoser: true })
  await world.quiet()
  expect(b.all('RunSucceeded')).toMatchObject([{ jobId: 'job', attempt: 1, result: 'from a' }])
  expect(work.most, 'it was not run again').toBe(1)
  await world.check(a, b)
})
