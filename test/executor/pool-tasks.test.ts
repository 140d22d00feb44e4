// Tasks that run in real worker threads and child processes. The clock is virtual: time passes when a test says so.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Report } from '../../src/core/reports.ts'
import type { RunIn } from '../../src/executor/task-registry.ts'
import { executorScene, json, type Scene } from './executor-scene.ts'

const MODULE = new URL('./worker-tasks.ts', import.meta.url)
const EXPORTS = [
  ...['fibonacci', 'describe', 'log', 'chatter', 'endless', 'obedient', 'tidy', 'refuse', 'unwritable'],
  ...['exit', 'exitWithResult', 'crash', 'exitLater', 'signalled', 'greeting', 'notFunction', 'notThere'],
]
/** Heartbeats of handlers are reported. */
const BEATS = { heartbeatTimeoutMs: 60_000 }
const GRACE_MS = 1_000

function sceneOf(runIn: RunIn, options: Parameters<typeof executorScene>[0] = {}): Scene {
  const scene = executorScene(options)
  for (const name of EXPORTS) scene.tasks.add(name, { module: MODULE, export: name }, { runIn })
  return scene
}

const kinds: [runIn: RunIn, name: string][] = [
  ['worker', 'worker thread'],
  ['process', 'child process'],
]

describe.each(kinds)('in a %s', (runIn, name) => {
  let scene: Scene
  let count = 0
  beforeEach(() => {
    count = 0
  })
  /** Dispatches a run of the task, and waits for the report that ends it so. */
  const run = (task: string, type: Report['type'], over: Parameters<Scene['dispatch']>[1] = {}): Promise<Report> => {
    count += 1
    const runId = `${task} ${count}`
    scene.dispatch(runId, { task, ...over })
    return scene.reported(runId, type)
  }

  test('a handler gets payload and run, and its result and errors come back whole', async () => {
    scene = sceneOf(runIn)
    scene.tasks.add('dates', { module: MODULE, export: 'describe' }, { runIn, schema: dates })
    expect(await run('fibonacci', 'succeeded', { payload: json(10) })).toMatchObject({ result: 55 })
    expect(await run('describe', 'succeeded', { payload: json({ a: [1] }), attempt: 2 })).toMatchObject({
      result: {
        type: 'object',
        payload: { a: [1] },
        attempt: 2,
        jobId: 'hello',
        scheduledAt: '2027-01-01T09:00:00.000Z',
      },
    })
    const bytes = { payload: Uint8Array.of(1, 2), contentType: 'application/octet-stream' }
    expect(await run('describe', 'succeeded', bytes)).toMatchObject({ result: { type: 'bytes', payload: '1,2' } })
    const day = { payload: json('2027-01-01') }
    expect(await run('dates', 'succeeded', day)).toMatchObject({ result: { type: 'date' } })
    expect(await run('refuse', 'failed')).toMatchObject({
      error: {
        name: 'RangeError',
        message: 'no such size',
        retryable: false,
        stack: expect.stringContaining('refuse'),
      },
    })
    expect(await run('unwritable', 'failed')).toMatchObject({ error: { name: 'ResultError', retryable: false } })
  })

  test('log lines and heartbeats reach this process before the result', async () => {
    scene = sceneOf(runIn)
    await run('log', 'succeeded')
    expect(scene.lines.filter(({ level }) => level !== 'debug')).toEqual([
      { level: 'info', details: { count: 1 }, message: 'counted' },
      {
        level: 'warn',
        details: { details: expect.stringContaining('callback') },
        message: 'what does not cross is shown as text',
      },
    ])
  })

  test('the last of many log lines is not lost with the end of the handler', async () => {
    scene = sceneOf(runIn)
    await run('chatter', 'succeeded', { payload: json(3_000) })
    expect(scene.lines.filter(({ message }) => message === 'said')).toHaveLength(3_000)
  })

  test('a cancel aborts the signal there, and the handler says how the run ends', async () => {
    scene = sceneOf(runIn)
    for (const [task, ending] of [
      ['obedient', { type: 'cancelled', error: { name: 'AbortError', message: 'not needed any more' } }],
      ['tidy', { type: 'succeeded', result: { name: 'AbortError', message: 'not needed any more' } }],
    ] as const) {
      scene.dispatch(task, { task, ...BEATS })
      await scene.reported(task, 'heartbeat')
      scene.pool.cancel(task, 1, 'not needed any more')
      expect(await scene.reported(task, ending.type)).toMatchObject(ending)
    }
  })

  test('a cancel before the worker is ready is not lost', async () => {
    scene = sceneOf(runIn)
    scene.dispatch('a', { task: 'tidy' })
    scene.pool.cancel('a', 1, 'too soon')
    expect(await scene.reported('a', 'succeeded')).toMatchObject({ result: { message: 'too soon' } })
  })

  test('an endless loop ends timed-out a second after its time-out, or cancelled, and the others go on', async () => {
    scene = sceneOf(runIn, { concurrency: 1 })
    const { clock, dispatch, reported, typesOf, pool } = scene
    dispatch('a', { task: 'endless', timeoutMs: 5_000, ...BEATS })
    dispatch('b', { task: 'endless', ...BEATS })
    dispatch('c', { task: 'fibonacci', payload: json(10) })
    await reported('a', 'heartbeat')
    await clock.advance(5_000 + GRACE_MS - 1)
    expect(typesOf('a')).toEqual(['started', 'heartbeat'])
    await clock.advance(1)
    const message = 'attempt 1 took longer than its time-out of 5000 ms'
    expect(await reported('a', 'timed-out')).toMatchObject({ error: { name: 'TimeoutError', message } })
    await reported('b', 'heartbeat')
    pool.cancel('b', 1, 'it never ends')
    await clock.advance(GRACE_MS)
    expect(await reported('b', 'cancelled')).toMatchObject({ error: { message: 'it never ends' } })
    expect(await reported('c', 'succeeded')).toMatchObject({ result: 55 })
  })

  test('a handler that ends within the grace after its time-out has timed out all the same', async () => {
    scene = sceneOf(runIn)
    scene.dispatch('a', { task: 'tidy', timeoutMs: 5_000, ...BEATS })
    await scene.reported('a', 'heartbeat')
    await scene.clock.advance(5_000)
    await scene.reported('a', 'timed-out')
    expect(scene.typesOf('a')).toEqual(['started', 'heartbeat', 'timed-out'])
  })

  test('a worker that dies fails its attempt with what killed it, and the next run has another', async () => {
    scene = sceneOf(runIn)
    const died = `its ${name} died before the handler was done`
    const exited = { name: 'WorkerError', message: `${died}: it ended with exit code 3`, retryable: true }
    expect(await run('exit', 'failed')).toMatchObject({ error: exited })
    expect(scene.lines.filter(({ message }) => message === 'exits')).toHaveLength(1)
    expect(await run('fibonacci', 'succeeded', { payload: json(10) })).toMatchObject({ result: 55 })
  })

  test('a worker that dies after its run takes neither its result nor another run with it', async () => {
    scene = sceneOf(runIn, { concurrency: 1 })
    await run('fibonacci', 'succeeded', { payload: json(1) })
    const ended = run('exitLater', 'succeeded')
    // The call is on its way after some microtasks; result and death are both there when this thread looks again.
    for (let turns = 0; turns < 10; turns++) await Promise.resolve()
    nthFibonacci(34)
    await ended
    expect(await run('fibonacci', 'succeeded', { payload: json(10) })).toMatchObject({ result: 55 })
    await run('exitLater', 'succeeded')
    await until(() => scene.lines.some(({ message }) => message === 'an idle worker ended'))
    expect(await run('fibonacci', 'succeeded', { payload: json(10) })).toMatchObject({ result: 55 })
  })

  test('a module or export that is not there fails the run for good, and is named', async () => {
    scene = sceneOf(runIn)
    const nowhere = new URL('./nowhere.ts', import.meta.url).href
    const unlicensed = new URL('./fails-to-load.ts', import.meta.url).href
    scene.tasks.add('nowhere', { module: nowhere }, { runIn })
    scene.tasks.add('unlicensed', { module: unlicensed, export: 'go' }, { runIn })
    const problem = (message: string): object => ({ error: { name: 'TaskModuleError', retryable: false, message } })
    expect(await run('notThere', 'failed')).toMatchObject(problem(`no export notThere of ${MODULE.href}`))
    const wrong = `export notFunction of ${MODULE.href}: expected a function, got number`
    expect(await run('notFunction', 'failed')).toMatchObject(problem(wrong))
    const sought = `there is no file ${fileURLToPath(nowhere)}: a relative path begins at the working directory`
    const missing = expect.stringMatching(
      new RegExp(`^export default of ${nowhere} can't be loaded: Cannot find module .*; ${sought}`),
    ) as string
    expect(await run('nowhere', 'failed')).toMatchObject(problem(missing))
    const message = `export go of ${unlicensed} failed while it was loaded: no licence`
    expect(await run('unlicensed', 'failed')).toMatchObject({ error: { name: 'Error', retryable: true, message } })
  })

  test('no more workers than processors are busy, and runs that wait for one hold up nothing else', async () => {
    scene = sceneOf(runIn, { concurrency: 64 })
    const { dispatch, reported, typesOf, pool } = scene
    scene.tasks.add('greet', () => 'hello')
    const busy = Array.from({ length: Math.min(availableParallelism(), 64) }, (_, index) => `busy ${index}`)
    for (const runId of [...busy, 'waiting']) dispatch(runId, { task: 'obedient', ...BEATS })
    dispatch('here', { task: 'greet' })
    await reported('here', 'succeeded')
    for (const runId of busy) await reported(runId, 'heartbeat')
    expect(typesOf('waiting')).toEqual([])
    pool.cancel('busy 0', 1, 'make room')
    await reported('waiting', 'heartbeat')
  })

  test('a shutdown ends the workers, one in an endless loop too', async () => {
    scene = sceneOf(runIn)
    const { clock, pool, dispatch, reported, typesOf } = scene
    dispatch('a', { task: 'endless', ...BEATS })
    await reported('a', 'heartbeat')
    const drained = pool.drainAll(clock.now() + 10_000)
    await clock.advance(10_000)
    await drained
    expect(typesOf('a')).toEqual(['started', 'heartbeat'])
  })
})

test('an error that nobody catches in a worker thread fails its attempt and says why', async () => {
  const { dispatch, reported } = sceneOf('worker')
  dispatch('a', { task: 'crash' })
  const message = 'its worker thread died before the handler was done: nobody caught this'
  expect(await reported('a', 'failed')).toMatchObject({ error: { name: 'WorkerError', message } })
})

test('log lines of a worker thread are not lost when this one was busy until the result was there too', async () => {
  const { dispatch, reported, lines } = sceneOf('worker')
  dispatch('warm', { task: 'chatter', payload: json(1) })
  await reported('warm', 'succeeded')
  dispatch('a', { task: 'chatter', payload: json(10) })
  // The call is on its way after some microtasks, and the worker is far quicker than what this thread does then.
  for (let turns = 0; turns < 10; turns++) await Promise.resolve()
  nthFibonacci(32)
  await reported('a', 'succeeded')
  expect(lines).toHaveLength(11)
})

describe('a child process', () => {
  test('has ended when a drain is over, idle or busy', async () => {
    const { clock, dispatch, lines, pool, reported } = sceneOf('process', { concurrency: 1 })
    pool.add('idle', { concurrency: 1 })
    dispatch('a', { task: 'describe', payload: json(1), executor: 'idle' })
    dispatch('b', { task: 'endless', ...BEATS })
    const { result } = await reported('a', 'succeeded')
    await reported('b', 'heartbeat')
    const pids = [
      (result as { readonly pid: number }).pid,
      ...lines.map(({ details }) => Object(details).pid as number),
    ]
    expect(pids).toHaveLength(2)
    // Each by itself: the wait for one must not hide that nobody waits for the other.
    const [idle, busy] = [pool.remove('idle', clock.now()), pool.remove('default', clock.now())]
    await clock.settle()
    await busy
    expect(() => process.kill(pids[1] ?? 0, 0)).toThrow('ESRCH')
    await idle
    expect(() => process.kill(pids[0] ?? 0, 0)).toThrow('ESRCH')
  })

  test('has the environment that it is given, and no other', async () => {
    const { dispatch, reported } = sceneOf('process', { environment: { GREETING: 'hello' } })
    dispatch('a', { task: 'greeting' })
    expect(await reported('a', 'succeeded')).toMatchObject({ result: 'hello' })
  })

  test('that dies with its result on the way has succeeded', async () => {
    const { dispatch, reported, typesOf } = sceneOf('process')
    dispatch('a', { task: 'exitWithResult' })
    expect(await reported('a', 'succeeded')).toMatchObject({ result: 'all done' })
    expect(typesOf('a')).toEqual(['succeeded'])
  })

  test('that is busy outlives the signals that its whole group gets while this process drains', async () => {
    const { dispatch, reported } = sceneOf('process')
    dispatch('a', { task: 'signalled' })
    expect(await reported('a', 'succeeded')).toMatchObject({ result: 'still here' })
  })

  test('that can not start fails the attempts that wait for it', async () => {
    const preload = fileURLToPath(new URL('./exits-at-start.ts', import.meta.url))
    const { dispatch, reported } = sceneOf('process', { environment: { NODE_OPTIONS: `--require "${preload}"` } })
    dispatch('a', { task: 'greeting' })
    expect(await reported('a', 'failed')).toMatchObject({
      error: { name: 'WorkerError', message: expect.stringContaining('could not start'), retryable: true },
    })
  })
})

test('a payload that can not be handed to a worker fails the run for good', async () => {
  const scene = sceneOf('worker')
  const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: () => 1 }) } }
  scene.tasks.add('odd', { module: MODULE, export: 'describe' }, { schema })
  scene.dispatch('a', { task: 'odd' })
  expect(await scene.reported('a', 'failed')).toMatchObject({ error: { name: 'PayloadError', retryable: false } })
})

const dates = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) => ({ value: new Date(String(value)) }),
  },
}

function nthFibonacci(n: number): number {
  return n < 2 ? n : nthFibonacci(n - 1) + nthFibonacci(n - 2)
}

/** Turns the event loop until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise<void>((resolve) => setImmediate(resolve))
}
