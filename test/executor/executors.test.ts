// Several named executors in one process, added and removed while it runs.
import { expect, test } from 'vitest'
import { executorScene, held, type Held, type Scene } from './executor-scene.ts'

function sceneOf(): Scene & { readonly greet: Held } {
  const scene = executorScene({ concurrency: 1 })
  const greet = held()
  scene.tasks.add('greet', greet.handler)
  return { ...scene, greet }
}

test('a run goes to the executor that it names, and each has its own concurrency', () => {
  const { pool, dispatch, greet } = sceneOf()
  pool.add('reports', { concurrency: 2 })
  expect(pool.names).toEqual(['default', 'reports'])
  for (const runId of ['a', 'b']) dispatch(runId)
  expect(greet.calls()).toBe(1)
  for (const runId of ['c', 'd', 'e']) dispatch(runId, { executor: 'reports' })
  expect(greet.calls()).toBe(3)
})

test('a run for an executor that is not here is left alone until it is handed over again', async () => {
  const { pool, dispatch, greet, typesOf, clock } = sceneOf()
  dispatch('a', { executor: 'reports' })
  await clock.settle()
  expect(typesOf('a')).toEqual([])
  expect(pool.has('reports')).toBe(false)
  pool.add('reports', { concurrency: 1 })
  dispatch('a', { executor: 'reports' })
  greet.resolve()
  await clock.settle()
  expect(typesOf('a')).toEqual(['succeeded'])
})

test('a name that is taken and a concurrency out of bounds are refused', () => {
  const { pool } = sceneOf()
  const refused = (message: string): unknown => expect.objectContaining({ code: 'invalid-option', message })
  expect(() => pool.add('default', { concurrency: 1 })).toThrow(refused('executor default: it is there already'))
  expect(() => pool.add('', { concurrency: 1 })).toThrow(refused('executor: expected a non-empty name'))
  for (const concurrency of [0, 1.5, 10_001]) {
    const message = `executor reports, concurrency: expected a whole number from 1 to 10000, got ${concurrency}`
    expect(() => pool.add('reports', { concurrency })).toThrow(refused(message))
  }
})

test('an executor that is not here can not be removed', async () => {
  const { pool, clock } = sceneOf()
  const refused = { code: 'invalid-option', message: 'executor reports: there is none' }
  await expect(pool.remove('reports', clock.now())).rejects.toMatchObject(refused)
})

test('a removed executor takes nothing more and lets what runs finish; its name is free after that', async () => {
  const { pool, dispatch, greet, typesOf, clock } = sceneOf()
  dispatch('a')
  dispatch('waits for a slot')
  let removed = false
  const removal = pool.remove('default', clock.now() + 60_000).then(() => (removed = true))
  dispatch('too late')
  await clock.settle()
  expect(pool.has('default')).toBe(false)
  expect(() => pool.add('default', { concurrency: 1 })).toThrow('it is still being removed')
  expect(removed).toBe(false)
  greet.resolve()
  await removal
  expect(typesOf('a')).toEqual(['succeeded'])
  expect(greet.calls()).toBe(1)
  pool.add('default', { concurrency: 1 })
  dispatch('too late')
  expect(greet.calls()).toBe(2)
})

test('a removed executor still hears a cancel', async () => {
  const { pool, dispatch, greet, typesOf, clock } = sceneOf()
  dispatch('a')
  const removal = pool.remove('default', clock.now() + 60_000)
  pool.cancel('a', 1, 'not needed any more')
  greet.reject(new Error('stopped'))
  await removal
  expect(typesOf('a')).toEqual(['cancelled'])
})

test('what is not over at the deadline is abandoned: its signal is aborted, and nothing is reported', async () => {
  const { pool, dispatch, greet, typesOf, clock } = sceneOf()
  dispatch('a')
  const removal = pool.remove('default', clock.now() + 10_000)
  await clock.advance(9_999)
  expect(greet.signal()?.aborted).toBe(false)
  await clock.advance(1)
  await removal
  expect(greet.signal()?.aborted).toBe(true)
  greet.resolve()
  await clock.settle()
  expect(typesOf('a')).toEqual(['started'])
})

test('an attempt that ended in a removed executor is known to the one that takes its name', async () => {
  const { pool, dispatch, greet, typesOf, clock } = sceneOf()
  dispatch('a')
  greet.resolve()
  await pool.remove('default', clock.now() + 60_000)
  pool.add('default', { concurrency: 1 })
  dispatch('a')
  await clock.settle()
  expect(typesOf('a')).toEqual(['succeeded'])
  expect(greet.calls()).toBe(1)
})

test('a final report that nobody took is sent again when its attempt is handed over again, by any executor', async () => {
  const { pool, dispatch, greet, takeReports, typesOf, clock } = sceneOf()
  takeReports(false)
  dispatch('a')
  greet.resolve()
  await pool.remove('default', clock.now() + 60_000)
  takeReports(true)
  pool.add('default', { concurrency: 1 })
  dispatch('a')
  await clock.settle()
  dispatch('a')
  await clock.settle()
  expect(typesOf('a')).toEqual(['succeeded', 'succeeded'])
  expect(greet.calls()).toBe(1)
})

test('a shutdown drains all executors, those that are being removed too, until one deadline', async () => {
  const { pool, dispatch, typesOf, clock } = sceneOf()
  pool.add('reports', { concurrency: 1 })
  dispatch('a')
  dispatch('b', { executor: 'reports' })
  const removal = pool.remove('reports', clock.now() + 3_600_000)
  const drained = pool.drainAll(clock.now() + 10_000)
  expect(pool.names).toEqual([])
  await clock.advance(10_000)
  await Promise.all([drained, removal])
  expect([typesOf('a'), typesOf('b')]).toEqual([['started'], ['started']])
})

test('thousands of runs that are over at once are worked off one after another', async () => {
  const { dispatch, greet, reports, clock } = sceneOf()
  dispatch('first')
  for (let n = 0; n < 20_000; n++) dispatch(`late ${n}`, { startBefore: clock.now() - 1 })
  greet.resolve()
  await clock.settle()
  expect(reports.filter(({ type }) => type === 'missed')).toHaveLength(20_000)
})
