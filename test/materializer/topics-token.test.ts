/** Nodes with a token key: who was not handed a run has no say in it. */
import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { partitionOf } from '../../src/core/partition.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { headers, headerTexts, json, parsed } from '../support/topic-records.ts'
import { type NodeOptions, type TopicRecord, World } from '../support/world.ts'

const KEY = '0123456789abcdef'
const OTHER_KEY = 'fedcba9876543210'
const instant = (ms: number): string => new Date(ms).toISOString()
const OWNER: NodeOptions = { roles: ['owner'], tokenKeys: [KEY] }

function tokenOf(runId: string, attempt = 1, key = KEY): string {
  return createHmac('sha256', key).update(`${runId}\n${attempt}`).digest('base64url')
}

async function owner(options: NodeOptions = {}, partitions = 1) {
  const world = new World({ topics: true, partitions })
  return { world, a: await world.node('a', { ...OWNER, ...options }) }
}

/** Adds a job; gives its run when it stands on its topic. */
async function queued(world: World, job: object = {}): Promise<Record<string, string>> {
  await world.produce('commands', {
    key: 'hello',
    value: json({ type: 'AddJob', job: { id: 'hello', task: 'greet', ...job } }),
  })
  await world.quiet()
  return headerTexts((await world.records('runs.default')).at(-1)!)
}

/** Whoever may write to the topic says it. */
async function say(world: World, runId: string, over: object = {}): Promise<void> {
  const report = {
    type: 'succeeded',
    runId,
    attempt: 1,
    at: instant(world.clock.now()),
    executor: 'h:1:a',
    result: 1,
    ...over,
  }
  await world.produce('reports', { key: 'hello', value: json(report) })
  await world.quiet()
}

/** All that can be read there, wherever it stands. */
function textOf(records: readonly TopicRecord[]): string {
  const parts = records.flatMap(({ value, headers: own }) => [
    value ?? new Uint8Array(0),
    ...own.map(([, text]) => text),
  ])
  return Buffer.concat(parts).toString('latin1')
}

describe('with a token key', () => {
  test('a run has the token of its attempt, which its executor gives back', async () => {
    const world = new World({ topics: true })
    await world.node('a', OWNER)
    const b = await world.node('b', { roles: ['executor'], tasks: { greet: async () => 'done' } })
    const run = await queued(world)
    const { runId, result } = await world.pass(b.until('RunSucceeded'))
    expect(result).toBe('done')
    expect(run['horolog-token']).toBe(tokenOf(runId))
    expect(b.all('ReportIgnored')).toEqual([])
    await world.check()
  })

  test('each attempt has another token, and the events have none', async () => {
    const { world, a } = await owner()
    const first = await queued(world, { retry: { maxAttempts: 2 } })
    const runId = first['horolog-run-id'] ?? ''
    await say(world, runId, { type: 'failed', token: tokenOf(runId) })
    await world.pass(a.until('RunRetryQueued'))
    await world.quiet()
    const second = headerTexts((await world.records('runs.default')).at(-1)!)
    expect([first, second].map((run) => run['horolog-token'])).toEqual([tokenOf(runId, 1), tokenOf(runId, 2)])
    await say(world, runId, { attempt: 2, token: tokenOf(runId, 1) })
    await say(world, runId, { attempt: 2, token: tokenOf(runId, 2) })
    expect(a.all('ReportIgnored')).toMatchObject([{ attempt: 2, why: 'wrong-token' }])
    expect(a.all('RunSucceeded')).toMatchObject([{ attempt: 2 }])
    const tokens = [tokenOf(runId, 1), tokenOf(runId, 2)]
    const foundOn = async (topic: string): Promise<string[]> => {
      const text = textOf(await world.records(topic))
      return tokens.filter((token) => text.includes(token))
    }
    expect(await foundOn('runs.default')).toEqual(tokens)
    expect(await foundOn('events')).toEqual([])
  })

  test.each<[string, (runId: string) => object]>([
    ['no token', () => ({})],
    ['a token of another key', (runId) => ({ token: tokenOf(runId, 1, OTHER_KEY) })],
    ['a token of another run', () => ({ token: tokenOf('hello/1-2-0/20270101T090000.000Z') })],
    ['a token that is none', () => ({ token: 'open sesame' })],
  ])('a report with %s changes nothing and is recorded as ignored', async (_what, over) => {
    const { world, a } = await owner()
    const { 'horolog-run-id': runId = '' } = await queued(world)
    await say(world, runId, over(runId))
    expect(a.all('ReportIgnored')).toMatchObject([{ runId, attempt: 1, report: 'succeeded', why: 'wrong-token' }])
    expect(a.partition().state.run(runId)?.status).toBe('queued')
    await say(world, runId, { token: tokenOf(runId) })
    expect(a.all('RunSucceeded')).toMatchObject([{ runId }])
    await world.check(a)
  })

  test('reports without it are told at once, and then once a minute with their number', async () => {
    const told: object[] = []
    const { world } = await owner({ logger: { ...SILENT, warn: (details) => void told.push(details) } })
    const { 'horolog-run-id': runId = '' } = await queued(world)
    for (let report = 0; report < 5; report++) await say(world, runId)
    expect(told).toMatchObject([{ partition: 0, runId, attempt: 1, report: 'succeeded', reports: 1 }])
    await world.advance(60_000)
    await say(world, runId)
    expect(told).toMatchObject([{ reports: 1 }, { reports: 5 }])
    await say(world, runId, { token: tokenOf(runId) })
    expect(told).toHaveLength(2)
  })

  test('a report by headers has it there, and one that was sent astray has it at home', async () => {
    const { world, a } = await owner({}, 3)
    const { 'horolog-run-id': runId = '' } = await queued(world)
    const said = { 'horolog-run-id': runId, 'horolog-attempt': '1', 'horolog-outcome': 'succeeded' }
    const partition = (partitionOf('hello', 3) + 1) % 3
    await world.produce('reports', { partition, key: 'hello', headers: headers(said) })
    await world.produce('reports', {
      partition,
      key: 'hello',
      headers: headers({ ...said, 'horolog-token': tokenOf(runId) }),
    })
    await world.quiet()
    expect(a.all('CommandForwarded')).toHaveLength(2)
    expect(a.all('ReportIgnored')).toMatchObject([{ runId, why: 'wrong-token' }])
    expect(a.all('RunSucceeded')).toMatchObject([{ runId }])
  })

  test('a heartbeat without the token keeps no run alive', async () => {
    const { world, a } = await owner()
    const { 'horolog-run-id': runId = '' } = await queued(world, { heartbeatTimeoutMs: 30_000 })
    const token = tokenOf(runId)
    await say(world, runId, { type: 'started', token })
    await world.advance(20_000)
    await say(world, runId, { type: 'heartbeat', token })
    await world.advance(20_000)
    expect(a.partition().state.run(runId)?.status).toBe('running')
    await say(world, runId, { type: 'heartbeat' })
    await world.advance(11_000)
    expect(a.all('RunLost')).toMatchObject([{ runId }])
  })

  test('a claim without the token is not answered, and whoever has it is granted the run', async () => {
    const { world } = await owner()
    const { 'horolog-run-id': runId = '' } = await queued(world, { delivery: 'at-most-once' })
    await say(world, runId, { type: 'started', executor: 'h:2:b' })
    await say(world, runId, { type: 'started', executor: 'h:1:a' })
    expect(await world.records('control')).toEqual([])
    await say(world, runId, { type: 'started', executor: 'h:1:a', token: tokenOf(runId) })
    const told = (await world.records('control')).map(parsed)
    expect(told).toMatchObject([{ type: 'RunGranted', runId, executor: 'h:1:a' }])
  })

  test('what the owner delivers itself is reported with it, and the record does not give it away', async () => {
    const { world, a } = await owner({ deliverTopics: ['orders'] })
    const job = { id: 'order', deliver: { topic: 'orders', key: 'k', headers: {} } }
    await world.produce('commands', { key: 'order', value: json({ type: 'AddJob', job }) })
    const { runId } = await world.pass(a.until('RunSucceeded'))
    expect(a.all('ReportIgnored')).toEqual([])
    const [order] = await world.records('orders')
    expect(textOf([order!])).not.toContain(tokenOf(runId))
  })

  test('a change of keys lets those report that were handed their run before', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a', OWNER)
    const { 'horolog-run-id': runId = '', 'horolog-token': token } = await queued(world)
    await a.shutdown()
    const b = await world.node('b', { roles: ['owner'], tokenKeys: [OTHER_KEY, KEY] })
    await say(world, runId, { token })
    expect(b.all('RunSucceeded')).toMatchObject([{ runId }])
    await world.produce('commands', {
      key: 'hello',
      value: json({ type: 'AddJob', job: { id: 'next', task: 'greet' } }),
    })
    await world.quiet()
    const next = headerTexts((await world.records('runs.default')).at(-1)!)
    expect(next['horolog-token']).toBe(tokenOf(next['horolog-run-id'] ?? '', 1, OTHER_KEY))
  })
})

test('without a token key runs have none, and a report may have any', async () => {
  const { world, a } = await owner({ tokenKeys: [] })
  const run = await queued(world)
  expect(Object.keys(run)).not.toContain('horolog-token')
  await say(world, run['horolog-run-id'] ?? '', { token: 'of a key that is not used any more' })
  expect(a.all('RunSucceeded')).toHaveLength(1)
})
