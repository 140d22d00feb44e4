/** What a node knows when it comes back, or comes for the first time, although the beginning of the events is gone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { crontab, interval, Scheduler, type SchedulerOptions } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { describeOnKafka } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { T0 } from '../support/moments.ts'
import { kafkaUrl, timelessTopics } from './shaped-topics.ts'
import { firstCheckpoint, lastBatch, trimEvents } from './trimmed.ts'

const FIRST_BASE_MS = 60_000
const PATIENCE_MS = 20_000

describeOnKafka('a node whose events have lost their beginning', () => {
  let namespace: string
  let clock: VirtualClock
  let folder: string
  const nodes: Scheduler[] = []

  beforeEach(async () => {
    namespace = await timelessTopics(1)
    clock = createVirtualClock(T0)
    folder = mkdtempSync(join(tmpdir(), 'node-'))
  })
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.shutdown({ wait: false })
    rmSync(folder, { recursive: true })
  })

  async function node(options: SchedulerOptions = {}): Promise<Scheduler> {
    // Virtual time has nothing to do with the broker's.
    const timed = { clock, maxClockSkew: null }
    const opened = await Scheduler.open({ log: kafkaUrl(namespace), ...timed, logger: SILENT, ...options })
    nodes.push(opened)
    opened.task('greet', () => 'hello')
    await opened.start()
    return opened
  }

  async function withJobs(first: Scheduler): Promise<void> {
    await first.addJob({ id: 'hourly', task: 'greet', trigger: interval('1h') })
    await first.addJob({ id: 'daily', task: 'greet', trigger: crontab('0 9 * * *'), payload: { n: 1 } })
    await first.pauseJob('daily', { reason: 'for once' })
    for (let runs = 0; runs < 3; runs += 1) await (await first.runJob('hourly')).result()
  }

  test('has them from the state topic, and goes on with the events after the checkpoint', async () => {
    const first = await node()
    await withJobs(first)
    await clock.advance(FIRST_BASE_MS)
    const isThere = async (): Promise<boolean> => (await firstCheckpoint(namespace)) !== null
    expect(await until(isThere, PATIENCE_MS), 'a checkpoint is on the state topic').toBe(true)
    await first.addJob({ id: 'after', task: 'greet', trigger: interval('2h') })
    await (await first.runJob('hourly')).result()
    const known = first.getJobs()
    await first.shutdown()
    await trimEvents(namespace, (await firstCheckpoint(namespace)) ?? 0)
    const second = await node()
    expect(second.getJobs()).toEqual(known)
    expect(known.map(({ id }) => id).toSorted()).toEqual(['after', 'daily', 'hourly'])
    await expect((await second.runJob('hourly')).result()).resolves.toBe('hello')
  })

  test('has them from its own folder, with its finished runs, and what others did meanwhile from the events', async () => {
    const first = await node({ stateFolder: folder })
    await withJobs(first)
    const runs = await first.getRuns('hourly')
    expect(runs).toHaveLength(3)
    await first.shutdown()
    const end = await lastBatch(namespace)
    const other = await node()
    await other.addJob({ id: 'meanwhile', task: 'greet', trigger: interval('2h') })
    await other.removeJob('daily')
    const known = other.getJobs()
    await other.shutdown()
    await trimEvents(namespace, end)
    const again = await node({ stateFolder: folder })
    expect(again.getJobs()).toEqual(known)
    expect(await again.getRuns('hourly')).toEqual(runs)
    await expect((await again.runJob('meanwhile')).result()).resolves.toBe('hello')
  })

  test('does not come up without a checkpoint', async () => {
    const first = await node()
    await withJobs(first)
    await first.shutdown()
    await trimEvents(namespace, await lastBatch(namespace))
    await expect(node()).rejects.toMatchObject({ name: 'LogError', code: 'offset-out-of-range' })
  })
})
