/** Commands and reports as records of their topics, from whoever may produce them (protocol §3, §5). */
import { describe, expect, test } from 'vitest'
import { encodeCommand } from '../../src/codec/command-avro.ts'
import { COMMAND_MEMORY_MS } from '../../src/core/limits.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { ENVELOPE } from '../support/inputs.ts'
import { headers, headerTexts, json, parsed } from '../support/topic-records.ts'
import { T0 } from '../support/moments.ts'
import { type TestNode, World } from '../support/world.ts'

const TASKS = { greet: async () => 'hello' }
const HOURLY = { task: 'greet', trigger: interval('1h') }
const REPLY = { 'horolog-reply-to': 'replies' }

const avro = (jobId: string): Uint8Array =>
  encodeCommand({ type: 'AddJob', jobId, ifExists: 'replace', job: HOURLY, ...ENVELOPE })

async function alone(partitions = 1): Promise<{ world: World; a: TestNode }> {
  const world = new World({ partitions, topics: true })
  return { world, a: await world.node('a', { tasks: TASKS }) }
}

/** The id of a job that is not at home on the partition. */
function foreignTo(partition: number, partitions = 3): { id: string; home: number } {
  for (let i = 0; ; i += 1) {
    const id = `job-${i}`
    const home = partitionOf(id, partitions)
    if (home !== partition) return { id, home }
  }
}

async function replies(world: World): Promise<Record<string, unknown>[]> {
  return (await world.records('replies')).map(parsed)
}

describe('a command on its topic', () => {
  test('is a plain job when its headers name a task, and the value is the payload', async () => {
    const { world, a } = await alone()
    const texts = { 'horolog-task': 'greet', 'horolog-schedule': '@every 10s', 'horolog-id': 'plain' }
    await world.produce('commands', { value: json({ name: 'world' }), headers: headers(texts) })
    await world.advance(25_000)
    expect(a.all('JobAdded')).toMatchObject([{ jobId: 'plain', commandId: 'commands/0/0', commandOffset: 0 }])
    expect(a.all('RunSucceeded')).toMatchObject([{ result: 'hello' }, { result: 'hello' }])
    const [run] = await world.records('runs.default')
    expect(Buffer.from(run?.value ?? []).toString()).toBe('{"name":"world"}')
    await world.check(a)
  })

  test('is JSON, Avro, or a tombstone that removes the job of its key', async () => {
    const { world, a } = await alone()
    await world.produce('commands', {
      value: json({ type: 'AddJob', job: { id: 'one', task: 'greet', trigger: HOURLY.trigger } }),
    })
    await world.produce('commands', { value: avro('two') })
    await world.quiet()
    expect(a.client.getJobs().map(({ id }) => id)).toEqual(['one', 'two'])
    await world.produce('commands', { key: 'one', value: null })
    await world.quiet()
    expect(a.client.getJobs().map(({ id }) => id)).toEqual(['two'])
    await world.check(a)
  })

  test('is answered on the topic that it names, keyed by its id: applied, rejected, duplicate', async () => {
    const { world } = await alone()
    const pause = json({ type: 'PauseJob', jobId: 'one' })
    const add = json({ type: 'AddJob', job: { id: 'one', task: 'greet', trigger: HOURLY.trigger } })
    const asked = (id: string): ReturnType<typeof headers> => headers({ ...REPLY, 'horolog-command-id': id })
    await world.produce('commands', { value: pause, headers: asked('c-1') })
    await world.produce('commands', { value: add, headers: asked('c-2') })
    await world.produce('commands', { value: add, headers: asked('c-2') })
    await world.produce('commands', { value: add })
    await world.quiet()
    expect((await world.records('replies')).map(({ key }) => key)).toEqual(['c-1', 'c-2', 'c-2'])
    expect(await replies(world)).toMatchObject([
      { commandId: 'c-1', outcome: 'rejected', code: 'job-not-found', partition: 0 },
      { commandId: 'c-2', outcome: 'applied', events: [{ type: 'JobAdded', jobId: 'one' }] },
      { commandId: 'c-2', outcome: 'duplicate', events: [{ type: 'CommandApplied' }] },
    ])
  })

  test('is answered with what it did, not with what came due before it', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: TASKS, started: false })
    await world.pass(a.client.addJob({ id: 'one', task: 'greet', trigger: interval('10s') }))
    await world.advance(15_000)
    const asked = headers({ ...REPLY, 'horolog-command-id': 'c-1' })
    const value = json({ type: 'RescheduleJob', jobId: 'one', trigger: interval('1h') })
    await world.produce('commands', { value, headers: asked })
    await world.quiet()
    expect(a.all('RunQueued')).toHaveLength(1)
    expect(await replies(world)).toMatchObject([
      { commandId: 'c-1', outcome: 'applied', events: [{ type: 'JobModified', commandId: 'c-1' }] },
    ])
  })

  test('that wants its answer on a topic that is not allowed is rejected, and nothing is produced there', async () => {
    const { world, a } = await alone()
    const value = json({ type: 'AddJob', job: { id: 'one', task: 'greet' } })
    await world.produce('commands', { value, headers: headers({ 'horolog-reply-to': 'payroll' }) })
    await world.quiet()
    expect(a.all('CommandRejected')).toMatchObject([{ code: 'topic-not-allowed', path: 'horolog-reply-to' }])
    expect(await world.records('payroll')).toEqual([])
    expect(a.client.getJobs()).toEqual([])
    // The next owner repeats the effects of that batch.
    const b = await world.node('b', { tasks: TASKS })
    world.cluster.assign(0, 'b', { tellLoser: true })
    await world.quiet()
    expect(b.partition().mode).toBe('owning')
    expect(await world.records('payroll')).toEqual([])
  })

  test('whose reply topic is longer than an event can be is rejected all the same', async () => {
    const { world, a } = await alone()
    const value = json({ type: 'RemoveJob', jobId: 'one' })
    await world.produce('commands', { value, headers: headers({ 'horolog-reply-to': 'x'.repeat(950_000) }) })
    await world.quiet()
    expect(a.all('CommandRejected')).toMatchObject([{ code: 'topic-not-allowed' }])
  })
})

describe('a command on a partition that is not its home', () => {
  test('is sent on once with its id, its headers and its bytes, and answered by its home', async () => {
    const { world, a } = await alone(3)
    const { id, home } = foreignTo(0)
    const value = json({ name: 'x' })
    const given = headers({
      ...REPLY,
      'horolog-task': 'greet',
      'horolog-id': id,
      'content-type': 'application/json',
      mine: '1',
    })
    await world.produce('commands', { partition: 0, value, headers: given })
    await world.quiet()
    expect(a.all('CommandForwarded')).toMatchObject([{ commandId: 'commands/0/0', jobId: id, toPartition: home }])
    const [copy] = await world.records('commands', home)
    expect(copy?.value).toEqual(new Uint8Array(value))
    expect(headerTexts(copy!)).toMatchObject({
      mine: '1',
      ...REPLY,
      'horolog-command-id': 'commands/0/0',
      'horolog-forwarded-from': 'commands/0/0',
      'horolog-forwarded-at': new Date(world.clock.now()).toISOString(),
      'horolog-written-at': new Date(world.clock.now()).toISOString(),
    })
    expect(a.all('JobAdded')).toMatchObject([{ jobId: id, commandId: 'commands/0/0' }])
    expect(await replies(world)).toMatchObject([{ commandId: 'commands/0/0', outcome: 'applied', partition: home }])
    await world.check(a)
  })

  test('counts its times from when it was written, not from when it was sent on or the copy came', async () => {
    const world = new World({ topics: true, partitions: 3 })
    const { id } = foreignTo(0)
    let refused = 3
    world.faults = ({ to, records }) => {
      const isCopy =
        to.topic === 'commands' &&
        records.some(({ headers: all = [] }) => all.some(([name]) => name === 'horolog-forwarded-at'))
      return isCopy && (refused -= 1) >= 0 ? 'refuse' : 'ok'
    }
    const at = world.clock.now()
    await world.produce('commands', {
      partition: 0,
      headers: headers({ 'horolog-task': 'greet', 'horolog-id': id, 'horolog-schedule': '@in 1h' }),
    })
    await world.advance(600_000)
    const a = await world.node('a', { roles: ['owner'] })
    await world.advance(1_000)
    expect(a.all('JobAdded')).toMatchObject([{ jobId: id, nextFireTime: at + 3_600_000 }])
  })

  test.each<[string, string, number]>([
    ['after it was sent on', '2030-01-01T00:00:00.000Z', 0],
    ['at no time at all', 'yesterday', 0],
    ['before', new Date(T0 - 60_000).toISOString(), -60_000],
  ])('counts its times from when it was sent on at the latest: written %s', async (_when, text, ms) => {
    const { world, a } = await alone(3)
    const { id, home } = foreignTo(0)
    const at = world.clock.now()
    const forwarded = { 'horolog-forwarded-from': 'commands/0/0', 'horolog-forwarded-at': new Date(at).toISOString() }
    const job = { 'horolog-task': 'greet', 'horolog-id': id, 'horolog-schedule': '@in 1h' }
    await world.produce('commands', {
      partition: home,
      headers: headers({ ...job, ...forwarded, 'horolog-written-at': text }),
    })
    await world.quiet()
    expect(a.all('JobAdded')).toMatchObject([{ jobId: id, nextFireTime: at + 3_600_000 + ms }])
  })

  test('is done once when it was sent on twice', async () => {
    const { world, a } = await alone(3)
    const { id, home } = foreignTo(0)
    const value = json({ type: 'AddJob', job: { id, ...HOURLY } })
    await world.produce('commands', { partition: 0, value })
    await world.quiet()
    const [copy] = await world.records('commands', home)
    await world.produce('commands', copy!)
    await world.quiet()
    expect(a.all('JobAdded')).toHaveLength(1)
    expect(a.all('CommandApplied')).toMatchObject([{ commandId: 'commands/0/0', duplicate: true }])
  })

  test('is expired, and a dead letter, when it comes later than ids are remembered', async () => {
    const { world, a } = await alone(3)
    const { id, home } = foreignTo(0)
    await world.produce('commands', { partition: 0, value: json({ type: 'AddJob', job: { id, ...HOURLY } }) })
    await world.quiet()
    const [copy] = await world.records('commands', home)
    await world.advance(COMMAND_MEMORY_MS)
    await world.produce('commands', copy!)
    await world.quiet()
    expect(a.all('CommandRejected')).toMatchObject([{ code: 'expired', jobId: id }])
    const [dead] = await world.records('dead-letters')
    expect(headerTexts(dead!)).toMatchObject({
      'horolog-error': 'expired',
      'horolog-partition': String(home),
      'horolog-offset': '1',
    })
  })

  test.each(['horolog-forwarded-at', 'horolog-forwarded-from'])(
    'is rejected when %s says that it was sent on before',
    async (name) => {
      const { world, a } = await alone(3)
      const { id, home } = foreignTo(0)
      const texts =
        name === 'horolog-forwarded-at'
          ? { [name]: new Date(world.clock.now()).toISOString() }
          : { [name]: 'commands/1/7' }
      await world.produce('commands', {
        partition: 0,
        value: json({ type: 'AddJob', job: { id, ...HOURLY } }),
        headers: headers(texts),
      })
      await world.quiet()
      expect(a.all('CommandRejected')).toMatchObject([{ code: 'malformed' }])
      expect(a.all('CommandForwarded')).toEqual([])
      expect(await world.records('commands', home)).toEqual([])
      expect(await world.records('dead-letters')).toHaveLength(1)
    },
  )
})

describe('poison', () => {
  const random = (seed: number, length: number): Uint8Array => {
    let x = seed * 2_654_435_761
    return Uint8Array.from({ length }, () => (x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0) >>> 24)
  }
  const POISON: readonly [string, Uint8Array][] = [
    ...Array.from({ length: 40 }, (_, i): [string, Uint8Array] => [`random bytes ${i}`, random(i + 1, 1 + i * 7)]),
    ['nothing', new Uint8Array(0)],
    ['Avro of an unknown schema', Uint8Array.from([0xc3, 1, ...random(7, 40)])],
    ['Avro that claims a huge array', Uint8Array.from([...avro('x').subarray(0, 10), 0xff, 0xff, 0xff, 0xff, 0x7f])],
    ['cut Avro', avro('x').slice(0, 14)],
    ['Confluent framing', Uint8Array.from([0, 0, 0, 0, 1, 2, 3])],
    ['JSON that is cut', Buffer.from('{"type":"AddJob"')],
    ['JSON of no type', json({ jobId: 'x' })],
    ['JSON of an unknown type', json({ type: 'Explode' })],
    ['deep JSON', Buffer.from(`{"type":"AddJob","job":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
    ['JSON with __proto__', Buffer.from('{"type":"AddJob","__proto__":{"x":1}}')],
    ['huge JSON', Buffer.from(`{"type":"${'x'.repeat(950_000)}"}`)],
    ['huge bytes', new Uint8Array(990_000).fill(9)],
    ['the largest record', new Uint8Array(999_900).fill(9)],
  ]

  test.each(['commands', 'reports'])(
    'on %s stops nobody: each has its event and its dead letter as it was found',
    async (topic) => {
      const { world, a } = await alone()
      for (const [name, value] of POISON) {
        await world.produce(topic, { key: name.slice(0, 20), value, headers: headers({ mine: name }) })
      }
      await world.pass(a.client.addJob({ id: 'good', task: 'greet', trigger: interval('1s') }))
      await world.pass(a.until('RunSucceeded'))
      const events = topic === 'commands' ? a.all('CommandRejected') : a.all('ReportIgnored')
      expect(events).toHaveLength(POISON.length)
      const dead = await world.records('dead-letters')
      const found = new Map(dead.map((record) => [headerTexts(record)['mine'], record]))
      for (const [offset, [name, value]] of POISON.entries()) {
        const letter = found.get(name)
        const isCut = name === 'the largest record'
        expect({ name, key: letter?.key, value: letter?.value }).toEqual({
          name,
          key: name.slice(0, 20),
          value: isCut ? null : new Uint8Array(value),
        })
        expect(headerTexts(letter!)).toEqual({
          mine: name,
          'horolog-error': expect.stringMatching(/^[a-z-]+$/),
          'horolog-reason': expect.stringMatching(/./),
          'horolog-topic': topic,
          'horolog-partition': '0',
          'horolog-offset': String(offset),
        })
      }
      expect(dead).toHaveLength(POISON.length)
      expect(a.failures).toEqual([])
      await world.check(a)
    },
    30_000,
  )

  test('of headers that are no UTF-8, or that are unknown, is answered and goes on', async () => {
    const { world, a } = await alone()
    await world.produce('commands', { value: null, headers: [['horolog-task', Uint8Array.from([0xff, 0xfe])]] })
    await world.produce('commands', { value: null, headers: [['horolog-command-id', Uint8Array.from([0xff, 0xfe])]] })
    await world.produce('commands', {
      value: null,
      headers: headers({ 'horolog-task': 'greet', 'horolog-shedule': '@daily' }),
    })
    await world.produce('commands', { value: null })
    await world.pass(a.client.addJob({ id: 'good', ...HOURLY }))
    expect(a.all('CommandRejected').map(({ commandId }) => commandId)).toEqual(
      [0, 1, 2, 3].map((offset) => `commands/0/${offset}`),
    )
    expect(a.failures).toEqual([])
  })
})

describe('a report on its topic', () => {
  const never = { greet: () => new Promise(() => {}) }

  async function running(partitions = 1) {
    const world = new World({ partitions, topics: true })
    const a = await world.node('a', { tasks: never })
    await world.pass(a.client.addJob({ id: 'job', task: 'greet' }))
    const { runId } = await world.pass(a.until('RunQueued'))
    return { world, a, runId, home: partitionOf('job', partitions) }
  }

  test.each([
    [
      'JSON',
      (runId: string) => ({
        value: json({
          type: 'succeeded',
          runId,
          attempt: 1,
          at: '2027-01-01T00:00:00.000Z',
          executor: 'x:1:y',
          result: 7,
        }),
      }),
    ],
    [
      'headers',
      (runId: string) => ({
        value: json(7),
        headers: headers({ 'horolog-run-id': runId, 'horolog-attempt': '1', 'horolog-outcome': 'succeeded' }),
      }),
    ],
  ])('as %s ends its run', async (_form, record) => {
    const { world, a, runId } = await running()
    await world.produce('reports', record(runId))
    await world.quiet()
    expect(a.all('RunSucceeded')).toMatchObject([{ runId, result: 7 }])
    await world.check(a)
  })

  test('on a wrong partition is sent on to its home, once', async () => {
    const { world, a, runId, home } = await running(3)
    const wrong = (home + 1) % 3
    const record = {
      value: json('done'),
      headers: headers({ 'horolog-run-id': runId, 'horolog-attempt': '1', 'horolog-outcome': 'succeeded' }),
    }
    await world.produce('reports', { partition: wrong, ...record })
    await world.quiet()
    expect(a.all('RunSucceeded')).toMatchObject([{ runId, result: 'done' }])
    expect(a.all('CommandForwarded')).toMatchObject([{ reportOffset: 0, toPartition: home, commandId: null }])
    const [copy] = await world.records('reports', home)
    expect(headerTexts(copy!)['horolog-forwarded-from']).toBe(`reports/${wrong}/0`)
    await world.produce('reports', { ...copy!, partition: wrong })
    await world.quiet()
    expect(a.all('CommandForwarded')).toHaveLength(1)
    expect(a.all('ReportIgnored')).toMatchObject([{ why: 'malformed', reportOffset: 1 }])
    await world.check(a)
  })
})

describe('inputs that are there no more', () => {
  test('because retention took them are said to be lost, and those after them are read', async () => {
    const world = new World({ topics: true })
    for (let i = 0; i < 10; i += 1) {
      await world.produce('commands', { value: json({ type: 'AddJob', job: { id: `job-${i}`, ...HOURLY } }) })
      await world.produce('reports', { value: json({}) })
    }
    world.cluster.trim({ topic: 'commands', partition: 0 }, 6)
    world.cluster.trim({ topic: 'reports', partition: 0 }, 10)
    const a = await world.node('a', { tasks: TASKS })
    await world.quiet()
    expect(a.all('InputLost')).toMatchObject([
      { topic: 'reports', from: 0, to: 10 },
      { topic: 'commands', from: 0, to: 6 },
    ])
    expect(a.client.getJobs().map(({ id }) => id)).toEqual(['job-6', 'job-7', 'job-8', 'job-9'])
    expect((await world.fold()).cursor).toMatchObject({ commandsThrough: 9, reportsThrough: 9 })
    await world.check(a)
  })

  test('because the topic is shorter than it was are said to be lost, and what comes then is read', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', { tasks: TASKS })
    for (let i = 0; i < 5; i += 1)
      await world.produce('commands', { value: json({ type: 'RemoveJob', jobId: `job-${i}` }) })
    await world.quiet()
    a.drop()
    world.cluster.truncate({ topic: 'commands', partition: 0 }, 2)
    const b = await world.node('b', { tasks: TASKS })
    await world.quiet()
    expect(b.all('InputLost')).toMatchObject([{ topic: 'commands', from: 2, to: 5 }])
    expect(b.all('CommandRejected').filter(({ epoch }) => epoch === 2)).toEqual([])
    await world.produce('commands', { value: json({ type: 'AddJob', job: { id: 'good', ...HOURLY } }) })
    await world.advance(10_000)
    expect(b.client.getJobs()).toHaveLength(1)
    expect((await world.fold()).cursor.commandsThrough).toBe(2)
    await world.check(b)
  })

  test('because the topic was made anew are said to be lost, and all that it holds by then is decided, while it is read or not', async () => {
    const world = new World({ topics: true })
    const add = async (id: string): Promise<void> => {
      await world.advance(1_000)
      await world.produce('commands', {
        value: json({ type: 'AddJob', commandId: `add ${id}`, job: { id, ...HOURLY } }),
      })
    }
    const a = await world.node('a', { tasks: TASKS })
    for (const id of ['one', 'two', 'three', 'four']) await add(id)
    await world.quiet()
    world.cluster.truncate({ topic: 'commands', partition: 0 }, 0)
    for (const id of ['five', 'six']) await add(id)
    await world.quiet()
    expect(a.all('InputLost')).toMatchObject([{ topic: 'commands', from: 0, to: 4 }])
    expect(a.client.getJobs()).toHaveLength(6)
    // Owners that come and decide nothing are no reason to take a command for decided.
    a.drop()
    world.cluster.truncate({ topic: 'commands', partition: 0 }, 0)
    await add('seven')
    const b = await world.node('b', { tasks: TASKS, log: failing })
    await world.advance(5_000)
    b.drop()
    const c = await world.node('c', { tasks: TASKS })
    await world.quiet()
    expect(c.all('InputLost').at(-1)).toMatchObject({ topic: 'commands', from: 0, to: 2 })
    expect(c.client.getJobs()).toHaveLength(7)
    expect((await world.fold()).cursor.commandsThrough).toBe(0)
    await world.check(c)
  })
})

/** A log that shows no commands. */
function failing(log: EventLog): EventLog {
  return {
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
    async read(from, offset, bytes) {
      if (from.topic === 'commands') throw new LogError('unavailable', 'away', { retryable: true })
      return log.read(from, offset, bytes)
    },
  }
}
