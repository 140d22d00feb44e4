/** Whatever a handler does, its run ends in one clear outcome. */
import { describe, expect, test } from 'vitest'
import { MAX_ERROR_CHARS, MAX_RESULT_BYTES, TIMEOUT_SLACK_MS } from '../../src/core/limits.ts'
import type { TaskHandler } from '../../src/executor/task-registry.ts'
import type { JobOptions } from '../../src/client/job-options.ts'
import { at, T0 } from '../support/moments.ts'
import { type TestNode, World } from '../support/world.ts'

interface Ran {
  readonly world: World
  readonly node: TestNode
  readonly runId: string
}

/** One run of a job with this handler, from its beginning on. */
async function ran(handler: TaskHandler, job: Partial<JobOptions> = {}): Promise<Ran> {
  const world = new World()
  const node = await world.node('a', { tasks: { work: handler } })
  await node.client.addJob({ id: 'job', task: 'work', ...job })
  await world.quiet()
  const { runId } = await node.until('RunQueued')
  return { world, node, runId }
}

/** Throws anything at all. */
function throwing(thrown: unknown): TaskHandler {
  return () => {
    throw thrown
  }
}

const evil = {
  get message(): string {
    throw new Error('no message')
  },
  get name(): string {
    throw new Error('no name')
  },
}

class EvilError extends Error {
  override get message(): string {
    throw new Error('no message')
  }
}

const evilProxy = new Proxy(
  {},
  {
    get: () => {
      throw new Error('no get')
    },
    getPrototypeOf: () => {
      throw new Error('no prototype')
    },
    ownKeys: () => {
      throw new Error('no keys')
    },
  },
)

describe('a handler that returns', () => {
  test.each<readonly [string, unknown, unknown]>([
    ['nothing', undefined, null],
    ['null', null, null],
    ['a value', { greeted: ['world'], times: 2 }, { greeted: ['world'], times: 2 }],
    ['a text with a lone surrogate', 'a\ud800', 'a\ud800'],
    ['what says itself how it is written', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a result at its limit', 'x'.repeat(MAX_RESULT_BYTES - 2), 'x'.repeat(MAX_RESULT_BYTES - 2)],
  ])('%s has succeeded with it', async (_what, returned, result) => {
    const { world, node, runId } = await ran(() => returned)
    expect(await node.until('RunSucceeded')).toMatchObject({ runId, attempt: 1, startedAt: T0, result })
    await world.check(node)
  })

  test('a promise has succeeded with what it resolves to', async () => {
    const { node } = await ran(async () => Promise.resolve('later'))
    expect(await node.until('RunSucceeded')).toMatchObject({ result: 'later' })
  })

  test('a thenable has succeeded with what it gives, once, however often it calls back', async () => {
    const { node } = await ran(() => ({
      // oxlint-disable-next-line unicorn/no-thenable -- the handler of an application may return such
      then: (resolve: (value: string) => void) => {
        resolve('first')
        resolve('second')
      },
    }))
    expect(await node.until('RunSucceeded')).toMatchObject({ result: 'first' })
  })

  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle

  test.each<readonly [string, unknown]>([
    ['a cycle', cycle],
    ['a BigInt', 1n],
    ['a BigInt inside', { count: [1n] }],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['bytes', new Uint8Array(10)],
    ['a Map inside', { found: new Map() }],
    ['NaN', Number.NaN],
    ['a result one byte over its limit', 'x'.repeat(MAX_RESULT_BYTES - 1)],
    ['a huge result', 'x'.repeat(20_000_000)],
    ['a getter that throws', evil],
    ['a proxy that throws', { proxy: evilProxy }],
    [
      'what fails to say how it is written',
      {
        toJSON: () => {
          throw new Error('no')
        },
      },
    ],
  ])('%s has failed, and is not tried again', async (_what, returned) => {
    const { world, node } = await ran(() => returned, { retry: { maxAttempts: 5 } })
    const { error, attempt } = await node.until('RunFailed')
    expect(error).toMatchObject({ name: 'ResultError', retryable: false })
    expect(error.message).toMatch(/^the handler's result/)
    expect(error.message.length).toBeLessThan(500)
    expect(attempt).toBe(1)
    await world.check(node)
  })
})

describe('a handler that throws', () => {
  test('an error has failed with its name, message and stack', async () => {
    const { node } = await ran(throwing(new RangeError('too far')))
    const { error } = await node.until('RunFailed')
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far', retryable: true })
    expect(error.stack).toContain('RangeError: too far')
  })

  test('after a while has failed as well', async () => {
    const { node } = await ran(async () => {
      await Promise.resolve()
      throw new Error('later')
    })
    expect(await node.until('RunFailed')).toMatchObject({ error: { message: 'later' } })
  })

  test.each<readonly [string, unknown, string]>([
    ['a text', 'broken', 'broken'],
    ['a number', 42, '42'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['an object', { code: 7 }, '{ code: 7 }'],
    ['a symbol', Symbol('oh'), 'Symbol(oh)'],
    ['a function', function oops() {}, '[Function: oops]'],
  ])('%s has failed with what it shows', async (_what, thrown, message) => {
    const { world, node } = await ran(throwing(thrown))
    expect(await node.until('RunFailed')).toMatchObject({ error: { name: 'NonError', message, stack: null } })
    await world.check(node)
  })

  test.each<readonly [string, unknown]>([
    ['an error whose message throws', new EvilError()],
    ['an object whose getters throw', evil],
    ['a proxy that throws at every touch', evilProxy],
    [
      'an error with members of any type',
      Object.assign(new Error('x'), { name: 7, message: { a: 1 }, stack: Symbol('s') }),
    ],
    ['an object without a prototype', Object.create(null)],
  ])('%s has failed nevertheless', async (_what, thrown) => {
    const { world, node } = await ran(throwing(thrown))
    const { error } = await node.until('RunFailed')
    expect(typeof error.message).toBe('string')
    await world.check(node)
  })

  test('something huge has failed with the beginning of it', async () => {
    const { world, node } = await ran(throwing(new Error('x'.repeat(1_000_000))))
    const { error } = await node.until('RunFailed')
    expect(error.message.length).toBeLessThanOrEqual(MAX_ERROR_CHARS + 1)
    await world.check(node)
  })

  test('an error that says it is not retryable is not tried again', async () => {
    const { node } = await ran(throwing(Object.assign(new Error('final'), { retryable: false })), {
      retry: { maxAttempts: 3 },
    })
    expect(await node.until('RunFailed')).toMatchObject({ attempt: 1 })
  })

  test('is tried again as the job says, with a numbered attempt', async () => {
    const attempts: number[] = []
    const { world, node } = await ran(
      ({ run }) => {
        attempts.push(run.attempt)
        if (run.attempt < 3) throw new Error('not yet')
        return 'at last'
      },
      { retry: { maxAttempts: 3, initial: '1s', jitter: 0 } },
    )
    expect(await world.pass(node.until('RunSucceeded'))).toMatchObject({ attempt: 3, result: 'at last', time: at(3) })
    expect(attempts).toEqual([1, 2, 3])
    await world.check(node)
  })

  test('having changed the bytes of its payload finds them as they were at the next attempt', async () => {
    const seen: number[][] = []
    const { world, node } = await ran(
      (_context, payload: Uint8Array) => {
        seen.push([...payload])
        payload.fill(0)
        throw new Error('not yet')
      },
      { payload: Uint8Array.of(1, 2), contentType: 'application/octet-stream', retry: { maxAttempts: 2 } },
    )
    await world.pass(node.until('RunFailed'))
    expect(seen).toEqual([
      [1, 2],
      [1, 2],
    ])
    await world.check(node)
  })
})

describe('a handler that never settles', () => {
  const never: readonly (readonly [string, TaskHandler])[] = [
    ['a promise without an end', () => new Promise(() => {})],
    [
      'a thenable that never calls back',
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- the handler of an application may return such
        then: () => undefined,
      }),
    ],
  ]

  test.each(never)('(%s) is timed out, tried again, and timed out for good', async (_what, handler) => {
    const { world, node, runId } = await ran(handler, {
      timeout: '10s',
      retry: { maxAttempts: 2, initial: '5s', jitter: 0 },
    })
    const ended = await world.pass(node.until('RunTimedOut'))
    expect(ended).toMatchObject({ runId, attempt: 2, time: at(25), error: { name: 'TimeoutError' } })
    expect(node.all('RunRetryScheduled')).toMatchObject([
      { attempt: 1, reason: 'timed-out', time: at(10), retryAt: at(15) },
    ])
    await world.check(node)
  })

  test('says that it has started after a second', async () => {
    const { world, node } = await ran(() => new Promise(() => {}))
    await world.advance(999)
    expect(node.all('RunStarted')).toEqual([])
    await world.advance(1)
    expect(node.all('RunStarted')).toMatchObject([{ attempt: 1, startedAt: T0, time: at(1) }])
    await world.check(node)
  })

  test('is told of its time-out by its signal', async () => {
    const reasons: unknown[] = []
    const { world, node } = await ran(
      ({ signal }) => new Promise(() => signal.addEventListener('abort', () => reasons.push(signal.reason))),
      { timeout: '10s' },
    )
    await world.pass(node.until('RunTimedOut'))
    expect(reasons).toMatchObject([{ name: 'TimeoutError' }])
  })

  test('and then settles after all says nothing more', async () => {
    const late = Promise.withResolvers<string>()
    const { world, node } = await ran(() => late.promise, { timeout: '10s' })
    await world.pass(node.until('RunTimedOut'))
    late.resolve('too late')
    await world.advance(TIMEOUT_SLACK_MS * 2)
    expect(node.all('RunSucceeded')).toEqual([])
    expect(node.all('ReportIgnored')).toEqual([])
    await world.check(node)
  })
})

describe('a handler gets', () => {
  test('the payload as JSON, and says which run it is', async () => {
    const seen: unknown[] = []
    const { runId } = await ran(
      ({ run, log, signal }, payload) => {
        seen.push(payload, run, typeof log.info, signal.aborted)
      },
      { payload: { to: 'Zoë', list: [1, null] } },
    )
    const times = { scheduledAt: new Date(T0), dueAt: new Date(T0) }
    const run = { runId, jobId: 'job', attempt: 1, ...times, headers: {} }
    expect(seen).toEqual([{ to: 'Zoë', list: [1, null] }, run, 'function', false])
  })

  test('the headers of its job as texts', async () => {
    const seen: unknown[] = []
    const headers = { traceparent: '00-1', binary: Uint8Array.of(0x61, 0xff) }
    await ran(({ run }) => void seen.push(run.headers), { headers })
    expect(seen).toEqual([{ traceparent: '00-1', binary: 'a\ufffd' }])
  })

  test('null when the job has no payload', async () => {
    const seen: unknown[] = []
    await ran((_context, payload) => void seen.push(payload))
    expect(seen).toEqual([null])
  })

  test('bytes where the content type is another than JSON', async () => {
    const seen: unknown[] = []
    await ran((_context, payload) => void seen.push(payload), { payload: new Uint8Array([1, 2]) })
    expect(seen).toEqual([new Uint8Array([1, 2])])
  })

  test('nothing of a payload that is not the JSON that it claims to be: its run has failed', async () => {
    const { node } = await ran(() => expect.fail('it must not be called'), {
      payload: new TextEncoder().encode('{"to":'),
      contentType: 'application/json',
      retry: { maxAttempts: 3 },
    })
    expect(await node.until('RunFailed')).toMatchObject({
      attempt: 1,
      error: { name: 'PayloadError', retryable: false },
    })
  })
})

describe('a task that nobody has', () => {
  test('ends failed after ten tries', async () => {
    const world = new World()
    const node = await world.node('a')
    await node.client.addJob({ id: 'job', task: 'nobody-has-it' })
    const ended = await world.pass(node.until('RunFailed'))
    expect(ended).toMatchObject({
      attempt: 10,
      error: { name: 'UnknownTaskError', message: `no executor process of 'default' has a task 'nobody-has-it'` },
      time: at(511),
    })
    expect(node.all('RunRetryScheduled')).toHaveLength(9)
    expect(await node.until('JobFinished')).toMatchObject({ jobId: 'job' })
    await world.check(node)
  })

  test('is run when somebody has it at last', async () => {
    const world = new World()
    const node = await world.node('a')
    await node.client.addJob({ id: 'job', task: 'later' })
    await world.advance(2_500)
    node.local.tasks.add('later', () => 'here I am')
    expect(await world.pass(node.until('RunSucceeded'))).toMatchObject({ attempt: 3, result: 'here I am' })
  })
})

describe('an attempt that has to show that it is alive', () => {
  /** Beats every five seconds, so often. */
  async function beating(times: number): Promise<Ran & { readonly signals: AbortSignal[] }> {
    const world = new World()
    const signals: AbortSignal[] = []
    const node = await world.node('a', {
      tasks: {
        work: ({ heartbeat, signal }) =>
          new Promise(() => {
            signals.push(signal)
            const beat = (left: number): void => {
              heartbeat()
              if (left > 0) world.clock.schedule(world.clock.now() + 5_000, () => beat(left - 1))
            }
            beat(times)
          }),
      },
    })
    await node.client.addJob({ id: 'job', task: 'work', heartbeatTimeout: '10s' })
    await world.quiet()
    const { runId } = await node.until('RunQueued')
    return { world, node, runId, signals }
  }

  test('says at once that it has started', async () => {
    const { node } = await beating(0)
    expect(await node.until('RunStarted')).toMatchObject({ startedAt: T0, time: T0 })
  })

  test('is left alone as long as it does, and leaves no events of it', async () => {
    const { world, node } = await beating(20)
    const before = node.facts.length
    await world.advance(100_000)
    expect(node.facts).toHaveLength(before)
    await world.check(node)
  })

  test('is lost when it falls silent, and is told so', async () => {
    const { world, node, runId, signals } = await beating(4)
    expect(await world.pass(node.until('RunLost'))).toMatchObject({ runId, attempt: 1, time: at(30) })
    await world.quiet()
    expect(signals.map((signal) => signal.aborted)).toEqual([true])
    await world.check(node)
  })
})

describe('a run that is cancelled', () => {
  test('ends cancelled when its handler obeys', async () => {
    const { world, node, runId } = await ran(
      ({ signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    )
    await world.advance(1_000)
    await node.client.cancelRun(runId, { reason: 'enough' })
    expect(await node.until('RunCancelled')).toMatchObject({ runId, reason: 'enough' })
    await world.check(node)
  })

  test('has succeeded when its handler finishes all the same', async () => {
    const end = Promise.withResolvers<string>()
    const { world, node, runId } = await ran(() => end.promise)
    await world.advance(1_000)
    await node.client.cancelRun(runId)
    end.resolve('done')
    expect(await node.until('RunSucceeded')).toMatchObject({ runId, result: 'done' })
    await world.check(node)
  })
})
