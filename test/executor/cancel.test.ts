// What a cancel does to an attempt: dropped where it waits, asked to stop where it runs.
import { expect, test } from 'vitest'
import { executorScene, held, type Held, type Scene } from './executor-scene.ts'

function sceneOf(concurrency = 10): Scene & { readonly greet: Held } {
  const scene = executorScene({ concurrency })
  const greet = held()
  scene.tasks.add('greet', greet.handler)
  return { ...scene, greet }
}

test('an attempt that waits for a slot is dropped without a report when its run is over', async () => {
  const { dispatch, pool, greet, typesOf, clock } = sceneOf(1)
  dispatch('a')
  dispatch('b')
  dispatch('c')
  pool.cancel('b', 1, null)
  greet.resolve()
  await clock.settle()
  greet.resolve()
  await clock.settle()
  expect([typesOf('a'), typesOf('b'), typesOf('c')]).toEqual([['succeeded'], [], ['succeeded']])
  expect(greet.calls()).toBe(2)
})

test('an attempt that waits here but may have begun elsewhere is reported cancelled when its end is asked for', async () => {
  const { dispatch, pool, greet, reported } = sceneOf(1)
  dispatch('a')
  dispatch('b', { again: true })
  pool.cancel('b', 1, 'not needed any more')
  expect(await reported('b', 'cancelled')).toMatchObject({ error: { message: 'not needed any more' } })
  expect(greet.calls()).toBe(1)
})

test('a running handler sees its signal aborted, and its run is cancelled when it rejects', async () => {
  const { dispatch, pool, greet, reported, typesOf } = sceneOf()
  dispatch('a')
  pool.cancel('a', 1, 'not needed any more')
  expect(greet.signal()?.reason).toMatchObject({ name: 'AbortError', message: 'not needed any more' })
  expect(typesOf('a')).toEqual([])
  greet.reject(new Error('stopped halfway'))
  expect(await reported('a', 'cancelled')).toMatchObject({ error: { name: 'Error', message: 'not needed any more' } })
  expect(typesOf('a')).toEqual(['cancelled'])
})

test('a handler that resolves although it was asked to stop has succeeded', async () => {
  const { dispatch, pool, greet, reported } = sceneOf()
  dispatch('a')
  pool.cancel('a', 1, 'stop')
  greet.resolve('it was too late')
  expect(await reported('a', 'succeeded')).toMatchObject({ result: 'it was too late' })
})

test('an attempt that is cancelled twice is cancelled once, for the first reason', async () => {
  const { dispatch, pool, greet, reported, typesOf } = sceneOf()
  dispatch('a')
  pool.cancel('a', 1, 'first')
  pool.cancel('a', 1, 'second')
  greet.reject(new Error('stopped'))
  expect(await reported('a', 'cancelled')).toMatchObject({ error: { message: 'first' } })
  expect(typesOf('a')).toEqual(['cancelled'])
})

test('a cancel of another attempt of the run changes nothing', async () => {
  const { dispatch, pool, greet } = sceneOf()
  dispatch('a', { attempt: 2 })
  pool.cancel('a', 1, 'too old')
  expect(greet.signal()?.aborted).toBe(false)
})

test('a cancelled handler that never stops keeps its slot until the time-out', async () => {
  const { dispatch, pool, greet, typesOf, clock } = sceneOf(1)
  dispatch('a', { timeoutMs: 5_000 })
  dispatch('b')
  pool.cancel('a', 1, 'not needed any more')
  await clock.advance(4_999)
  expect(greet.calls()).toBe(1)
  await clock.advance(1)
  expect(typesOf('a')).toEqual(['started', 'timed-out'])
  expect(greet.calls()).toBe(2)
})
