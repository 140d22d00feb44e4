/** Several nodes on one cluster: they share what is to do, and what one leaves the others take. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JobClient } from '../../src/client/job-client.ts'
import { interval, type JobOptions, Scheduler, type SchedulerOptions } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { checkRecords } from '../checker/check-log.ts'
import { readTopic } from '../faults/read-events.ts'
import { Heard } from '../support/heard.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { kafkaUrl, shapedTopics } from './shaped-topics.ts'

const PARTITIONS = 6
/** So long that nothing in these tests can have waited for the end of a session. */
const SESSION = { sessionTimeoutMs: 45_000, heartbeatIntervalMs: 200 }
const PATIENCE_MS = 30_000

describeOnKafka('several nodes', () => {
  let namespace: string
  let log: string
  const opened: { close(): Promise<void> }[] = []
  /** `<run id> <attempt>`, by the node that executed it. */
  const executed = new Map<string, string[]>()

  beforeEach(async () => {
    namespace = await shapedTopics({ partitions: PARTITIONS })
    log = kafkaUrl(namespace, SESSION)
    executed.clear()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()))
  })

  async function node(name: string, roles: SchedulerOptions['roles']): Promise<Scheduler> {
    const scheduler = await Scheduler.open({ log, logger: SILENT, roles: roles ?? [] })
    opened.push({ close: () => scheduler.shutdown({ wait: false }) })
    executed.set(name, [])
    scheduler.task('greet', ({ run }, payload: unknown) => {
      executed.get(name)?.push(`${run.runId} ${run.attempt}`)
      return { by: name, payload }
    })
    await scheduler.start()
    return scheduler
  }

  async function client(): Promise<{ asks: Awaited<ReturnType<typeof Scheduler.connect>>; heard: Heard }> {
    const asks = await Scheduler.connect({ log, logger: SILENT })
    opened.push(asks)
    return { asks, heard: new Heard(asks) }
  }

  async function owners(): Promise<readonly [Scheduler, Scheduler]> {
    const both = [await node('owner a', ['owner']), await node('owner b', ['owner'])] as const
    const share = async (): Promise<boolean> =>
      both.every(({ partitions }) => partitions.owned.length === PARTITIONS / 2)
    expect(await until(share, PATIENCE_MS), 'each owns half of the partitions').toBe(true)
    return both
  }

  const jobs = (count: number, options: Partial<JobOptions> = {}): JobOptions[] =>
    Array.from({ length: count }, (_, n) => ({ id: `job-${n}`, task: 'greet', payload: n, ...options }))

  /** Nothing fires any more, and what did has come to its end. */
  async function allOver(asks: JobClient): Promise<void> {
    await asks.pause()
    const isOver = async (): Promise<boolean> => asks.getJobs().every(({ openRuns }) => openRuns.length === 0)
    expect(await until(isOver, PATIENCE_MS), 'every run is over').toBe(true)
  }

  /** By someone who knows nothing of us: every run is over, and none was executed that the log doesn't know. */
  async function check(): Promise<void> {
    const attempts = [...executed.values()].flat()
    expect(attempts.toSorted(), 'every run was executed once').toEqual([...new Set(attempts)].toSorted())
    const runs = new Set(attempts.map((attempt) => attempt.slice(0, attempt.lastIndexOf(' '))))
    const records = await readTopic(kafkaBrokers(), `${namespace}.events`)
    const report = checkRecords(records, { final: true, executed: runs, shared: true })
    expect(report.violations).toEqual([])
  }

  test('share jobs and runs, and a client asks and hears', async () => {
    const both = await owners()
    await node('executor a', ['executor'])
    await node('executor b', ['executor'])
    const { asks, heard } = await client()
    await Promise.all(jobs(30, { trigger: interval('1h') }).map((job) => asks.addJob(job)))
    const runs = await Promise.all(jobs(30).map(({ id }) => asks.runJob(id)))
    const results = (await Promise.all(runs.map((run) => run.result()))) as { by: string; payload: number }[]
    expect(results.map(({ payload }) => payload)).toEqual(runs.map((_, n) => n))
    expect([...new Set(results.map(({ by }) => by))].toSorted()).toEqual(['executor a', 'executor b'])
    expect(new Set(heard.all('RunSucceeded').map(({ runId }) => runId))).toEqual(
      new Set(runs.map(({ runId }) => runId)),
    )
    const homes = new Set(heard.all('JobAdded').map(({ partition }) => partition))
    for (const { partitions } of both) expect(partitions.owned.some((partition) => homes.has(partition))).toBe(true)

    const second = await client()
    expect(second.asks.getJobs()).toEqual(asks.getJobs())
    await asks.pauseJob('job-7', { reason: 'enough' })
    await second.heard.until('JobPaused', ({ jobId }) => jobId === 'job-7')
    await asks.removeAllJobs()
    await Promise.all(jobs(30).map(({ id }) => until(async () => second.asks.getJob(id) === undefined, PATIENCE_MS)))
    expect(second.asks.getJobs()).toEqual([])
    await check()
  })

  test('take over at once what an owner gives back', async () => {
    const [first, second] = await owners()
    await node('executor a', ['executor'])
    await node('executor b', ['executor'])
    const { asks, heard } = await client()
    await Promise.all(jobs(12, { trigger: interval('500ms') }).map((job) => asks.addJob(job)))
    await heard.until('RunSucceeded')
    const given = first.partitions.owned
    await first.shutdown()
    const taken = async (): Promise<boolean> => second.partitions.owned.length === PARTITIONS
    expect(await until(taken, PATIENCE_MS), 'the other one owns all').toBe(true)
    const since = heard.events.length
    const isNext = (partition: number) => (event: (typeof heard.events)[number]) =>
      event.partition === partition && heard.events.indexOf(event) >= since
    const homes = new Set(heard.all('JobAdded').map(({ partition }) => partition))
    const moved = given.filter((partition) => homes.has(partition))
    expect(moved.length).toBeGreaterThan(0)
    await Promise.all(moved.map((partition) => heard.until('RunSucceeded', isNext(partition))))
    await allOver(asks)
    await check()
  })

  test('execute what an executor leaves that goes away in the middle', async () => {
    await node('owner', ['owner'])
    const leaving = await node('executor a', ['executor'])
    await node('executor b', ['executor'])
    const { asks, heard } = await client()
    await Promise.all(jobs(8, { trigger: interval('300ms') }).map((job) => asks.addJob(job)))
    await heard.until('RunSucceeded', (event) => by(event.result) === 'executor a')
    await leaving.shutdown()
    const left = [...(executed.get('executor a') ?? [])]
    const since = new Date()
    await heard.until('RunSucceeded', (event) => by(event.result) === 'executor b' && event.time > since)
    await allOver(asks)
    expect(executed.get('executor a')).toEqual(left)
    await check()
  })
})

function by(result: unknown): unknown {
  return (result as { readonly by: string }).by
}
