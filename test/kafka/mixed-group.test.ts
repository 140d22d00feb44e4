/** Workers of this project and of others in the group of one executor: they share its runs, and none is lost (protocol §5). */
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { interval, Scheduler } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { EXAMPLES, javaClient, presentOrSkipped, pythonClient, type Command } from '../support/foreign/clients.ts'
import { type ForeignOwner, startOwner } from '../support/foreign/owner.ts'
import { Program, stopPrograms } from '../support/foreign/program.ts'
import { kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'

const python = await presentOrSkipped('the worker in Python beside one of ours', pythonClient)
const java = await presentOrSkipped('the worker in Java beside one of ours', javaClient)

const EXECUTOR = 'mixed'
const JOBS = Array.from({ length: 8 }, (_, at) => `job-${at}`)
const ENOUGH = 30

interface Foreign {
  readonly name: string
  readonly client: Command | null
  readonly file: string
  readonly task: string
  readonly payload: unknown
}

const FOREIGN: readonly Foreign[] = [
  { name: 'Python', client: python, file: 'python/worker.py', task: 'greet', payload: { name: 'Ada' } },
  { name: 'Java', client: java, file: 'java/Worker.java', task: 'shout', payload: 'Ada' },
]

describeOnKafka('a worker of ours', () => {
  let owner: ForeignOwner
  let ours: Scheduler | null = null

  afterEach(async () => {
    await stopPrograms()
    await ours?.shutdown({ wait: false })
    await owner.stop()
  })

  async function startOurs(task: string): Promise<void> {
    const log = `kafka://${owner.bootstrap}/${owner.namespace}?sessionTimeoutMs=6000&heartbeatIntervalMs=250`
    ours = await Scheduler.open({ log, logger: SILENT, roles: ['executor'], executors: { [EXECUTOR]: {} } })
    ours.task(task, () => 'ours')
    await ours.start()
  }

  /** So many more runs that succeeded there. */
  async function succeeded(where: 'ours' | 'theirs', count: number): Promise<void> {
    const all = (): number =>
      owner.heard.of('RunSucceeded', {}).filter(({ result }) => (result === 'ours') === (where === 'ours')).length
    await owner.heard.until(
      (
        (target) => () =>
          all() >= target
      )(all() + count),
    )
  }

  for (const { name, client, file, task, payload } of FOREIGN) {
    for (const first of ['ours', 'theirs'] as const) {
      test.skipIf(client === null)(
        `shares the runs with one in ${name}, and has them all when that one goes, when ${first} is there first`,
        async () => {
          owner = await startOwner([EXECUTOR], ['RunQueued', 'RunSucceeded'])
          const startTheirs = (): Program =>
            new Program([...(client ?? ['none']), join(EXAMPLES, file), owner.bootstrap, owner.namespace], [EXECUTOR])
          let theirs = first === 'theirs' ? startTheirs() : null
          if (first === 'ours') await startOurs(task)
          const trigger = interval('200ms')
          for (const id of JOBS) {
            await owner.scheduler.addJob({ id, task, payload, executor: EXECUTOR, trigger, maxInstances: 100 })
          }
          await succeeded(first, ENOUGH)
          if (theirs === null) theirs = startTheirs()
          else await startOurs(task)
          await Promise.all([succeeded('ours', ENOUGH), succeeded('theirs', ENOUGH)])
          expect(await protocolOf(`${owner.namespace}.${EXECUTOR}`)).toBe('range')
          const { said } = await theirs.stop()
          expect(said).not.toMatch(/Traceback|Exception in thread/)
          await succeeded('ours', ENOUGH)
          for (const id of JOBS) await owner.scheduler.removeJob(id)
          const queued = owner.heard.of('RunQueued', {})
          await Promise.all(queued.map(({ runId }) => owner.heard.event('RunSucceeded', { runId })))
        },
      )
    }
  }
})

/** By which rules the group shares out its partitions. */
async function protocolOf(groupId: string): Promise<string | undefined> {
  const admin = kafkaAt(kafkaBrokers()).admin()
  await admin.connect()
  const { groups } = await admin.describeGroups([groupId])
  await admin.disconnect()
  return groups[0]?.protocol
}
