/** What is kept of runs that are over, on a node whose state came from a checkpoint: the rest is in the events. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { type TestNode, World } from '../support/world.ts'

const HOUR = 3_600_000
const TASKS = {
  fail: async () => {
    throw new Error('no')
  },
}

/** What a log was asked for, and what it answers when the events are read from their beginning. */
class Watched {
  fromBeginning = 0
  /** Reads of that kind that fail from now on. */
  failing = 0

  readonly wrap = (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    read: async (from, offset, maxBytes) => {
      if (from.topic === 'events' && offset === 0) {
        this.fromBeginning += 1
        this.failing -= 1
        if (this.failing >= 0) throw new LogError('unavailable', 'no answer', { retryable: true })
      }
      return log.read(from, offset, maxBytes)
    },
    end: (of) => log.end(of),
    watch: (partition, listener) => log.watch(partition, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  })
}

/** A run failed, then a checkpoint was written, then a second node came and the first was lost. */
async function afterTakeover(keepRuns?: number, others: readonly string[] = []) {
  const world = new World({ topics: true })
  const watched = new Watched()
  const first = await world.node('first', { tasks: TASKS })
  const kept = keepRuns === undefined ? {} : { keepRuns }
  await world.pass(first.client.addJob({ id: 'job', task: 'fail', trigger: interval('1h'), ...kept }))
  for (const id of others) await world.pass(first.client.addJob({ id, task: 'fail', trigger: interval('1h') }))
  await world.advance(HOUR)
  const { runId } = await world.pass(first.until('RunFailed'))
  await world.advance(120_000)
  const second = await world.node('second', { tasks: TASKS, log: watched.wrap })
  await world.advance(5_000)
  first.drop()
  await world.advance(30_000)
  watched.fromBeginning = 0
  return { world, second, watched, runId }
}

async function retried(world: World, node: TestNode, runId: string): Promise<string> {
  const asked = node.client.retryRun(runId)
  return world.pass(
    asked.then(
      () => 'ok',
      (error: unknown) => (error as { code: string }).code,
    ),
  )
}

describe('a run that ended before this node had a store', () => {
  test('can be done again', async () => {
    const { world, second, runId } = await afterTakeover()
    expect(await retried(world, second, runId)).toBe('ok')
    expect(second.all('RunQueued').at(-1)).toMatchObject({ retryOf: runId })
    await world.check(second)
  })

  test('is among the runs of its job, taken from the events once', async () => {
    const { world, second, watched, runId } = await afterTakeover()
    for (let asked = 0; asked < 2; asked += 1) {
      const runs = await world.pass(second.client.getRuns('job'))
      expect(runs.map((run) => [run.runId, run.status])).toEqual([[runId, 'failed']])
    }
    expect(watched.fromBeginning).toBe(1)
  })

  test('is taken with those of all other jobs, so that the events are read once whatever is asked for', async () => {
    const others = ['b', 'c', 'd']
    const { world, second, watched } = await afterTakeover(undefined, others)
    const statuses = async (id: string) => (await second.client.getRuns(id)).map((run) => run.status)
    const atOnce = await world.pass(Promise.all(['job', 'b'].map(statuses)))
    expect(atOnce).toEqual([['failed'], ['failed']])
    for (const id of others) expect(await world.pass(statuses(id))).toEqual(['failed'])
    expect(watched.fromBeginning).toBe(1)
  })

  test('can be done again by a command from its topic, when the events could not be read at first', async () => {
    const { world, second, watched, runId } = await afterTakeover()
    const headers = Object.entries({ 'horolog-type': 'RetryRun', 'horolog-run-id': runId, 'horolog-id': 'job' })
    watched.failing = 2
    await world.produce('commands', {
      key: 'job',
      value: Buffer.from(JSON.stringify({ type: 'RetryRun', jobId: 'job', runId })),
      headers: headers.map(([name, text]) => [name, Buffer.from(text)] as const),
    })
    await world.advance(10_000)
    expect(second.all('CommandRejected')).toEqual([])
    expect(second.all('RunQueued').at(-1)).toMatchObject({ retryOf: runId })
  })

  test('is looked for in the events once, however many ask, and one that never was is not found', async () => {
    const { world, second, watched, runId } = await afterTakeover()
    const never = `${runId}/never`
    const asked = [never, runId, never].map((one) => retried(world, second, one))
    expect(await Promise.all(asked)).toEqual(['run-not-found', 'ok', 'run-not-found'])
    expect(await retried(world, second, never)).toBe('run-not-found')
    expect(watched.fromBeginning).toBe(1)
  })

  test('is not looked for when its job keeps none', async () => {
    const { world, second, watched, runId } = await afterTakeover(0)
    expect(await retried(world, second, runId)).toBe('run-not-found')
    expect(watched.fromBeginning).toBe(0)
  })

  test('is not found missing because the events could not be read: who asks is told so', async () => {
    const { world, second, watched, runId } = await afterTakeover()
    watched.failing = 1
    expect(await retried(world, second, runId)).toBe('log-failed')
    expect(await retried(world, second, runId)).toBe('ok')
  })
})
