/** Nodes whose clock is not that of their broker. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSystemClock } from '../../src/adapters/system/system-clock.ts'
import { interval, Scheduler, type SchedulerOptions } from '../../src/index.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { describeOnKafka } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { kafkaUrl, shapedTopics } from './shaped-topics.ts'

const OFF_MS = 90_000
const PATIENCE_MS = 20_000

/** The system's clock, and `ahead.ms`. */
function shifted(ahead: { ms: number }): Clock {
  const system = createSystemClock()
  return {
    now: () => system.now() + ahead.ms,
    schedule: (at, callback, background) => system.schedule(at - ahead.ms, callback, background),
    onStep: (listener) => system.onStep(listener),
  }
}

describeOnKafka('a node whose clock differs from the broker', () => {
  let log: string
  const nodes: Scheduler[] = []
  const errors: string[] = []

  beforeEach(async () => {
    log = kafkaUrl(await shapedTopics({ partitions: 2 }))
    errors.length = 0
  })
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.shutdown({ wait: false })
  })

  async function node(options: SchedulerOptions): Promise<Scheduler> {
    const logger = { ...SILENT, error: (_details: object, message: string) => void errors.push(message) }
    const opened = await Scheduler.open({ log, logger, ...options })
    nodes.push(opened)
    opened.task('greet', () => 'hello')
    await opened.start()
    return opened
  }

  test.each([
    ['ahead of', OFF_MS, /9\d\.\d s ahead of/],
    ['behind', -OFF_MS, /(8|9)\d\.\d s behind/],
  ])('is refused when it is 90 s %s that, with both times', async (_where, ms, message) => {
    await expect(node({ clock: shifted({ ms }) })).rejects.toMatchObject({
      code: 'wrong-clock',
      message: expect.stringMatching(message) as string,
    })
    expect(errors).toEqual([expect.stringMatching(/it showed 20\S+Z when the log's showed 20\S+Z; .* allows 60 s/)])
  })

  test('works all the same when any difference is allowed', async () => {
    const ahead = await node({ clock: shifted({ ms: OFF_MS }), maxClockSkew: null })
    await ahead.addJob({ id: 'hourly', task: 'greet', trigger: interval('1h') })
    await expect((await ahead.runJob('hourly')).result()).resolves.toBe('hello')
    expect(errors).toEqual([])
  })

  test('leaves the partitions to others when the difference comes later, and goes on as a client', async () => {
    const ahead = { ms: 0 }
    const wrong = await node({ clock: shifted(ahead) })
    await wrong.addJob({ id: 'hourly', task: 'greet', trigger: interval('1h') })
    ahead.ms = OFF_MS
    await Promise.all(['a', 'b', 'c', 'd'].map((id) => wrong.addJob({ id, task: 'greet', trigger: interval('1h') })))
    expect(await until(async () => wrong.partitions.owned.length === 0, PATIENCE_MS)).toBe(true)
    expect(errors).toHaveLength(1)
    const right = await node({})
    expect(await until(async () => right.partitions.owned.length === 2, PATIENCE_MS)).toBe(true)
    await expect((await wrong.runJob('hourly')).result()).resolves.toBe('hello')
  })
})
