/** The group of an executor on a real broker: what becomes of runs when members come, ours and those of others. */
import { afterEach, expect, test } from 'vitest'
import { interval, Scheduler, type SchedulerOptions } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { Heard } from '../support/heard.ts'
import { kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import { kafkaUrl, shapedTopics } from './shaped-topics.ts'

const TIMES = { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 200 }
const JOBS = Array.from({ length: 10 }, (_, at) => ({ id: `job-${at}`, task: 'quick', trigger: interval('100ms') }))

/** What ran where, and a way to wait for more. */
class Ledger {
  readonly begun: string[] = []
  /** Run ids that began when their success had been heard. */
  readonly again: string[] = []
  #told: () => void = () => undefined

  begin(node: string, runId: string, isOver: boolean): void {
    this.begun.push(node)
    if (isOver) this.again.push(runId)
    this.#told()
  }

  async until(node: string, count: number): Promise<void> {
    while (this.begun.filter((one) => one === node).length < count) {
      await new Promise<void>((resolve) => (this.#told = resolve))
    }
  }
}

describeOnKafka('the group of an executor', () => {
  const open: Scheduler[] = []
  afterEach(async () => void (await Promise.all(open.splice(0).map((one) => one.shutdown({ wait: false })))))

  async function node(log: string, roles: SchedulerOptions['roles']): Promise<Scheduler> {
    const scheduler = await Scheduler.open({ log, logger: SILENT, ...(roles === undefined ? {} : { roles }) })
    open.push(scheduler)
    return scheduler
  }

  test('runs nothing again that was over and reported when a worker comes, or goes', async () => {
    const log = kafkaUrl(await shapedTopics({ partitions: 4 }), TIMES)
    const owner = await node(log, ['owner'])
    const heard = new Heard(owner)
    await owner.start()
    const ledger = new Ledger()
    const isOver = (runId: string): boolean => heard.all('RunSucceeded').some((event) => event.runId === runId)
    const worker = async (name: string): Promise<Scheduler> => {
      const made = await node(log, ['executor'])
      made.task('quick', ({ run }) => ledger.begin(name, run.runId, isOver(run.runId)))
      await made.start()
      return made
    }
    await worker('first')
    await Promise.all(JOBS.map((job) => owner.addJob(job)))
    await ledger.until('first', 100)
    const second = await worker('second')
    await ledger.until('second', 100)
    await second.shutdown()
    const so = ledger.begun.filter((one) => one === 'first').length
    await ledger.until('first', so + 100)
    expect(ledger.again).toEqual([])
  })

  test('lets in a consumer of kafkajs as it comes, which shares its partitions with ours', async () => {
    const namespace = await shapedTopics({ partitions: 4 })
    const worker = await node(kafkaUrl(namespace, TIMES), ['executor'])
    await worker.start()
    const groupId = `${namespace}.default`
    const consumer = kafkaAt(kafkaBrokers()).consumer({ groupId, heartbeatInterval: 200 })
    const joined = new Promise<unknown>((resolve) => {
      consumer.on('consumer.group_join', ({ payload }) => resolve(payload.memberAssignment))
    })
    await consumer.connect()
    const topic = `${namespace}.runs.default`
    await consumer.subscribe({ topic })
    await consumer.run({ eachMessage: async () => undefined })
    expect(await joined).toEqual({ [topic]: [expect.any(Number), expect.any(Number)] })
    await consumer.disconnect()
  })
})
