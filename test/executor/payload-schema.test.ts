// Payloads that a task's schema refuses never reach its handler.
import { expect, test } from 'vitest'
import type { SchemaResult, StandardSchema } from '../../src/executor/standard-schema.ts'
import { executorScene, json, type Scene } from './executor-scene.ts'

function schemaOf(validate: (value: unknown) => SchemaResult | Promise<SchemaResult>): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

/** A task that returns its payload. */
function sceneWith(schema: StandardSchema): Scene & { readonly calls: () => number } {
  const scene = executorScene()
  let calls = 0
  const handler = (_context: unknown, payload: unknown): unknown => {
    calls += 1
    return payload
  }
  scene.tasks.add('greet', handler, { schema })
  return { ...scene, calls: () => calls }
}

test('the handler gets the value that the schema makes of the payload', async () => {
  const { dispatch, reported } = sceneWith(schemaOf((value) => ({ value: { ...Object(value), greeting: 'hello' } })))
  dispatch('a', { payload: json({ name: 'world' }) })
  expect(await reported('a', 'succeeded')).toMatchObject({ result: { name: 'world', greeting: 'hello' } })
})

test('a schema may take its time', async () => {
  const { dispatch, reported } = sceneWith(schemaOf(async (value) => ({ value: [value] })))
  dispatch('a', { payload: json(1) })
  expect(await reported('a', 'succeeded')).toMatchObject({ result: [1] })
})

test('a payload that is refused fails the run for good, with the first issues and their paths', async () => {
  const issues = [
    { message: 'Expected string', path: ['address', { key: 'zip' }] },
    { message: 'Expected number', path: ['ages', 3] },
    { message: 'Unexpected', path: [] },
    { message: 'Odd' },
    { message: 'Fifth' },
    { message: 'Sixth' },
    { message: 'Seventh' },
  ]
  const { dispatch, reported, calls } = sceneWith(schemaOf(() => ({ issues })))
  dispatch('a', { payload: json({}) })
  expect(await reported('a', 'failed')).toMatchObject({
    error: {
      name: 'PayloadError',
      retryable: false,
      message:
        'refused by the schema of task greet: payload.address.zip: Expected string; payload.ages.3: Expected number; ' +
        'payload: Unexpected; payload: Odd; payload: Fifth; and 2 more',
    },
  })
  expect(calls()).toBe(0)
})

test('a schema that throws fails the attempt, which may be tried again', async () => {
  const { dispatch, reported, calls } = sceneWith(
    schemaOf(() => {
      throw new Error('no connection')
    }),
  )
  dispatch('a', { payload: json({}) })
  const error = { message: 'the schema of task greet failed: no connection', retryable: true }
  expect(await reported('a', 'failed')).toMatchObject({ error })
  expect(calls()).toBe(0)
})

test('the handler is not called when the run was cancelled or timed out while the schema was at work', async () => {
  let accept = (_result: SchemaResult): void => {}
  const { dispatch, pool, clock, typesOf, calls } = sceneWith(
    schemaOf(() => new Promise<SchemaResult>((resolve) => (accept = resolve))),
  )
  dispatch('a')
  pool.cancel('a', 1, 'not needed any more')
  accept({ value: null })
  await clock.settle()
  dispatch('b', { timeoutMs: 500 })
  await clock.advance(500)
  accept({ value: null })
  await clock.settle()
  expect([typesOf('a'), typesOf('b')]).toEqual([['cancelled'], ['timed-out']])
  expect(calls()).toBe(0)
})
