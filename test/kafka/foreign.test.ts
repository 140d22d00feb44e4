/**
 * The examples in Python, Java and kcat against a real broker, with a scheduler in this process that owns the partitions and
 * executes nothing: what other languages see and do is what docs/protocol.md says.
 */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { crontab, type EventType } from '../../src/index.ts'
import { readEvents } from '../support/foreign/accepted.ts'
import {
  type Command,
  EXAMPLES,
  javaClient,
  kcatClient,
  presentOrSkipped,
  pythonClient,
} from '../support/foreign/clients.ts'
import type { HeardEvent } from '../support/foreign/heard.ts'
import { type ForeignOwner, PARTITIONS, startOwner } from '../support/foreign/owner.ts'
import { finish, Program, stopPrograms } from '../support/foreign/program.ts'
import { connectedProducer, kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, uniqueName } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'

const TYPES: readonly EventType[] = [
  'CommandForwarded',
  'CommandRejected',
  'JobAdded',
  'JobRemoved',
  'ReportIgnored',
  'RunCancelled',
  'RunFailed',
  'RunQueued',
  'RunRetryScheduled',
  'RunSucceeded',
]

interface Reply {
  readonly commandId: string
  readonly outcome: string
  readonly code?: string
  readonly partition: number
  readonly events: readonly HeardEvent[]
}

const python = await presentOrSkipped('the examples in Python', pythonClient)
const java = await presentOrSkipped('the examples in Java', javaClient)
const kcat = await presentOrSkipped('the examples with kcat', kcatClient)

let owner: ForeignOwner

/** `describe`, skipped when the client is missing. */
function describeClient(name: string, client: Command | null, tests: (client: Command) => void): void {
  const describeOrSkip = client === null ? describe.skip : describe
  describeOrSkip(name, () => tests(client ?? ['none']))
}

/** The program of an example with what each wants first: broker and namespace. */
function example(client: Command, file: string): Command {
  return [...client, join(EXAMPLES, file), owner.bootstrap, owner.namespace]
}

function script(name: string): Command {
  return [join(EXAMPLES, 'kcat', name), owner.bootstrap, owner.namespace]
}

function replyOf(lines: readonly string[]): Reply {
  return JSON.parse(lines.at(-1) ?? '') as Reply
}

/** Any other than the home of the job. */
function wrongPartition(jobId: string): number {
  return (partitionOf(jobId, PARTITIONS) + 1) % PARTITIONS
}

describeOnKafka('the examples', () => {
  beforeAll(async () => {
    owner = await startOwner(['jvm', 'hand'], TYPES)
  })
  afterEach(stopPrograms)
  afterAll(() => owner.stop())

  describeClient('in Python', python, (client) => {
    test.each(['headers', 'json', 'avro'])(
      'add a job as %s, and learn from the reply that it was added',
      async (form) => {
        const id = uniqueName(form)
        const args = [form, id, 'greet', '{"name":"Zoë"}', '0 9 * * 1-5']
        const reply = replyOf((await finish(example(client, 'python/submit.py'), args)).lines)
        expect(reply).toMatchObject({ outcome: 'applied', partition: partitionOf(id, PARTITIONS) })
        expect(reply.events).toMatchObject([{ type: 'JobAdded', jobId: id, definition: { payload: { name: 'Zoë' } } }])
        expect(owner.scheduler.getJob(id)?.trigger).toMatchObject({ type: 'crontab', expression: '0 9 * * 1-5' })
      },
    )

    test('learn from the reply that a job was rejected, and why', async () => {
      const args = ['json', uniqueName('bad'), 'greet', '{}', '99 * * * *']
      const ended = await new Program(example(client, 'python/submit.py'), args).ended
      expect({ code: ended.code, ...replyOf(ended.lines) }).toMatchObject({
        code: 'invalid-trigger',
        outcome: 'rejected',
      })
      expect(ended.code).toBe(1)
    })

    test('execute runs as a consumer group, whatever becomes of them, and commit what is done', async () => {
      const worker = new Program(example(client, 'python/worker.py'), ['default'])
      const id = { good: uniqueName('good'), bad: uniqueName('bad'), unknown: uniqueName('unknown') }
      await owner.scheduler.addJob({ id: id.good, task: 'greet', payload: { name: 'Ada' } })
      await owner.scheduler.addJob({ id: id.bad, task: 'divide', payload: { dividend: 1, divisor: 0 } })
      await owner.scheduler.addJob({ id: id.unknown, task: 'nothing-like-it' })
      expect(await owner.heard.event('RunSucceeded', { jobId: id.good })).toMatchObject({
        attempt: 1,
        result: { greeted: 'Ada', by: 'python' },
      })
      expect(await owner.heard.event('RunFailed', { jobId: id.bad })).toMatchObject({
        error: { name: 'ZeroDivisionError', message: 'division by zero' },
      })
      const retried = await owner.heard.event('RunRetryScheduled', { jobId: id.unknown })
      expect(retried).toMatchObject({ reason: 'unknown-task' })
      await owner.scheduler.removeJob(id.unknown)
      // Its next attempt may have been handed out a moment before: that one fails.
      await Promise.race([
        owner.heard.event('RunCancelled', { jobId: id.unknown }),
        owner.heard.event('RunFailed', { jobId: id.unknown }),
      ])
      expect(await until(async () => (await lagOf('default')) === 0, 20_000)).toBe(true)
      expect(await worker.stop()).toMatchObject({ code: 0, said: '' })
    })

    test('say of what is no run that it is none, and go on', async () => {
      const whole = { 'horolog-run-id': 'a/1-1-0/x', 'horolog-attempt': '1', 'horolog-task': 't', 'horolog-epoch': '1' }
      const given = [{}, { 'horolog-run-id': null }, whole, { ...whole, 'horolog-attempt': 'x' }]
      const send = `import json, sys; from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1]})
for headers in json.loads(sys.argv[3]): producer.produce(sys.argv[2], headers=headers, partition=0)
producer.flush()`
      const to = [owner.bootstrap, `${owner.namespace}.runs.default`, JSON.stringify(given)]
      await finish([...client, '-c', send], to)
      const worker = new Program(example(client, 'python/worker.py'), ['default'])
      expect(await until(async () => (await lagOf('default')) === 0, 20_000)).toBe(true)
      const { code, said } = await worker.stop()
      expect([code, said.match(/is no run\n/g)?.length]).toEqual([0, given.length])
    })

    test.each([
      ['stop at what announces an owner and is of a type that they do not know', 2, 0, 1],
      ['stop at such a type in the next batch', 1, 1, 1],
      ['pass over such a type in a copy', 1, 0, 0],
      ['pass over such a type in a batch of nobody', 2, 1, 0],
    ])('%s', async (_what, epoch, seq, code) => {
      const reading =
        'import sys; from reader import Reader; r = Reader(); [r.take(bytes.fromhex(l)) for l in sys.stdin]'
      const at = `import sys; sys.path.insert(0, ${JSON.stringify(join(EXAMPLES, 'python'))}); ${reading}`
      const { records } = await readEvents(owner, 0)
      const [first] = records
      const unknown = Buffer.from([0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8, epoch * 2, seq * 2, 0])
      const lines = [first?.value ?? [], unknown].map((value) => Buffer.from(value).toString('hex')).join('\n')
      const ended = await new Program([...client, '-c', at], [], lines).ended
      const isTold = ended.said.includes('a type that this reader does not know')
      expect({ code: ended.code, isTold }).toEqual({ code, isTold: code !== 0 })
    })

    test('follow the events by the rule of acceptance: copies, rivals and strangers on the topic count for nothing', async () => {
      const id = uniqueName('followed')
      const home = partitionOf(id, PARTITIONS)
      await owner.scheduler.addJob({ id, task: 'greet', trigger: crontab('@yearly') })
      await plantZombies(home)
      const submitted = await finish(example(client, 'python/submit.py'), ['headers', id, 'greet', '{}', '@daily'])
      const { commandId } = replyOf(submitted.lines)
      const follower = new Program(example(client, 'python/follow.py'), [])
      const lines = await follower.printed((printed) => printed.some((line) => line.includes(commandId)))
      await follower.stop()
      const told = lines.map((line) => JSON.parse(line) as HeardEvent)
      expect(told.find((event) => event['commandId'] === commandId)).toMatchObject({ type: 'JobModified', jobId: id })
      const followed = told
        .filter(({ partition }) => partition === home)
        .map(({ epoch, seq, index, type }) => ({ epoch, seq, index, type }))
      const { accepted, records } = await readEvents(owner, home)
      const ours = accepted.map(({ event: { epoch, seq, index, type } }) => ({ epoch, seq, index, type }))
      expect(followed).toEqual(ours.slice(0, followed.length))
      expect(records.length).toBeGreaterThan(accepted.length + 3)
      expect(owner.scheduler.getJob('planted')).toBeUndefined()
    })
  })

  describeClient('in Java', java, (client) => {
    test('add jobs by headers and as JSON, and execute them as a consumer group', async () => {
      const worker = new Program(example(client, 'java/Worker.java'), ['jvm'])
      const [plain, asJson] = [uniqueName('plain'), uniqueName('json')]
      const submit = example(client, 'java/Submit.java')
      const replies = [
        replyOf((await finish(submit, ['headers', plain, 'shout', 'grüezi', '@yearly'])).lines),
        replyOf((await finish(submit, ['json', asJson, 'shout', 'say "hi"', '@yearly'])).lines),
      ]
      expect(replies).toMatchObject([
        { outcome: 'applied', events: [{ jobId: plain }] },
        { outcome: 'applied', events: [{ jobId: asJson }] },
      ])
      for (const id of [plain, asJson]) {
        await owner.scheduler.modifyJob(id, { executor: 'jvm' })
        await owner.scheduler.runJob(id)
      }
      expect(await owner.heard.event('RunSucceeded', { jobId: plain })).toMatchObject({ result: 'GRÜEZI!' })
      expect(await owner.heard.event('RunSucceeded', { jobId: asJson })).toMatchObject({
        result: '"SAY \\"HI\\""!',
      })
      expect(await until(async () => (await lagOf('jvm')) === 0, 20_000)).toBe(true)
      await worker.stop()
    })
  })

  describeClient('with kcat', kcat, (client) => {
    test('add a job by headers, and remove it by a tombstone', async () => {
      const id = uniqueName('shell')
      const asked = [`horolog-reply-to=${owner.namespace}.replies`, 'horolog-actor=ops']
      await finish(script('add.sh'), [id, 'greet', 'horolog-schedule=@every 1h', ...asked], '{"name":"Sh"}')
      expect(await owner.heard.event('JobAdded', { jobId: id })).toMatchObject({ actor: 'ops' })
      expect(owner.scheduler.getJob(id)).toMatchObject({ task: 'greet', payload: { name: 'Sh' } })
      await finish(script('remove.sh'), [id, ...asked])
      expect(await owner.heard.event('JobRemoved', { jobId: id })).toMatchObject({ actor: 'ops' })
      const replies = new Program(script('replies.sh'), [])
      const told = (lines: readonly string[]): Reply[] =>
        lines.map((line) => JSON.parse(line) as Reply).filter(({ events }) => events[0]?.['jobId'] === id)
      const lines = await replies.printed((printed) => told(printed).length === 2)
      await replies.stop()
      const answers = told(lines).map(({ outcome, events }) => `${outcome}: ${events[0]?.type}`)
      expect(answers.toSorted()).toEqual(['applied: JobAdded', 'applied: JobRemoved'])
    })

    test('what it puts on the wrong partition is done at home, once', async () => {
      const id = uniqueName('misrouted')
      const headers = ['-H', 'horolog-task=greet', '-H', 'horolog-schedule=@daily', '-H', `horolog-command-id=${id}`]
      const wrong = ['-p', String(wrongPartition(id))]
      const to = ['-b', owner.bootstrap, '-t', `${owner.namespace}.commands`]
      await finish([...client, '-P', ...to, ...wrong, '-k', id, ...headers], [], 'payload\n')
      const home = partitionOf(id, PARTITIONS)
      const forwarded = await owner.heard.event('CommandForwarded', { commandId: id })
      expect(forwarded).toMatchObject({ jobId: id, toPartition: home, partition: wrongPartition(id) })
      expect(await owner.heard.event('JobAdded', { commandId: id })).toMatchObject({ jobId: id, partition: home })
    })

    test.each([
      ['neither Avro nor JSON', [], 'what is this', 'malformed'],
      ['JSON that ends early', [], '{"type":"AddJob","job":{', 'malformed'],
      ['a member that there is not', [], '{"type":"AddJob","job":{"task":"t","taks":1}}', 'malformed'],
      ['a command that there is not', [], '{"type":"FlyToTheMoon"}', 'unsupported-type'],
      ['a Confluent header, without a registry', [], '\u0000\u0000\u0000\u0000\u0001body', 'unsupported-type'],
      ['a header that there is not', ['-H', 'horolog-task=t', '-H', 'horolog-shedule=@daily'], '{}', 'malformed'],
    ])('%s is rejected, and copied to the dead letters', async (_what, headers, value, code) => {
      const id = uniqueName('poison')
      const to = ['-b', owner.bootstrap, '-t', `${owner.namespace}.commands`, '-X', 'topic.partitioner=murmur2_random']
      const given = ['-k', id, '-D', '\u001e', ...headers, '-H', `horolog-command-id=${id}`]
      await finish([...client, '-P', ...to, ...given], [], value)
      expect(await owner.heard.event('CommandRejected', { commandId: id })).toMatchObject({ code })
      const [letter] = await deadLetters(client, (one) => one.key === id)
      expect(letter?.headers).toMatchObject({ 'horolog-error': code, 'horolog-topic': 'commands' })
      expect(letter?.payload).toBe(value)
    })

    test('a command that can be read and is wrong is rejected by a code of its own, and is no dead letter', async () => {
      const id = uniqueName('wrong')
      await finish(script('add.sh'), [id, 'greet', `horolog-command-id=${id}`, 'horolog-timeout=soon'], '{}')
      const rejected = await owner.heard.event('CommandRejected', { commandId: id })
      expect(rejected).toMatchObject({ code: 'invalid-option', path: 'horolog-timeout' })
      const later = uniqueName('later')
      await finish(script('add.sh'), [later, 'greet', `horolog-command-id=${later}`, 'horolog-oops=1'], '{}')
      const letters = await deadLetters(client, (one) => one.key === later)
      expect([...letters, ...(await deadLetters(client, () => true))].map(({ key }) => key)).not.toContain(id)
    })

    test('a run is executed by hand: read from its topic, and reported, even on the wrong partition', async () => {
      const id = uniqueName('by-hand')
      await owner.scheduler.addJob({ id, task: 'anything', executor: 'hand', payload: [1, 2] })
      const [run] = await readWith(client, 'runs.hand', (one) => one.key === id)
      expect(run).toMatchObject({
        payload: '[1,2]',
        headers: {
          'horolog-task': 'anything',
          'horolog-attempt': '1',
          'horolog-delivery': 'at-least-once',
          'horolog-partition': String(partitionOf(id, PARTITIONS)),
          'content-type': 'application/json',
        },
      })
      const runId = run?.headers['horolog-run-id'] ?? ''
      const says = ['-H', `horolog-run-id=${runId}`, '-H', 'horolog-attempt=1', '-H', 'horolog-outcome=succeeded']
      const to = ['-b', owner.bootstrap, '-t', `${owner.namespace}.reports`, '-p', String(wrongPartition(id))]
      const report = (more: readonly string[], value: string): Promise<unknown> =>
        finish([...client, '-P', ...to, '-k', id, '-D', '\u001e', ...more], [], value)
      await report(says, '{"sum":3}')
      expect(await owner.heard.event('RunSucceeded', { jobId: id })).toMatchObject({ result: { sum: 3 } })
      await report(says, 'again')
      const late = await owner.heard.event('ReportIgnored', { runId })
      expect(['unknown-run', 'run-final']).toContain(late['why'])
      await report([], 'what is this')
      const ignored = await owner.heard.event('ReportIgnored', { why: 'malformed' })
      expect(ignored).toMatchObject({ partition: wrongPartition(id), jobId: '', runId: '' })
      const [letter] = await deadLetters(client, (one) => one.key === id)
      expect(letter?.headers).toMatchObject({
        'horolog-topic': 'reports',
        'horolog-partition': String(wrongPartition(id)),
        'horolog-offset': String(ignored['reportOffset']),
      })
    })
  })
})

interface Read {
  readonly key: string
  readonly payload: string
  readonly headers: Readonly<Record<string, string>>
}

function deadLetters(client: Command, wanted: (read: Read) => boolean): Promise<readonly Read[]> {
  return readWith(client, 'dead-letters', wanted)
}

/** Reads the topic until there is such a record. */
async function readWith(client: Command, topic: string, wanted: (read: Read) => boolean): Promise<readonly Read[]> {
  const from = ['-b', owner.bootstrap, '-t', `${owner.namespace}.${topic}`, '-o', 'beginning', '-J', '-u']
  const reading = new Program([...client, '-C'], from)
  const found = (lines: readonly string[]): readonly Read[] => lines.map(readLine).filter(wanted)
  const lines = await reading.printed((printed) => found(printed).length > 0)
  await reading.stop()
  return found(lines)
}

/** kcat has the headers as a list of names and values in turn. */
function readLine(line: string): Read {
  const { key, payload, headers } = JSON.parse(line) as { key: string; payload: string; headers?: readonly string[] }
  const pairs = (headers ?? []).flatMap((name, at, all) => (at % 2 === 0 ? [[name, all[at + 1] ?? '']] : []))
  return { key, payload, headers: Object.fromEntries(pairs) as Record<string, string> }
}

/** Records of the executor's topic that its group has not committed. */
async function lagOf(executor: string): Promise<number> {
  const admin = kafkaAt([owner.bootstrap]).admin()
  await admin.connect()
  try {
    const topic = `${owner.namespace}.runs.${executor}`
    const ends = await admin.fetchTopicOffsets(topic)
    const [group] = await admin.fetchOffsets({ groupId: `${owner.namespace}.${executor}`, topics: [topic] })
    const committed = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    return ends
      .map(({ partition, high }) => Number(high) - Math.max(0, committed.get(partition) ?? 0))
      .reduce((sum, lag) => sum + lag, 0)
  } finally {
    await admin.disconnect()
  }
}

/**
 * What a paused owner, a resent batch or a stranger may leave on the events topic: everything accepted so far once more; a
 * whole batch at the place of the next one, with a job, under another owner's id; half of such a batch; bytes that are no event.
 */
async function plantZombies(partition: number): Promise<void> {
  const { records, accepted, cursor } = await readEvents(owner, partition)
  const added = accepted.find(({ event }) => event.type === 'JobAdded')?.event
  const trailer = accepted.findLast(({ event }) => event.type === 'BatchCommitted')?.event
  if (added === undefined || trailer?.type !== 'BatchCommitted') throw new Error('nothing was decided yet')
  const place = { epoch: cursor.epoch, seq: cursor.seq + 1 }
  const rival = createEventCodec().encode([
    { ...added, ...place, index: 0, jobId: 'planted' } as typeof added,
    { ...trailer, ...place, index: 1, count: 1, prev: cursor.chain, owner: new Uint8Array(16).fill(7) },
  ])
  const values = [
    ...records.flatMap(({ value }) => (value === null ? [] : [Buffer.from(value)])),
    ...rival.values.map((value) => Buffer.from(value)),
    ...rival.values.slice(0, 1).map((value) => Buffer.from(value)),
    Buffer.from('no event at all'),
  ]
  const producer = await connectedProducer(kafkaAt([owner.bootstrap]))
  try {
    const messages = values.map((value) => ({ key: 'planted', value, partition }))
    await producer.send({ topic: `${owner.namespace}.events`, messages, acks: -1 })
  } finally {
    await producer.disconnect()
  }
}
