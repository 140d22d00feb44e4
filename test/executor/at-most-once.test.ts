// An at-most-once attempt is claimed first, and its handler is called only where the claim was granted (protocol §5).
import { describe, expect, test } from 'vitest'
import type { RunRequest } from '../../src/ports/dispatcher.ts'
import { T0 } from '../support/moments.ts'
import { ANOTHER_PROCESS, executorScene, held, type Held, PROCESS, type Scene } from './executor-scene.ts'

const ONCE: Partial<RunRequest> = { delivery: 'at-most-once' }

function sceneOf(concurrency = 10): Scene & { readonly greet: Held } {
  const scene = executorScene({ concurrency })
  const greet = held()
  scene.tasks.add('greet', greet.handler)
  return { ...scene, greet }
}

describe('a claim', () => {
  test('is the first report, and the handler is not called for it', async () => {
    const { dispatch, reports, greet, clock } = sceneOf()
    dispatch('a', ONCE)
    await clock.advance(60_000)
    expect(reports).toMatchObject([{ type: 'started', runId: 'a', attempt: 1, executor: PROCESS, startedAt: T0 }])
    expect(greet.calls()).toBe(0)
  })

  test('that is granted to this process lets the handler begin, and is not reported a second time', async () => {
    const { dispatch, pool, reported, typesOf, greet, clock } = sceneOf()
    dispatch('a', ONCE)
    await clock.advance(3_000)
    pool.grant('a', 1, PROCESS)
    expect(greet.calls()).toBe(1)
    await clock.advance(5_000)
    greet.resolve('done')
    expect(await reported('a', 'succeeded')).toMatchObject({ result: 'done', startedAt: T0 + 3_000 })
    expect(typesOf('a')).toEqual(['started', 'succeeded'])
  })

  test('that is granted to another process ends the attempt here, and frees its slot', async () => {
    const { dispatch, pool, reported, typesOf, greet } = sceneOf(1)
    dispatch('a', ONCE)
    dispatch('b')
    pool.grant('a', 1, ANOTHER_PROCESS)
    expect(greet.calls()).toBe(1)
    greet.resolve()
    await reported('b', 'succeeded')
    expect(typesOf('a')).toEqual(['started'])
  })

  test('that is refused ends the attempt here, and frees its slot', async () => {
    const { dispatch, pool, reported, typesOf, greet } = sceneOf(1)
    dispatch('a', ONCE)
    dispatch('b')
    pool.refuse('a', 1, PROCESS)
    greet.resolve()
    await reported('b', 'succeeded')
    expect(typesOf('a')).toEqual(['started'])
  })

  test('of another process may be refused without harm to the one made here', () => {
    const { dispatch, pool, greet } = sceneOf()
    dispatch('a', ONCE)
    pool.refuse('a', 1, ANOTHER_PROCESS)
    pool.grant('a', 1, PROCESS)
    expect(greet.calls()).toBe(1)
  })

  test('that was granted is not undone by the refusal of its copy', async () => {
    const { dispatch, pool, reported, greet } = sceneOf()
    dispatch('a', ONCE)
    pool.grant('a', 1, PROCESS)
    pool.refuse('a', 1, PROCESS)
    pool.grant('a', 1, ANOTHER_PROCESS)
    expect(greet.signal()?.aborted).toBe(false)
    greet.resolve()
    await reported('a', 'succeeded')
    expect(greet.calls()).toBe(1)
  })

  test('holds a slot while it waits for its grant', () => {
    const { dispatch, pool, typesOf, greet } = sceneOf(2)
    for (const runId of ['a', 'b', 'c']) dispatch(runId, ONCE)
    expect([typesOf('a'), typesOf('b'), typesOf('c')]).toEqual([['started'], ['started'], []])
    pool.grant('a', 1, PROCESS)
    expect(typesOf('c')).toEqual([])
    greet.resolve()
    pool.refuse('b', 1, PROCESS)
    expect(typesOf('c')).toEqual(['started'])
  })

  test('is dropped by a cancel, without a report', async () => {
    const { dispatch, pool, reported, typesOf, greet } = sceneOf(1)
    dispatch('a', ONCE)
    dispatch('b')
    pool.cancel('a', 1, 'not needed any more')
    pool.grant('a', 1, PROCESS)
    greet.resolve()
    await reported('b', 'succeeded')
    expect(typesOf('a')).toEqual(['started'])
    expect(greet.calls()).toBe(1)
  })

  test('is not made for a run that is missed, that no task is for, or whose payload can not be read', async () => {
    const { dispatch, typesOf, clock } = sceneOf()
    dispatch('late', { ...ONCE, startBefore: T0 - 1 })
    dispatch('unknown', { ...ONCE, task: 'nobody has it' })
    dispatch('garbled', { ...ONCE, payload: Uint8Array.of(1, 2, 3) })
    await clock.settle()
    expect(typesOf('garbled')).toEqual(['failed'])
    expect(typesOf('late')).toEqual(['missed'])
    expect(typesOf('unknown')).toEqual(['unknown-task'])
  })

  test('of a copy is not sent while the first waits for its answer', () => {
    const { dispatch, typesOf } = sceneOf()
    dispatch('a', ONCE)
    dispatch('a', ONCE)
    expect(typesOf('a')).toEqual(['started'])
  })
})

describe('a claim that nobody took', () => {
  test('gives its slot back, and is made again when the attempt is handed over again', async () => {
    const { dispatch, pool, takeReports, typesOf, greet, clock } = sceneOf(1)
    takeReports(false)
    dispatch('a', ONCE)
    await clock.settle()
    takeReports(true)
    dispatch('b')
    greet.resolve()
    await clock.settle()
    expect(typesOf('b')).toEqual(['succeeded'])
    dispatch('a', ONCE)
    await clock.settle()
    expect(typesOf('a')).toEqual(['started', 'started'])
    pool.grant('a', 1, PROCESS)
    expect(greet.calls()).toBe(2)
  })

  test('may have been durable all the same: a grant lets the attempt begin, before what waits', async () => {
    const { dispatch, pool, takeReports, typesOf, greet, clock } = sceneOf(1)
    takeReports(false)
    dispatch('a', ONCE)
    await clock.settle()
    takeReports(true)
    dispatch('b')
    dispatch('c')
    pool.grant('a', 1, PROCESS)
    expect(greet.calls()).toBe(1)
    greet.resolve()
    await clock.settle()
    greet.resolve()
    await clock.settle()
    expect(typesOf('a')).toEqual(['started', 'succeeded'])
    expect(typesOf('c')).toEqual([])
  })

  test('and is granted later is reported cancelled when its end is asked for before it has a slot', async () => {
    const { dispatch, pool, takeReports, typesOf, greet, clock } = sceneOf(1)
    takeReports(false)
    dispatch('a', ONCE)
    await clock.settle()
    takeReports(true)
    dispatch('b')
    pool.grant('a', 1, PROCESS)
    pool.cancel('a', 1, 'not needed any more')
    await clock.settle()
    expect(typesOf('a')).toEqual(['started', 'cancelled'])
    expect(greet.calls()).toBe(1)
  })

  test('and is granted later lets the attempt begin although its start deadline has passed', async () => {
    const { dispatch, pool, takeReports, typesOf, greet, clock } = sceneOf(1)
    takeReports(false)
    dispatch('a', { ...ONCE, startBefore: T0 + 1_000 })
    await clock.settle()
    takeReports(true)
    await clock.advance(5_000)
    pool.grant('a', 1, PROCESS)
    greet.resolve()
    await clock.settle()
    expect(typesOf('a')).toEqual(['started', 'succeeded'])
  })

  test('is forgotten when the run is over', async () => {
    const { dispatch, pool, takeReports, typesOf, greet, clock } = sceneOf()
    takeReports(false)
    dispatch('a', ONCE)
    await clock.settle()
    pool.cancel('a', 1, null)
    pool.grant('a', 1, PROCESS)
    await clock.settle()
    expect(typesOf('a')).toEqual(['started'])
    expect(greet.calls()).toBe(0)
  })
})

test('the time-out of a claimed attempt counts from its grant', async () => {
  const { dispatch, pool, typesOf, clock } = sceneOf()
  dispatch('a', { ...ONCE, timeoutMs: 10_000 })
  await clock.advance(9_000)
  pool.grant('a', 1, PROCESS)
  await clock.advance(9_999)
  expect(typesOf('a')).toEqual(['started'])
  await clock.advance(1)
  expect(typesOf('a')).toEqual(['started', 'timed-out'])
})

test('a drain waits for the answer to a claim, and for the run when it is granted', async () => {
  const { dispatch, pool, typesOf, greet, clock } = sceneOf()
  dispatch('a', ONCE)
  const drained = pool.drainAll(clock.now() + 60_000)
  pool.grant('a', 1, PROCESS)
  greet.resolve()
  await drained
  expect(typesOf('a')).toEqual(['started', 'succeeded'])
})
