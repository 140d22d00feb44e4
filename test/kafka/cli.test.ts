// The command line on a real broker: several processes of each kind, their deaths and their ends.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import type { OwnerAnnounced } from '../../src/core/events.ts'
import { type RunningCli, parsed } from '../cli/cli-process.ts'
import { connectedProducer, kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import { type ClusterCli, clusterCli, served, withTopics, working } from './cluster-cli.ts'

const { ConfigResourceTypes } = kafkajs

/** A dozen processes start one after another, which takes half a minute where other work has the cores. */
const MANY_PROCESSES = { timeout: 120_000 }

const JOBS = Array.from({ length: 6 }, (_, index) => `job-${index}`)

const ALL_THREE = 'owns   3 of 3 partitions: 0 1 2'

/** As `jobs export` writes it. */
async function addJobs(cluster: ClusterCli): Promise<void> {
  const jobs = JOBS.map((id) => ({
    id,
    task: 'greet',
    payloadBase64: Buffer.from(JSON.stringify({ name: id })).toString('base64'),
    contentType: 'application/json',
    trigger: { type: 'interval', every: 'PT0.3S' },
  }))
  writeFileSync(join(cluster.folder, 'jobs.json'), JSON.stringify({ horolog: 1, jobs }))
  const imported = await cluster.run('jobs', 'import', 'jobs.json', '-o', 'jsonl')
  expect(imported).toMatchObject({ code: 0 })
  expect(parsed(imported.stdout)).toEqual(JOBS.map((id) => ({ id, what: 'added', refused: null })))
}

/** Resolves when each of the jobs has had a run that succeeded after now. */
async function allSucceed(cluster: ClusterCli): Promise<void> {
  const events = cluster.start('events', '--follow', '--from', '0s', '--type', 'RunSucceeded', '-o', 'jsonl')
  await Promise.all(JOBS.map((id) => events.line(`"jobId":"${id}"`)))
  events.kill('SIGINT')
  expect(await events.ended).toMatchObject({ code: 0 })
}

async function ends(process: RunningCli, signal: NodeJS.Signals): Promise<void> {
  process.kill(signal)
  expect(await process.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/\nstopped\n$/) as string })
}

function namespaceOf(cluster: ClusterCli): string {
  return /\/(cli-\w+)\?/.exec(cluster.log)?.[1] ?? ''
}

async function appendEvent(cluster: ClusterCli, value: Uint8Array): Promise<void> {
  const producer = await connectedProducer(kafkaAt(kafkaBrokers()))
  await producer.send({ topic: `${namespaceOf(cluster)}.events`, messages: [{ value: Buffer.from(value) }] })
  await producer.disconnect()
}

const LATER_OWNER: OwnerAnnounced = {
  type: 'OwnerAnnounced',
  ...{ epoch: 1_000, seq: 0, index: 0, time: 0, owner: Uint8Array.from({ length: 16 }, () => 7), node: 'later:1' },
  ...{ generation: 1_000, partitions: 1, hash: 'murmur2', format: 99, logId: new Uint8Array(16), zoneData: null },
}

describeOnKafka('the command line on a cluster', () => {
  test(
    'two owners and two workers share the jobs, and when an owner is killed the other fires on',
    MANY_PROCESSES,
    async () => {
      const cluster = await withTopics(3)
      const first = await served(cluster)
      await first.line(ALL_THREE)
      // It comes when the first has all, so that it says that it has them only after the death of the first.
      const second = await served(cluster)
      await Promise.any([second.line('owns   1 of 3'), second.line('owns   2 of 3')])
      const workers = await Promise.all([
        working(cluster, '--concurrency', '2'),
        working(cluster, '--executor', 'default', '--concurrency', '2'),
      ])
      await addJobs(cluster)

      const runs = cluster.start('events', '--follow', '--type', 'RunSucceeded', '-o', 'jsonl')
      await Promise.all(workers.map(({ pid }) => runs.line(`:${pid}:`)))
      await allSucceed(cluster)

      first.kill('SIGKILL')
      await second.line(ALL_THREE)
      await allSucceed(cluster)

      const [listed, why, verified] = await Promise.all([
        cluster.run('jobs', 'ls', '-o', 'jsonl'),
        cluster.run('explain', 'job-0'),
        cluster.run('verify', '-o', 'json'),
      ])
      expect(parsed(listed.stdout).map(({ id }) => id)).toEqual(expect.arrayContaining(JOBS))
      expect(why.stdout).toContain('succeeded after')
      expect(verified).toMatchObject({ code: 0 })
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, partitions: [{}, {}, {}] })

      await ends(second, 'SIGTERM')
      await Promise.all(workers.map((worker) => ends(worker, 'SIGTERM')))
    },
  )

  test('a worker that is told to stop lets what runs finish; told twice it aborts', async () => {
    const cluster = await withTopics(1)
    const serve = await served(cluster)
    const patient = await working(cluster)
    await cluster.run('jobs', 'add', 'short', '--task', 'nap', '--payload', '{"ms":1000}')
    await patient.line('napping')
    patient.kill('SIGTERM')
    const ended = await patient.ended
    expect(ended).toMatchObject({ code: 0, stdout: 'napping\nslept\n' })
    expect(ended.stderr).toMatch(/stopping: what runs may finish, 30s at most.*\nstopped\n$/)
    const [run] = parsed((await cluster.run('runs', 'ls', '-o', 'jsonl')).stdout)
    expect(run).toMatchObject({ jobId: 'short', status: 'succeeded', attempt: 1, result: 'slept' })

    const hasty = await working(cluster, '--deadline', '1m')
    await cluster.run('jobs', 'add', 'long', '--task', 'nap', '--payload', '{"ms":60000}')
    await hasty.line('napping')
    hasty.kill('SIGTERM')
    await hasty.line('stopping: what runs may finish, 1m at most')
    hasty.kill('SIGTERM')
    expect(await hasty.ended).toMatchObject({ code: 1 })
    const [open] = parsed((await cluster.run('runs', 'ls', 'long', '-o', 'jsonl')).stdout)
    expect(open).toMatchObject({ status: expect.stringMatching(/queued|running/) as string })
    await ends(serve, 'SIGINT')
  })

  test('an executor is known to owners and jobs once a worker takes its runs', async () => {
    const cluster = await withTopics(2, '--executor', 'reports=1')
    await served(cluster)
    const add = ['jobs', 'add', 'a', '--task', 'greet', '--payload', '{"name":"a"}'] as const
    expect(await cluster.run(...add, '--executor', 'reports')).toMatchObject({ code: 4 })
    const absent = await cluster.run('worker', '--tasks', './tasks.ts', '--executor', 'absent')
    expect(absent).toMatchObject({ code: 4 })
    expect(absent.stderr).toMatch(
      /no topic cli-\w+\.runs\.absent; create it with: horolog topics apply --executor absent=2/,
    )

    await working(cluster, '--executor', 'default', '--concurrency', '3', '--executor', 'reports')
    const events = cluster.start('events', '--follow', '-o', 'jsonl')
    await events.line('ExecutorDeclared', '"partition":0')
    await events.line('ExecutorDeclared', '"partition":1')
    expect(await cluster.run(...add, '--executor', 'reports')).toMatchObject({ code: 0, stderr: '' })
    await events.line('RunSucceeded', '"jobId":"a"')
  })

  test('verbs that change jobs are answered by whoever owns them', MANY_PROCESSES, async () => {
    const cluster = await withTopics(3)
    await Promise.all([served(cluster), served(cluster)])
    const told = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await cluster.run(...args)
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
      return stdout
    }
    expect(await told('jobs', 'add', 'a', '--task', 'greet', '--every', '1h')).toMatch(/^a added: every 1 h/)
    expect(await told('jobs', 'add', 'a', '--task', 'greet', '--every', '1h')).toMatch(/^a is unchanged/)
    expect(await told('jobs', 'modify', 'a', '--name', 'A')).toMatch(/^a changed/)
    expect(await told('jobs', 'reschedule', 'a', '--every', '2h')).toMatch(/^a rescheduled/)
    expect(await told('jobs', 'pause', 'a')).toMatch(/^a paused/)
    expect(await told('jobs', 'resume', 'a')).toMatch(/^a resumed/)
    const [, runId = ''] = /^a queued: (\S+)/.exec(await told('jobs', 'run', 'a')) ?? []
    expect(await told('runs', 'get', runId)).toMatch(/queued/)
    expect(await told('runs', 'cancel', runId)).toMatch(/cancelled/)
    expect(await told('jobs', 'get', 'a')).toMatch(/every 2 h/)
    expect(await told('schedule', 'pause', '--reason', 'test')).toMatch(/^the schedule is paused: test/)
    expect(await told('schedule', 'resume')).toMatch(/^the schedule goes on/)
    expect(await told('jobs', 'rm', 'a')).toBe('a removed\n')
    expect(await cluster.run('jobs', 'rm', 'a')).toMatchObject({ code: 3 })
    expect(await cluster.run('jobs', 'get', 'a')).toMatchObject({ code: 3 })
  })

  test('a command that no owner answers ends with 5, and is done when one comes', async () => {
    const cluster = await withTopics(1)
    const alone = cluster.start('jobs', 'add', 'a', '--task', 'greet', '--every', '1h', '--answer-timeout', '4s')
    await alone.line("no owner has answered yet: is 'horolog serve' running?")
    const { code, stderr } = await alone.ended
    expect(code).toBe(5)
    expect(stderr).toMatch(/\nhorolog: no owner answered the command \S+ within 4 s: it may be done yet\n$/)

    await served(cluster)
    const events = cluster.start('events', '--follow')
    await events.line('JobAdded', 'a')
  })

  test('topics are planned, made once, and never given another count', async () => {
    const cluster = clusterCli()
    const unserved = await cluster.run('serve')
    expect(unserved).toMatchObject({ code: 4 })
    const namespace = namespaceOf(cluster)
    expect(unserved.stderr).toContain(`horolog topics apply --log kafka://${kafkaBrokers().join(',')}/${namespace}`)

    const planned = await cluster.run('topics', 'plan', '--partitions', '2', '--executor', 'reports=1', '-o', 'json')
    expect(planned).toMatchObject({ code: 4, stderr: expect.stringContaining('9 topics missing') as string })
    expect(JSON.parse(planned.stdout)).toContainEqual(
      expect.objectContaining({ topic: `${namespace}.runs.reports`, partitions: 1, state: 'missing' }),
    )
    const made = await cluster.run('topics', 'apply', '--partitions', '2', '--executor', 'reports=1')
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('9 topics made') as string })
    expect(made.stdout).toMatch(/\.events +2 +made +.*LogAppendTime/)
    expect(await cluster.run('topics', 'plan')).toMatchObject({ code: 0 })
    expect((await cluster.run('topics', 'apply')).stderr).toContain('0 topics made')

    const differing = await cluster.run('topics', 'plan', '--partitions', '3')
    expect(differing).toMatchObject({ code: 4 })
    expect(differing.stdout).toMatch(/\.events +2 +differs +2 partitions, expected 3/)
    const refused = await cluster.run('topics', 'apply', '--partitions', '3')
    expect(refused).toMatchObject({ code: 4, stdout: '' })
    expect(refused.stderr).toMatch(/has 2 partitions, expected 3\. .*export the jobs, make a new namespace/)
  })

  test('a setting that breaks a promise is told, and set only when asked to', async () => {
    const cluster = await withTopics(1)
    const namespace = namespaceOf(cluster)
    const admin = kafkaAt(kafkaBrokers()).admin()
    await admin.connect()
    const entries = [{ name: 'cleanup.policy', value: 'compact' }]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: `${namespace}.events`, configEntries: entries }],
    })
    await admin.disconnect()

    const differs = /cleanup\.policy=compact, expected delete/
    const planned = await cluster.run('topics', 'plan')
    expect([planned.code, planned.stdout]).toEqual([4, expect.stringMatching(differs)])
    const refused = await cluster.run('topics', 'apply')
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringMatching(/expected delete.*--fix/)])
    const unserved = await cluster.run('serve')
    expect([unserved.code, unserved.stderr]).toEqual([4, expect.stringMatching(differs)])
    expect(unserved.stderr).toContain('horolog topics apply --fix --log kafka://')
    expect(await cluster.run('topics', 'apply', '--fix')).toMatchObject({ code: 0 })
    expect(await cluster.run('topics', 'plan')).toMatchObject({ code: 0 })
  })

  test('dev makes the topics, decides and executes', async () => {
    const cluster = clusterCli()
    const dev = cluster.start('dev', '--tasks', './tasks.ts')
    await dev.line('topics made', '.events', '.runs.default')
    await dev.line('ready')
    await cluster.run('jobs', 'add', 'hello', '--task', 'greet', '--payload', '{"name":"dev"}')
    await dev.line('hello', 'succeeded', '{"greeted":"dev"}')
    dev.kill('SIGINT')
    expect(await dev.ended).toMatchObject({ code: 0 })
  })

  test('a record that nobody accepts is counted by verify and shown by events --raw, and harms nothing', async () => {
    const cluster = await withTopics(1)
    const serve = await served(cluster)
    await appendEvent(cluster, Buffer.from('not an event'))
    expect(await cluster.run('jobs', 'add', 'a', '--task', 'greet', '--every', '1h')).toMatchObject({ code: 0 })

    const verified = await cluster.run('verify', '-o', 'json')
    expect(verified.code).toBe(0)
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, partitions: [{ ignored: 1, dropped: 0, jobs: 1 }] })
    const [plain, raw] = await Promise.all([cluster.run('events'), cluster.run('events', '--raw')])
    expect([plain.stdout, plain.stderr]).toEqual([
      expect.not.stringContaining('no event'),
      expect.stringMatching(/^1 records in kafka:.* are not accepted/),
    ])
    expect(raw.stdout).toMatch(/\(no event\) .*refused: foreign/)
    await ends(serve, 'SIGTERM')
  })

  test('an owner of a later format ends serve with its reason, for it can no longer decide', async () => {
    const cluster = await withTopics(1)
    const serve = await served(cluster)
    const [value = Uint8Array.of()] = createEventCodec().encode([LATER_OWNER]).values
    await appendEvent(cluster, value)

    const { code, stderr } = await serve.ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/\nhorolog: .*format 99, this version knows 1\n$/)
    expect(await cluster.run('jobs', 'ls')).toMatchObject({ code: 1 })
    expect(await cluster.run('verify')).toMatchObject({ code: 6 })
  })
})
