/** Jobs whose runs are records on topics of the user's. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { LogError, type LogErrorCode } from '../../src/ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../../src/ports/outbox.ts'
import { headers, headerTexts, json } from '../support/topic-records.ts'
import { type NodeOptions, World } from '../support/world.ts'

const ALLOWED: NodeOptions = { roles: ['owner'], deliverTopics: ['orders'] }

async function owner(options: NodeOptions = {}) {
  const world = new World({ topics: true })
  return { world, a: await world.node('a', { ...ALLOWED, ...options }) }
}

/** Before it is sent, `act` is asked. */
function before(act: (record: OutgoingRecord) => void | Promise<void>): (outbox: Outbox) => Outbox {
  return (outbox) => ({
    async send(record) {
      await act(record)
      await outbox.send(record)
    },
    close: () => outbox.close(),
  })
}

async function addOrder(world: World, job: object = {}): Promise<void> {
  const value = json({
    type: 'AddJob',
    job: { id: 'order', deliver: { topic: 'orders', key: 'k', headers: { shop: '7' } }, payload: { n: 1 }, ...job },
  })
  await world.produce('commands', { key: 'order', value })
}

describe('a run that is a record', () => {
  test('has succeeded when the record is acknowledged, which says of which run and attempt it is', async () => {
    const { world, a } = await owner()
    await addOrder(world)
    const { runId } = await world.pass(a.until('RunSucceeded'))
    const records = await world.records('orders')
    expect(records).toMatchObject([{ key: 'k' }])
    expect(Buffer.from(records[0]?.value ?? []).toString()).toBe('{"n":1}')
    expect(headerTexts(records[0]!)).toMatchObject({
      shop: '7',
      'content-type': 'application/json',
      'horolog-run-id': runId,
      'horolog-attempt': '1',
      'horolog-job-id': 'order',
    })
    expect(await world.records('runs.default')).toEqual([])
    await world.check(a)
  })

  test('keeps the payload and the headers of the plain job that asked for it', async () => {
    const { world, a } = await owner()
    const texts = { 'horolog-deliver': 'orders', 'horolog-id': 'later', 'content-type': 'text/plain', mine: 'x' }
    await world.produce('commands', { key: 'my-key', value: Buffer.from('bytes'), headers: headers(texts) })
    await world.pass(a.until('RunSucceeded'))
    const [record] = await world.records('orders')
    expect(record?.key).toBe('my-key')
    expect(Buffer.from(record?.value ?? []).toString()).toBe('bytes')
    expect(headerTexts(record!)).toMatchObject({ mine: 'x', 'content-type': 'text/plain' })
  })

  test.each<[LogErrorCode, string]>([
    ['invalid-record', 'UnknownTopicError'],
    ['record-refused', 'RecordRefusedError'],
    ['too-large', 'RecordTooLargeError'],
    ['not-authorized', 'TopicAuthorizationError'],
  ])('that is refused as %s is a failed attempt, and is tried again by its policy', async (code, name) => {
    let refusals = 0
    const { world, a } = await owner({
      outbox: before(({ topic }) => {
        if (topic !== 'orders') return
        refusals += 1
        throw new LogError(code, 'no')
      }),
    })
    await addOrder(world, { retry: { maxAttempts: 3, initialMs: 1_000 } })
    const failed = await world.pass(a.until('RunFailed'))
    expect(failed).toMatchObject({ attempt: 3, error: { name } })
    expect(a.all('RunRetryScheduled').map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(refusals).toBe(3)
    await world.check(a)
  })

  test('is not produced again because its report could not leave', async () => {
    let refusals = 0
    const { world, a } = await owner({
      outbox: before(({ topic }) => {
        if (topic !== 'reports' || refusals === 5) return
        refusals += 1
        throw new LogError('not-authorized', 'no')
      }),
    })
    await addOrder(world)
    await world.pass(a.until('RunSucceeded'))
    expect(refusals).toBe(5)
    expect(await world.records('orders')).toHaveLength(1)
  })

  test('is missed when its time to begin has passed before it could be produced', async () => {
    const { world, a } = await owner({ started: false })
    await addOrder(world, { trigger: interval('1h'), misfireGraceMs: 1_000 })
    await world.quiet()
    world.faults = ({ to }) => (to.topic === 'orders' ? 'refuse' : 'ok')
    await a.local.start()
    await world.advance(3_600_000)
    a.drop()
    world.faults = () => 'ok'
    await world.advance(60_000)
    const b = await world.node('b', ALLOWED)
    await world.pass(b.until('RunMissed', ({ runId }) => runId !== null))
    expect(await world.records('orders')).toEqual([])
  })

  test('is produced again under the same run and attempt when its owner is gone before the report', async () => {
    const { world, a } = await owner({
      outbox: before(({ topic }) => (topic === 'reports' ? new Promise(() => {}) : undefined)),
    })
    await addOrder(world)
    await world.pass(a.until('RunQueued'))
    await world.advance(60_000)
    expect(await world.records('orders')).toHaveLength(1)
    a.drop()
    const b = await world.node('b', ALLOWED)
    await world.pass(b.until('RunSucceeded'))
    const [first, second, ...more] = (await world.records('orders')).map(headerTexts)
    expect(second).toEqual(first)
    expect(more).toEqual([])
    expect(b.all('RunSucceeded')).toHaveLength(1)
    await world.check(b)
  })

  test('is produced once although two events of its batch ask for it', async () => {
    const { world, a } = await owner({ started: false })
    const job = { trigger: interval('10s'), maxInstances: 2 }
    await addOrder(world, job)
    await world.quiet()
    let hold = true
    world.faults = ({ to }) => (to.topic === 'events' && hold ? 'lose-request' : 'ok')
    await a.local.start()
    await world.advance(9_000)
    // Two runs and their reports meet in batches of one moment.
    for (let i = 0; i < 3; i += 1)
      await world.produce('commands', { key: 'order', value: json({ type: 'RunJob', jobId: 'order' }) })
    hold = false
    await world.advance(60_000)
    const keys = (await world.records('orders'))
      .map(headerTexts)
      .map((texts) => `${texts['horolog-run-id']} ${texts['horolog-attempt']}`)
    expect(keys.length).toBeGreaterThan(5)
    expect(keys).toEqual([...new Set(keys)])
    await world.check(a)
  })

  test('is produced once although its topic was away for days', async () => {
    const gate = Promise.withResolvers<void>()
    const { world, a } = await owner({ outbox: before(({ topic }) => (topic === 'orders' ? gate.promise : undefined)) })
    await addOrder(world)
    await world.pass(a.until('RunQueued'))
    for (let hour = 0; hour < 100; hour += 1) {
      await world.clock.set(world.clock.now() + 3_600_000)
      await world.quiet()
    }
    gate.resolve()
    await world.pass(a.until('RunSucceeded'))
    expect(await world.records('orders')).toHaveLength(1)
  })

  test("is timed out when its topic does not take it within the job's time-out, and is tried again by its policy", async () => {
    let isAway = true
    const { world, a } = await owner({
      outbox: before(({ topic }) => (topic === 'orders' && isAway ? new Promise(() => {}) : undefined)),
    })
    await addOrder(world, { timeoutMs: 30_000, retry: { maxAttempts: 2, initialMs: 1_000 } })
    const later = await world.pass(a.until('RunRetryScheduled'))
    expect(later).toMatchObject({ reason: 'timed-out', error: { name: 'TimeoutError' } })
    isAway = false
    expect(await world.pass(a.until('RunSucceeded'))).toMatchObject({ attempt: 2 })
    await world.check(a)
  })

  test('is not produced any more for an attempt that was timed out while its topic was away', async () => {
    const { world, a } = await owner()
    let isAway = true
    world.faults = ({ to }) => (to.topic === 'orders' && isAway ? 'refuse' : 'ok')
    await addOrder(world, { timeoutMs: 30_000, retry: { maxAttempts: 5, initialMs: 1_000 } })
    await world.advance(65_000)
    isAway = false
    const { attempt } = await world.pass(a.until('RunSucceeded'))
    expect(attempt).toBeGreaterThan(2)
    expect((await world.records('orders')).map(headerTexts)).toMatchObject([{ 'horolog-attempt': String(attempt) }])
    await world.check(a)
  })

  test('is not produced when it is cancelled before its topic is there', async () => {
    let isThere = false
    const { world, a } = await owner()
    world.faults = ({ to }) => (to.topic === 'orders' && !isThere ? 'refuse' : 'ok')
    await addOrder(world, { trigger: interval('1h') })
    await world.advance(3_600_000)
    const { runId } = await a.until('RunQueued')
    await world.pass(a.client.cancelRun(runId))
    a.drop()
    isThere = true
    const b = await world.node('b', ALLOWED)
    await world.advance(10_000)
    expect(await world.records('orders')).toEqual([])
    await world.check(b)
  })
})

describe('a topic that jobs may not deliver to', () => {
  test('is refused when the job is added', async () => {
    const { world, a } = await owner()
    await world.produce('commands', {
      value: json({ type: 'AddJob', job: { id: 'bad', deliver: { topic: 'payroll' } } }),
    })
    await world.quiet()
    expect(a.all('CommandRejected')).toMatchObject([{ code: 'topic-not-allowed', path: 'job.deliver.topic' }])
    expect(await world.records('payroll')).toEqual([])
  })
})

test('a job that delivers at most once is refused: nobody could promise it', async () => {
  const { world, a } = await owner()
  await addOrder(world, { delivery: 'at-most-once' })
  await world.quiet()
  expect(a.all('CommandRejected')).toMatchObject([{ code: 'invalid-option', path: 'job.delivery' }])
})
