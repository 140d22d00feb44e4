/** What a caller is told when a verb is refused: by the log, or before it is asked. */
import { describe, expect, test } from 'vitest'
import type { JobOptions } from '../../src/client/job-options.ts'
import { MAX_PAYLOAD_BYTES } from '../../src/core/limits.ts'
import { crontab, interval } from '../../src/core/triggers/make-trigger.ts'
import { parseTrigger } from '../../src/core/triggers/parse-trigger.ts'
import { at, T0 } from '../support/moments.ts'
import { World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }

describe('a job is refused, and the log says so,', () => {
  test.each<readonly [string, Partial<JobOptions>, string, string]>([
    [
      'for a payload over its limit',
      { payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) },
      'payload-too-large',
      'job.payload',
    ],
    ['for JSON over its limit', { payload: 'x'.repeat(MAX_PAYLOAD_BYTES) }, 'payload-too-large', 'job.payload'],
    [
      'for a bad zone',
      { trigger: { ...crontab('0 9 * * *'), zone: 'Europe/Atlantis' } },
      'unknown-zone',
      'job.trigger.zone',
    ],
    [
      'for a trigger that is over',
      { trigger: interval('1h', { start: at(-7_200), end: at(-3_600) }) },
      'never-fires',
      'job.trigger',
    ],
    ['for an executor that is not declared', { executor: 'gpu' }, 'unknown-executor', 'job.executor'],
    ['for an option out of its range', { maxInstances: 0 }, 'invalid-option', 'job.maxInstances'],
    ['for a bad id', { id: 'no spaces' }, 'invalid-id', 'job.id'],
  ])('%s', async (_what, options, code, path) => {
    const world = new World()
    const a = await world.node('a')
    const adding = a.client.addJob({ id: 'job', ...HOURLY, ...options })
    await expect(adding).rejects.toMatchObject({ name: 'RejectedError', code, path })
    expect(await a.until('CommandRejected')).toMatchObject({ code, path })
    expect(a.client.getJobs()).toEqual([])
    await world.check(a)
  })

  test('because it is there', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'job', ...HOURLY })
    const again = a.client.addJob({ id: 'job', ...HOURLY, ifExists: 'reject', commandId: 'mine' })
    await expect(again).rejects.toMatchObject({ code: 'job-exists', path: 'job.id', commandId: 'mine' })
  })

  test.each(['removeJob', 'pauseJob', 'resumeJob', 'runJob'] as const)(
    'by %s, because it is not there',
    async (verb) => {
      const world = new World()
      const a = await world.node('a')
      await expect(a.client[verb]('nobody')).rejects.toMatchObject({ name: 'RejectedError', code: 'job-not-found' })
    },
  )

  test('by runJob, because it runs', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'job', ...HOURLY })
    await a.client.runJob('job')
    await expect(a.client.runJob('job')).rejects.toMatchObject({ code: 'limit-exceeded' })
  })
})

describe('a job is refused before the log is asked,', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle

  test.each<readonly [string, Partial<JobOptions>, string]>([
    ['for a duration that nobody can read', { timeout: 'soon' }, 'job.timeout'],
    ['for a grace time that nobody can read', { misfireGrace: '5 parsecs' }, 'job.misfireGrace'],
    ['for a wait that nobody can read', { retry: { initial: {} } }, 'job.retry.initial'],
    ['for an instant that nobody can read', { nextFireTime: 'tomorrow' }, 'job.nextFireTime'],
    ['for a payload with a BigInt', { payload: { n: 1n } }, 'job.payload'],
    ['for a payload with a cycle', { payload: cycle }, 'job.payload'],
    ['for a payload that is a function', { payload: () => 1 }, 'job.payload: expected a JSON value, got a function'],
    ['for a Map in a payload', { payload: { lines: [new Map()] } }, 'job.payload.lines[0]: expected a JSON value'],
    [
      'for an option that is not there',
      { misfireGraze: '1m' } as object,
      `job.misfireGraze: expected an option of a job (did you mean 'misfireGrace'?)`,
    ],
    [
      'for a member of its retry policy that is not there',
      { retry: { maxAttempt: 3 } as object },
      `(did you mean 'maxAttempts'?)`,
    ],
  ])('%s', async (_what, options, path) => {
    const world = new World()
    const a = await world.node('a')
    const before = a.facts.length
    const adding = a.client.addJob({ id: 'job', ...HOURLY, ...options })
    await expect(adding).rejects.toMatchObject({ name: 'OperationalError', code: 'invalid-option' })
    await expect(adding).rejects.toThrow(path)
    await world.quiet()
    expect(a.facts).toHaveLength(before)
  })

  test('or its run, for a payload that is no JSON', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'job', ...HOURLY })
    const running = a.client.runJob('job', { payload: { when: [undefined] } })
    await expect(running).rejects.toMatchObject({ code: 'invalid-option' })
    await expect(running).rejects.toThrow('payload.when[0]: expected a JSON value, got undefined')
  })

  test('for a trigger that never fires, when the trigger is made', () => {
    expect(() => crontab('0 0 30 2 *')).toThrow(expect.objectContaining({ code: 'never-fires' }))
    expect(() => parseTrigger({ type: 'crontab', expression: '0 0 31 2 *' })).toThrow('never')
  })
})

test('durations and instants come in every form', async () => {
  const world = new World()
  const a = await world.node('a')
  await a.client.addJob({
    id: 'job',
    ...HOURLY,
    misfireGrace: 'PT90S',
    timeout: { minutes: 1, seconds: 30 },
    heartbeatTimeout: '90s',
    retry: { maxAttempts: 3, initial: 1_500, max: '5m' },
    nextFireTime: { toMillis: () => at(60) },
  })
  expect(a.client.getJob('job')).toMatchObject({
    misfireGraceMs: 90_000,
    timeoutMs: 90_000,
    heartbeatTimeoutMs: 90_000,
    retry: { maxAttempts: 3, initialMs: 1_500, multiplier: 2, maxMs: 300_000 },
    nextFireTime: new Date(at(60)),
  })
  await a.client.addJob({ id: 'job', ...HOURLY, nextFireTime: new Date(at(90)) })
  expect(a.client.getJob('job')?.nextFireTime).toEqual(new Date(at(90)))
  await a.client.addJob({ id: 'job', ...HOURLY, nextFireTime: '2027-01-01T09:02:00Z' })
  expect(a.client.getJob('job')?.nextFireTime).toEqual(new Date(at(120)))
})

describe('a command id', () => {
  test('makes a repeated call a duplicate that changes nothing', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'job', ...HOURLY, commandId: 'mine' })
    await a.client.addJob({ id: 'job', ...HOURLY, name: 'another', commandId: 'mine' })
    expect(a.client.getJob('job')?.name).toBe(null)
    expect(await a.until('CommandApplied')).toMatchObject({ commandId: 'mine', duplicate: true })
    await world.check(a)
  })

  test('makes a repeated run one run, and gives that one again', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'job', ...HOURLY })
    const first = await a.client.runJob('job', { commandId: 'mine' })
    const { runId } = await a.client.runJob('job', { commandId: 'mine' })
    expect(runId).toBe(first.runId)
    expect(a.all('RunQueued')).toHaveLength(1)
    await a.client.pauseJob('job', { commandId: 'other' })
    await expect(a.client.runJob('job', { commandId: 'other' })).rejects.toMatchObject({ code: 'invalid-option' })
  })

  test('of a refused command does not make its repetition look as if it had been applied', async () => {
    const world = new World()
    const a = await world.node('a')
    const wrong = { id: 'job', ...HOURLY, maxInstances: 0, commandId: 'mine' }
    await expect(a.client.addJob(wrong)).rejects.toMatchObject({ code: 'invalid-option' })
    await expect(a.client.addJob(wrong)).rejects.toMatchObject({ code: 'invalid-option' })
  })

  test('and an actor are on the events', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'job', ...HOURLY, commandId: 'mine', actor: 'anna' })
    await a.client.pauseJob('job', { reason: 'holidays', actor: 'ben' })
    expect(await a.until('JobAdded')).toMatchObject({
      commandId: 'mine',
      commandGiven: true,
      actor: 'anna',
      commandOffset: null,
    })
    expect(await a.until('JobPaused')).toMatchObject({ commandGiven: false, actor: 'ben', reason: 'holidays' })
  })
})

describe('a job', () => {
  test('is shown with all that is known of it', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: { greet: () => 'hello' } })
    await a.client.addJob({
      id: 'job',
      ...HOURLY,
      payload: { to: 'you' },
      labels: { team: 'blue' },
      metadata: { n: 1 },
    })
    const run = await a.client.runJob('job')
    await run.result()
    await a.client.pauseJob('job', { reason: 'holidays' })
    expect(a.client.getJob('job')).toMatchObject({
      id: 'job',
      task: 'greet',
      payload: { to: 'you' },
      labels: { team: 'blue' },
      metadata: { n: 1 },
      version: 1,
      nextFireTime: new Date(at(3_600)),
      paused: { reason: 'holidays', until: null },
      openRuns: [],
      addedAt: new Date(T0),
      last: { runId: run.runId, outcome: 'succeeded', at: new Date(T0) },
      counts: { succeeded: 1, failed: 0, stopped: 0, missed: 0, skipped: 0 },
    })
    expect(a.client.getJob('nobody')).toBe(undefined)
  })

  test('comes before those that fire later', async () => {
    const world = new World()
    const a = await world.node('a')
    await a.client.addJob({ id: 'b', ...HOURLY })
    await a.client.addJob({ id: 'a', ...HOURLY })
    await a.client.addJob({ id: 'z', task: 'greet', trigger: interval('1m') })
    expect(a.client.getJobs().map(({ id }) => id)).toEqual(['z', 'a', 'b'])
  })

  test('keeps the payload that it was given, whatever becomes of the caller’s buffer', async () => {
    const world = new World()
    const a = await world.node('a')
    const payload = Buffer.from([1, 2, 3])
    await a.client.addJob({ id: 'job', ...HOURLY, payload })
    payload.fill(9)
    expect(a.client.getJob('job')?.payload).toEqual(new Uint8Array([1, 2, 3]))
    await world.check(a)
  })

  test('has a handle with its verbs', async () => {
    const world = new World()
    const a = await world.node('a', { tasks: { greet: (_context, payload) => payload } })
    const job = await a.client.addJob({ id: 'job', ...HOURLY })
    await job.pause({ reason: 'why not' })
    expect(a.client.getJob('job')?.paused).toEqual({ reason: 'why not', until: null })
    await job.resume()
    expect(a.client.getJob('job')?.paused).toBe(null)
    const run = await job.runNow({ payload: { n: 7 } })
    await expect(run.result()).resolves.toEqual({ n: 7 })
    await job.remove()
    expect(a.client.getJob('job')).toBe(undefined)
  })
})
