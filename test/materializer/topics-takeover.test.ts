/** Owners that are gone, or overtaken, in the middle of anything: what the next one does about it. */
import { describe, expect, test } from 'vitest'
import type { AppendFate } from '../../src/adapters/memory/memory-log.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { Outbox, OutgoingRecord } from '../../src/ports/outbox.ts'
import { promises } from '../sim/promises.ts'
import { headers, headerTexts, json, parsed } from '../support/topic-records.ts'
import { type TestNode, World } from '../support/world.ts'

const greet = { greet: () => 'hello' }
const HOURLY = { task: 'greet', trigger: interval('1h') }
const PARTITIONS = 2

/** A job id at home on the partition. */
function homeOn(partition: number): string {
  for (let i = 0; ; i += 1) if (partitionOf(`job-${i}`, PARTITIONS) === partition) return `job-${i}`
}

/** Commands of all kinds, each with an effect of its own. */
async function askAll(world: World): Promise<void> {
  const asked = (id: string): ReturnType<typeof headers> =>
    headers({ 'horolog-command-id': id, 'horolog-reply-to': 'replies' })
  const add = (id: string, job: object): Uint8Array => json({ type: 'AddJob', job: { id, ...job } })
  await world.produce('commands', { partition: 0, headers: asked('home'), value: add(homeOn(0), { task: 'greet' }) })
  await world.produce('commands', { partition: 0, headers: asked('sent-on'), value: add(homeOn(1), { task: 'greet' }) })
  await world.produce('commands', { partition: 0, headers: asked('poison'), value: Buffer.from('poison') })
  const once = { task: 'greet', delivery: 'at-most-once', timeoutMs: 5_000 }
  await world.produce('commands', { key: 'once', headers: asked('once'), value: add('once', once) })
  const deliver = { deliver: { topic: 'orders' } }
  await world.produce('commands', { key: 'order', headers: asked('order'), value: add('order', deliver) })
  await world.produce('commands', {
    partition: 0,
    headers: asked('refused'),
    value: json({ type: 'PauseJob', jobId: homeOn(0) + '-x' }),
  })
}

type Trouble = Exclude<AppendFate, object | 'ok'> | 'crash before' | 'crash after'

/** How many appends the first owner made. */
async function withTrouble(trouble: Trouble, place: number): Promise<number> {
  const world = new World({ partitions: PARTITIONS, topics: true })
  const executed: { runId: string; attempt: number }[] = []
  const tasks = { greet: ({ run }: { run: { runId: string; attempt: number } }) => void executed.push(run) }
  const options = { tasks, deliverTopics: ['orders'] }
  const a = await world.node('a', options)
  const b = await world.node('b', options)
  for (let partition = 0; partition < PARTITIONS; partition += 1)
    world.cluster.assign(partition, 'a', { tellLoser: true })
  await world.quiet()
  let appends = 0
  world.faults = ({ member }) => {
    if (member !== 'a') return 'ok'
    appends += 1
    if (appends !== place) return 'ok'
    if (!trouble.startsWith('crash')) return trouble as AppendFate
    a.drop()
    return trouble === 'crash before' ? 'lose-request' : 'lose-reply'
  }
  await askAll(world)
  await world.advance(30_000)
  world.faults = () => 'ok'
  await world.advance(30_000)
  const alive = a.isGone ? [b] : [a, b]
  await promises(world, alive, { executed })
  const succeeded = alive[0]!.all('RunSucceeded').map(({ jobId }) => jobId)
  const due = [homeOn(0), homeOn(1), 'order']
  expect(new Set([...succeeded, 'once']), 'runs').toEqual(new Set([...due, 'once']))
  const records = new Set((await world.records('runs.default')).map(({ key }) => key))
  expect(records, 'run records').toEqual(new Set([homeOn(0), homeOn(1), 'once']))
  const replies = new Set((await world.records('replies')).map(({ key }) => key))
  expect(replies, 'replies').toEqual(new Set(['home', 'sent-on', 'poison', 'once', 'order', 'refused']))
  expect((await world.records('dead-letters')).map(({ value }) => String(Buffer.from(value ?? [])))).toContain('poison')
  expect(await world.records('orders')).not.toEqual([])
  return appends
}

describe('whatever becomes of any one append of an owner, nothing is missing and nothing is decided twice:', () => {
  const TROUBLES: readonly Trouble[] = ['refuse', 'lose-request', 'lose-reply', 'crash before', 'crash after']

  test.each(TROUBLES)(
    '%s',
    async (trouble) => {
      const appends = await withTrouble('refuse', 0)
      expect(appends).toBeGreaterThan(20)
      for (let place = 1; place <= appends; place += 1) {
        await withTrouble(trouble, place).catch((error: unknown) => {
          throw new Error(`append ${place}: ${(error as Error).stack}`, { cause: error })
        })
      }
    },
    30_000,
  )
})

/** An outbox that is as if its cluster were away for some records. */
function hanging(isHeld: (record: OutgoingRecord) => boolean): (outbox: Outbox) => Outbox {
  return (outbox) => ({
    send: (record) => (isHeld(record) ? new Promise(() => {}) : outbox.send(record)),
    close: () => outbox.close(),
  })
}

async function nextOwner(world: World, a: TestNode, tasks = greet): Promise<TestNode> {
  a.drop()
  const b = await world.node('b', { tasks })
  await world.quiet()
  return b
}

describe('the next owner', () => {
  test('hands over a run whose record did not leave, under the same attempt', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: greet, outbox: hanging(({ topic }) => topic === 'runs.default') })
    await world.pass(a.client.addJob({ id: 'job', task: 'greet' }))
    const { runId } = await world.pass(a.until('RunQueued'))
    await world.advance(60_000)
    const b = await nextOwner(world, a)
    expect((await world.records('runs.default')).map((record) => headerTexts(record))).toMatchObject([
      { 'horolog-run-id': runId, 'horolog-attempt': '1', 'horolog-epoch': '2' },
    ])
    expect(b.all('RunSucceeded')).toMatchObject([{ runId, attempt: 1 }])
    await world.check(b)
  })

  test('does not hand over a run that is over meanwhile', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: greet, outbox: hanging(({ topic }) => topic === 'runs.default') })
    await world.pass(a.client.addJob({ id: 'job', ...HOURLY }))
    await world.advance(3_600_000)
    const { runId } = await a.until('RunQueued')
    await world.pass(a.client.cancelRun(runId))
    const b = await nextOwner(world, a)
    await world.advance(20_000)
    expect(await world.records('runs.default')).toEqual([])
    expect(b.all('RunSucceeded')).toEqual([])
    await world.check(b)
  })

  test('hands over a run that the end of another let go, also when their job was removed since', async () => {
    const world = new World({ topics: true })
    const gate = Promise.withResolvers<void>()
    let isHeld = false
    const outbox = hanging(({ topic }) => topic === 'runs.default' && isHeld)
    const a = await world.node('a', { tasks: { greet: () => gate.promise }, outbox })
    await world.pass(a.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s'), overlap: 'queue' }))
    await world.advance(25_000)
    isHeld = true
    gate.resolve()
    await world.pass(a.until('RunSucceeded'))
    await world.pass(a.client.removeJob('job'))
    const b = await nextOwner(world, a)
    expect([a.all('JobRemoved').length, a.all('RunSucceeded').length, b.all('RunSucceeded').length]).toEqual([1, 1, 1])
    expect([...b.partition().state.runs()]).toEqual([])
    await world.check(b)
  })

  test('repeats neither a grant nor a request to stop for an attempt that is over', async () => {
    const world = new World({ topics: true })
    const never = { greet: () => new Promise<never>(() => {}) }
    const a = await world.node('a', { tasks: never, outbox: hanging(({ topic }) => topic === 'control') })
    await world.pass(a.client.addJob({ id: 'once', task: 'greet', delivery: 'at-most-once', timeout: '5s' }))
    await world.pass(a.until('RunGranted'))
    await world.pass(a.until('RunLost'))
    const b = await nextOwner(world, a)
    await world.advance(20_000)
    expect((await world.records('control')).map(parsed).map(({ type }) => type)).toEqual(['CancelRun'])
    expect(b.partition().mode).toBe('owning')
    await world.check(b)
  })

  test('repeats the grant of an attempt that waits for it, and it runs once', async () => {
    const world = new World({ topics: true })
    let ran = 0
    const tasks = { greet: () => (ran += 1) }
    const a = await world.node('a', { tasks, roles: ['owner'], outbox: hanging(({ topic }) => topic === 'control') })
    const worker = await world.node('worker', { tasks, roles: ['executor'] })
    await world.pass(a.client.addJob({ id: 'once', task: 'greet', delivery: 'at-most-once', timeout: '5m' }))
    await world.pass(a.until('RunGranted'))
    expect(ran).toBe(0)
    a.drop()
    const b = await world.node('b', { roles: ['owner'] })
    await world.pass(b.until('RunSucceeded'))
    expect(ran).toBe(1)
    await world.check(b, worker)
  })

  test('answers and sends on what was not, with the bytes read again, and copies dead letters', async () => {
    const world = new World({ partitions: PARTITIONS, topics: true })
    const isHeld = ({ topic }: OutgoingRecord): boolean => ['replies', 'commands', 'dead-letters'].includes(topic)
    const a = await world.node('a', { tasks: greet, outbox: hanging(isHeld) })
    await askAll(world)
    await world.advance(60_000)
    expect(await world.records('replies')).toEqual([])
    const b = await nextOwner(world, a)
    await world.advance(60_000)
    const replies = (await world.records('replies')).map(({ key }) => key)
    expect(replies).toHaveLength(6)
    expect(new Set(replies)).toEqual(new Set(['home', 'once', 'order', 'poison', 'refused', 'sent-on']))
    expect(await world.records('dead-letters')).toHaveLength(1)
    expect(b.all('JobAdded').map(({ jobId }) => jobId)).toContain(homeOn(1))
    await world.check(b)
  })

  test('takes up the commands where the last accepted batch says, not where they were read to', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: greet })
    let isStuck = false
    world.faults = ({ member, to }) => (isStuck && member === 'a' && to.topic === 'events' ? 'lose-request' : 'ok')
    await world.pass(a.client.addJob({ id: 'first', ...HOURLY }))
    isStuck = true
    for (let i = 0; i < 50; i += 1)
      await world.produce('commands', { key: `job-${i}`, value: json({ type: 'AddJob', job: HOURLY }) })
    await world.advance(1_000)
    const b = await nextOwner(world, a)
    expect(b.all('JobAdded')).toHaveLength(50)
    expect(b.client.getJobs()).toHaveLength(51)
    await world.check(b)
  })
})

test('a partition that is given and taken away again at any moment is followed, not owned', async () => {
  for (let turns = 0; turns < 40; turns += 1) {
    const world = new World({ topics: true })
    const a = await world.node('a', { roles: ['owner'] })
    const b = await world.node('b', { roles: ['owner'] })
    // b is busy with what came when it is told.
    for (let i = 0; i < 3; i += 1)
      void world.produce('commands', { key: `job-${i}`, value: json({ type: 'AddJob', job: HOURLY }) })
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    world.cluster.assign(0, 'b', { tellLoser: true })
    for (let turn = 0; turn < turns % 7; turn += 1) await Promise.resolve()
    world.cluster.assign(0, 'a', { tellLoser: true })
    await world.advance(1_000)
    expect([a.partition().mode, b.partition().mode], `after ${turns} turns`).toEqual(['owning', 'following'])
    await world.pass(a.client.addJob({ id: 'last', ...HOURLY }))
    await world.check(a, b)
  }
})

describe('an owner that does not know that it was replaced', () => {
  test('sends nothing for what only it decided', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { roles: ['owner'] })
    const b = await world.node('b', { roles: ['owner'] })
    await world.pass(a.client.addJob({ id: 'job', task: 'greet', trigger: interval('10s') }))
    world.cluster.assign(0, 'b', { tellLoser: false })
    await world.quiet()
    expect([a.partition().mode, b.partition().mode]).toEqual(['owning', 'owning'])
    const asked = headers({ 'horolog-reply-to': 'replies' })
    for (let i = 0; i < 5; i += 1) {
      await world.produce('commands', { value: json({ type: 'RunJob', jobId: 'job' }), headers: asked })
      await world.produce('commands', { value: Buffer.from('poison'), headers: asked })
      await world.advance(10_000)
    }
    const { events, refused } = await world.fold()
    expect(refused.length, 'it tried').toBeGreaterThan(0)
    const accepted = new Set(events.flatMap((event) => (event.type === 'RunQueued' ? [event.runId] : [])))
    const sent = (await world.records('runs.default')).map((record) => headerTexts(record))
    for (const { 'horolog-run-id': runId = '' } of sent) expect(accepted).toContain(runId)
    expect(sent.filter((texts) => texts['horolog-epoch'] === '1')).toEqual([])
    expect(await world.records('replies')).toHaveLength(10)
    expect(await world.records('dead-letters')).toHaveLength(5)
    await world.check(a, b)
  })

  test('and is given the partition again handles what was read before once', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    for (let i = 0; i < 20; i += 1) {
      await world.produce('commands', {
        key: `job-${i}`,
        value: json({ type: 'AddJob', ifExists: 'reject', job: HOURLY }),
      })
      world.cluster.assign(0, i % 2 === 0 ? 'b' : 'a', { tellLoser: i % 3 === 0 })
      for (let turn = 0; turn < i; turn += 1) await Promise.resolve()
    }
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.advance(10_000)
    expect(b.all('JobAdded')).toHaveLength(20)
    expect(b.all('CommandRejected')).toEqual([])
    await world.check(a, b)
  })

  test('and reads what a finished run left puts nothing into the inbox of its own later ownership', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: greet })
    const b = await world.node('b', { tasks: greet })
    await world.pass(a.client.addJob({ id: 'job', ...HOURLY }))
    await world.advance(3_600_000)
    const { runId } = await a.until('RunSucceeded')
    for (let turns = 0; turns < 30; turns += 1) {
      await world.produce('commands', { key: 'job', value: json({ type: 'RetryRun', jobId: 'job', runId }) })
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      world.cluster.assign(0, 'b', { tellLoser: true })
      world.cluster.assign(0, 'a', { tellLoser: true })
      await world.advance(1_000)
    }
    const answers = a.facts.filter((event) => 'commandOffset' in event && event.commandOffset !== null)
    const offsets = answers.map((event) => ('commandOffset' in event ? event.commandOffset : null))
    expect(offsets).toEqual([...new Set(offsets)])
    await world.check(a, b)
  })
})
