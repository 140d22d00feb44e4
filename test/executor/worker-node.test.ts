// The executors of one worker process: added and removed while it runs.
import { expect, test } from 'vitest'
import { groupScene } from './group-scene.ts'

test('a second executor takes the runs of its own topic', async () => {
  const { worker, log, runs, clock } = groupScene()
  const { node, begun } = await worker('w')
  await node.add('reports', { concurrency: 1 })
  expect(node.names).toEqual(['default', 'reports'])
  await runs(['a'], { task: 'quick' })
  const { records } = await log.read({ topic: 'runs.default', partition: 0 }, 0, 1)
  await log.append({ topic: 'runs.reports', partition: 0 }, [{ ...records[0]!, key: 'hello' }])
  await clock.settle()
  // A copy, for one process runs an attempt once, whichever executor it comes by.
  expect(begun).toEqual(['a'])
  await runs(['b'], { task: 'quick' })
  expect(begun).toEqual(['a', 'b'])
})

test('a removed executor finishes what it runs, and its name is free after that', async () => {
  const { worker, runs, clock } = groupScene()
  const { node, begun, finish } = await worker('w')
  await runs(['a'])
  const removed = node.remove('default', clock.now() + 60_000)
  expect(node.names).toEqual([])
  await expect(node.add('default', { concurrency: 1 })).rejects.toMatchObject({
    code: 'invalid-option',
    message: 'executor default: it is still being removed',
  })
  finish('a')
  await removed
  await node.add('default', { concurrency: 1 })
  await runs(['b'])
  expect(begun).toEqual(['a', 'b'])
})

test('names that no topic or group can have, and a concurrency out of bounds, are refused', async () => {
  const { worker } = groupScene()
  const { node } = await worker('w')
  for (const name of ['', 'with space', 'owners', 'x'.repeat(151)]) {
    await expect(node.add(name, { concurrency: 1 })).rejects.toMatchObject({ code: 'invalid-option' })
  }
  await expect(node.add('reports', { concurrency: 0 })).rejects.toMatchObject({ code: 'invalid-option' })
  await expect(node.add('default', { concurrency: 1 })).rejects.toMatchObject({
    message: 'executor default: it is there already',
  })
  await expect(node.remove('reports', 0)).rejects.toMatchObject({ message: 'executor reports: there is none' })
})

test('an executor that could not join is not there, and may be added again', async () => {
  const { worker } = groupScene()
  const { node, kill } = await worker('w')
  await kill()
  for (let tries = 0; tries < 2; tries++) {
    await expect(node.add('reports', { concurrency: 1 })).rejects.toMatchObject({ name: 'LogError', code: 'closed' })
    expect(node.names).toEqual(['default'])
  }
})

test('an executor that is drained before control was read does not join', async () => {
  const { worker, runs, clock } = groupScene()
  const { node } = await worker('w', { hasExecutor: false, controlAfter: new Promise(() => {}) })
  const added = node.add('default', { concurrency: 1 })
  await clock.advance(10_000)
  await node.drain(clock.now())
  await expect(added).rejects.toMatchObject({ code: 'closed' })
  const second = await worker('second')
  await runs(['a'])
  expect(second.begun).toEqual(['a'])
})

test('an executor that could not be added while the log was away can be added when it is back', async () => {
  const { worker, runs } = groupScene()
  const { node, begun, takeReads } = await worker('w', { hasExecutor: false })
  takeReads(false)
  await expect(node.add('default', { concurrency: 1 })).rejects.toMatchObject({ code: 'unavailable' })
  takeReads(true)
  await node.add('default', { concurrency: 1 })
  await runs(['a'])
  expect(begun).toEqual(['a'])
})

test('a drain has an executor that is being removed done by its own deadline, if that is earlier', async () => {
  const { worker, runs, clock } = groupScene()
  const { node, isAborted } = await worker('w')
  await runs(['a'])
  void node.remove('default', clock.now() + 60_000)
  const drained = node.drain(clock.now() + 10_000)
  await clock.advance(9_999)
  expect(isAborted('a')).toBe(false)
  await clock.advance(1)
  await drained
  expect(isAborted('a')).toBe(true)
})

test('a drain waits for the executor that is being removed, and nothing can be added after it', async () => {
  const { worker, runs, clock } = groupScene()
  const { node, finish } = await worker('w')
  await runs(['a'])
  void node.remove('default', clock.now() + 60_000)
  let drained = false
  const drain = node.drain(clock.now() + 60_000).then(() => (drained = true))
  await clock.settle()
  expect(drained).toBe(false)
  finish('a')
  await drain
  await expect(node.add('reports', { concurrency: 1 })).rejects.toMatchObject({ code: 'closed' })
})
