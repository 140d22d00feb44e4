/** A token key on a real broker: executors give the token back, and what a stranger says of a run counts for nothing. */
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { partitionOf } from '../../src/core/partition.ts'
import { Scheduler } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { type Command, EXAMPLES, javaClient, presentOrSkipped, pythonClient } from '../support/foreign/clients.ts'
import { type ForeignOwner, PARTITIONS, startOwner } from '../support/foreign/owner.ts'
import { Program, stopPrograms } from '../support/foreign/program.ts'
import { connectedProducer, kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { served, withTopics, working } from './cluster-cli.ts'
import { kafkaUrl } from './shaped-topics.ts'

const KEY = 'hush hush, do not tell'

const python = await presentOrSkipped('the executor in Python', pythonClient)
const java = await presentOrSkipped('the executor in Java', javaClient)

function tokenOf(runId: string): string {
  return createHmac('sha256', KEY).update(`${runId}\n1`).digest('base64url')
}

/** Headers of the first run on the topic. */
async function firstRun(topic: string): Promise<Readonly<Record<string, string>>> {
  const consumer = kafkaAt(kafkaBrokers()).consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const headers = await new Promise<object>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { headers?: object } }): Promise<void> =>
      resolve(message.headers ?? {})
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

describeOnKafka('with a token key', () => {
  let owner: ForeignOwner

  beforeAll(async () => {
    owner = await startOwner(['jvm', 'hand'], ['ReportIgnored', 'RunSucceeded'], { tokenKey: KEY, logger: SILENT })
  })
  afterEach(stopPrograms)
  afterAll(() => owner.stop())

  /** Made by hand, without an executor. */
  async function report(runId: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const [jobId = ''] = runId.split('/')
    const producer = await connectedProducer(kafkaAt(kafkaBrokers()))
    const said = { 'horolog-run-id': runId, 'horolog-attempt': '1', 'horolog-outcome': 'succeeded', ...headers }
    const messages = [{ key: jobId, value: '"mine"', headers: said, partition: partitionOf(jobId, PARTITIONS) }]
    await producer.send({ topic: `${owner.namespace}.reports`, messages, acks: -1 })
    await producer.disconnect()
  }

  test('a report counts when it gives back what the run record has, and else changes nothing', async () => {
    const id = uniqueName('hand')
    await owner.scheduler.addJob({ id, task: 'greet', executor: 'hand' })
    const { 'horolog-run-id': runId = '', 'horolog-token': token = '' } = await firstRun(`${owner.namespace}.runs.hand`)
    expect(token).toBe(tokenOf(runId))
    await report(runId, {})
    await report(runId, { 'horolog-token': token.toLowerCase() })
    await report(runId, { 'horolog-token': token })
    await owner.heard.event('RunSucceeded', { jobId: id })
    const ignored = owner.heard.of('ReportIgnored', { jobId: id })
    expect(ignored.map(({ why, report: type }) => [why, type])).toEqual([
      ['wrong-token', 'succeeded'],
      ['wrong-token', 'succeeded'],
    ])
  })

  test('a process that executes needs no key', async () => {
    const worker = await Scheduler.open({ log: kafkaUrl(owner.namespace), roles: ['executor'], logger: SILENT })
    worker.task('greet', () => 'done')
    await worker.start()
    const id = uniqueName('ours')
    await owner.scheduler.addJob({ id, task: 'greet' })
    expect(await owner.heard.event('RunSucceeded', { jobId: id })).toMatchObject({ result: 'done' })
    expect(owner.heard.of('ReportIgnored', { jobId: id })).toEqual([])
    await worker.shutdown()
  })

  describe.each<[string, Command | null, string, string, object, unknown]>([
    ['Python', python, 'python/worker.py', 'default', { name: 'Ada' }, { greeted: 'Ada', by: 'python' }],
    ['Java', java, 'java/Worker.java', 'jvm', { n: 1 }, '{"N":1}!'],
  ])('the example in %s', (_language, client, file, executor, payload, result) => {
    test.skipIf(client === null)('executes runs too', async () => {
      const program: Command = [...(client ?? ['none']), join(EXAMPLES, file), owner.bootstrap, owner.namespace]
      const worker = new Program(program, [executor])
      const id = uniqueName('foreign')
      const task = executor === 'jvm' ? 'shout' : 'greet'
      await owner.scheduler.addJob({ id, task, executor, payload })
      expect(await owner.heard.event('RunSucceeded', { jobId: id })).toMatchObject({ result })
      expect(owner.heard.of('ReportIgnored', { jobId: id })).toEqual([])
      await worker.stop()
    })
  })

  test.each(['the environment', 'its flag'])(
    'serve takes the key from the file that %s names, and does not print it',
    async (by) => {
      const cluster = await withTopics(1)
      const file = join(cluster.folder, 'token-key')
      writeFileSync(file, `${KEY}\n`)
      if (by === 'the environment') vi.stubEnv('HOROLOG_TOKEN_KEY_FILE', file)
      const serve = await served(cluster, ...(by === 'its flag' ? ['--token-key-file', file] : []))
      vi.unstubAllEnvs()
      await working(cluster)
      const events = cluster.start('events', '--follow', '-o', 'jsonl')
      await cluster.run('jobs', 'add', 'hello', '--task', 'greet', '--payload', '{"name":"Ada"}')
      await events.line('"type":"RunSucceeded"')
      events.kill('SIGINT')
      expect((await events.ended).stdout).not.toContain('ReportIgnored')
      const [, namespace = ''] = /\/(cli-\w+)\?/.exec(cluster.log) ?? []
      const run = await firstRun(`${namespace}.runs.default`)
      expect(run['horolog-token']).toBe(tokenOf(run['horolog-run-id'] ?? ''))
      serve.kill('SIGTERM')
      const { stdout, stderr } = await serve.ended
      expect(stdout + stderr).not.toContain('hush')
    },
  )
})
