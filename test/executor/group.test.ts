// Runs come from a topic, reports go to another, and the group remembers what is done (protocol §5).
import { describe, expect, test } from 'vitest'
import type { AppendFate } from '../../src/adapters/memory/memory-log.ts'
import { T0 } from '../support/moments.ts'
import { json } from './executor-scene.ts'
import { groupScene, runIdOf, TOPIC } from './group-scene.ts'

const RUNS = { topic: TOPIC, partition: 0 }

describe('a run on the topic', () => {
  test('is run, and its report lies in the home partition of its job, under the key of the job', async () => {
    const { worker, runs, log } = groupScene({ partitions: 3 })
    const { begun, process } = await worker('w')
    await runs(['a'], { task: 'quick', partition: 2, payload: json({ name: 'world' }) }, 1)
    expect(begun).toEqual(['a'])
    const { records } = await log.read({ topic: 'reports', partition: 2 }, 0, 10_000)
    expect(records).toMatchObject([{ key: 'hello' }])
    expect(process).toBe('w:1:aa')
  })

  test('has its token, its attempt and the process in its reports', async () => {
    const { worker, runs, reports } = groupScene()
    const { process } = await worker('w')
    await runs(['a'], { task: 'quick', token: 'secret', attempt: 3 })
    expect(await reports()).toMatchObject([
      { type: 'succeeded', runId: runIdOf('a'), attempt: 3, token: 'secret', executor: process, at: T0 },
    ])
  })

  test('that was there before the partition was assigned says at once that it started, a later one after a second', async () => {
    const { worker, runs, typesOf, clock } = groupScene()
    await runs(['early'])
    await worker('w')
    await runs(['late'])
    expect(await typesOf('early')).toEqual(['started'])
    expect(await typesOf('late')).toEqual([])
    await clock.advance(1_000)
    expect(await typesOf('late')).toEqual(['started'])
  })

  test('is missed when its start deadline has passed, and not run when nobody here has its task', async () => {
    const { worker, runs, typesOf, clock, committed } = groupScene()
    const { begun } = await worker('w')
    await runs(['late'], { startBefore: T0 - 1 })
    await runs(['strange'], { task: 'nobody has it' })
    expect([await typesOf('late'), await typesOf('strange'), begun]).toEqual([['missed'], ['unknown-task'], []])
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(2)
  })

  test('that can not be read is told and passed over', async () => {
    const { worker, runs, log, clock, committed } = groupScene()
    const { begun, lines } = await worker('w')
    await log.append(RUNS, [
      { key: null, value: Buffer.from('what is this') },
      { key: 'hello', value: null },
    ])
    await runs(['nowhere'], { partition: 7 })
    await runs(['a'], { task: 'quick' })
    expect(begun).toEqual(['a'])
    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { details: { offset: 0, why: 'horolog-run-id: expected this header, got nothing' } },
      { details: { offset: 1 } },
      { details: { offset: 2, why: 'horolog-partition: there is no partition 7' } },
    ])
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(4)
  })
})

describe('a copy of a run', () => {
  test('is not run, and its offset is done only with the original', async () => {
    const { worker, runs, typesOf, clock, committed } = groupScene()
    const { begun, finish } = await worker('w')
    await runs(['a', 'a'])
    await runs(['b'], { task: 'quick' })
    await clock.advance(2_000)
    expect(committed.get(0)).toBeUndefined()
    finish('a')
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(3)
    expect(begun).toEqual(['a', 'b'])
    expect(await typesOf('a')).toEqual(['started', 'succeeded'])
  })

  test('that ended here is done at once', async () => {
    const { worker, runs, typesOf, clock, committed } = groupScene()
    await worker('w')
    await runs(['a'], { task: 'quick' })
    await runs(['a'], { task: 'quick' })
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(2)
    expect(await typesOf('a')).toEqual(['succeeded'])
  })

  test('is another attempt when its number differs', async () => {
    const { worker, runs } = groupScene()
    const { begun } = await worker('w')
    await runs(['a'], { task: 'quick', attempt: 1 })
    await runs(['a'], { task: 'quick', attempt: 2 })
    expect(begun).toEqual(['a', 'a'])
  })
})

describe('a run of an owner', () => {
  test('that a later one has overtaken at a lower offset is dropped and done', async () => {
    const { worker, runs, clock, committed } = groupScene({ partitions: 2 })
    const { begun } = await worker('w')
    await runs(['now'], { task: 'quick', epoch: 5 })
    await runs(['late'], { task: 'quick', epoch: 4 })
    await runs(['again'], { task: 'quick', epoch: 5 })
    await clock.advance(1_000)
    expect(begun).toEqual(['now', 'again'])
    expect(committed.get(0)).toBe(3)
  })

  test('of another home partition, or in another partition of the runs, has not been overtaken', async () => {
    const { worker, runs } = groupScene({ partitions: 2 })
    const { begun } = await worker('w')
    await runs(['now'], { task: 'quick', epoch: 5, partition: 0 }, 0)
    await runs(['other home'], { task: 'quick', epoch: 1, partition: 1 }, 0)
    await runs(['other place'], { task: 'quick', epoch: 1, partition: 0 }, 1)
    expect(begun).toEqual(['now', 'other home', 'other place'])
  })

  test('is judged from what was read since the partition was assigned', async () => {
    const { worker, runs, clock } = groupScene()
    const first = await worker('first')
    await runs(['now'], { task: 'quick', epoch: 5 })
    await clock.advance(1_000)
    await first.kill()
    const second = await worker('second')
    await runs(['late'], { task: 'quick', epoch: 4 })
    expect(second.begun).toEqual(['late'])
  })
})

describe('the position of the group', () => {
  test('goes up to the first run that is not over, a second after the last change', async () => {
    const { worker, runs, clock, committed } = groupScene()
    const { finish } = await worker('w')
    await runs(['a', 'b', 'c'])
    finish('b')
    await clock.advance(1_000)
    expect(committed.get(0)).toBeUndefined()
    finish('a')
    await clock.advance(999)
    expect(committed.get(0)).toBeUndefined()
    await clock.advance(1)
    expect(committed.get(0)).toBe(2)
    finish('c')
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(3)
  })

  test('waits until the final report is durable', async () => {
    let fate: AppendFate = 'lose-request'
    const { worker, runs, typesOf, clock, committed } = groupScene({
      faults: ({ to }) => (to.topic === 'reports' ? fate : 'ok'),
    })
    await worker('w')
    await runs(['a'], { task: 'quick' })
    await clock.advance(5_000)
    expect(committed.get(0)).toBeUndefined()
    fate = 'ok'
    await clock.advance(2_000)
    expect(committed.get(0)).toBe(1)
    expect(await typesOf('a')).toEqual(['succeeded'])
  })

  test('is committed again when that failed', async () => {
    const { worker, runs, clock, committed } = groupScene()
    const { takeCommits } = await worker('w')
    takeCommits(false)
    await runs(['a'], { task: 'quick' })
    await clock.advance(3_000)
    takeCommits(true)
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(1)
  })

  test('begins with what the topic still keeps', async () => {
    const { worker, runs, cluster, clock, committed } = groupScene()
    await runs(['gone'], { task: 'quick' })
    await runs(['kept'], { task: 'quick' })
    cluster.trim(RUNS, 1)
    const { begun } = await worker('w')
    expect(begun).toEqual(['kept'])
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(2)
  })
})

describe('room', () => {
  test('no more is read than a few runs for each slot, and it goes on when they end', async () => {
    const { worker, runs, clock } = groupScene()
    const { readTo, finish, begun } = await worker('w', { concurrency: 1 })
    const names = Array.from({ length: 12 }, (_, index) => `run ${index}`)
    for (const name of names) await runs([name], { payload: new Uint8Array(200_000), contentType: 'text/plain' })
    expect(readTo(0)).toBe(4)
    finish('run 0')
    await clock.settle()
    expect(readTo(0)).toBe(5)
    for (const name of names) {
      finish(name)
      await clock.settle()
    }
    expect(begun).toEqual(names)
  })

  test('what is free is taken by one partition after the other', async () => {
    const { worker, runs, clock } = groupScene({ partitions: 2 })
    await runs(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8'], {}, 0)
    await runs(['b1', 'b2', 'b3', 'b4'], {}, 1)
    const { begun, finish } = await worker('w', { concurrency: 1 })
    while (begun.length < 8) {
      finish(begun.at(-1)!)
      await clock.settle()
    }
    expect(begun.filter((name) => name.startsWith('b')).length).toBeGreaterThan(1)
  })

  test('a thousand runs whose reports are not durable stop a partition until they are', async () => {
    let fate: AppendFate = 'refuse'
    const { worker, runs, clock } = groupScene({ faults: ({ to }) => (to.topic === 'reports' ? fate : 'ok') })
    const { begun } = await worker('w')
    await runs(
      Array.from({ length: 1_500 }, (_, index) => `${index}`),
      { task: 'quick' },
    )
    await clock.advance(50)
    expect(begun.length).toBe(1_000)
    fate = 'ok'
    await clock.advance(100)
    expect(begun.length).toBe(1_500)
  })

  test('a run of hours holds nothing up before ten thousand others', async () => {
    const { worker, runs, clock, committed } = groupScene()
    const { begun, finish } = await worker('w')
    await runs(['long'])
    await runs(
      Array.from({ length: 10_500 }, (_, index) => `${index}`),
      { task: 'quick' },
    )
    expect(begun.length).toBe(10_000)
    finish('long')
    await clock.advance(1_000)
    expect(begun.length).toBe(10_501)
    expect(committed.get(0)).toBe(10_501)
  })
})

describe('a report', () => {
  test('that was given up leaves its run to the next member', async () => {
    const { worker, runs, clock, committed } = groupScene()
    const { refuseReports } = await worker('w')
    refuseReports('closed')
    await runs(['a'], { task: 'quick' })
    await clock.advance(5_000)
    expect(committed.get(0)).toBeUndefined()
  })

  test('that the log forbids is sent when it is allowed', async () => {
    const { worker, runs, typesOf, clock } = groupScene()
    const { refuseReports, lines } = await worker('w')
    refuseReports('not-authorized')
    await runs(['a'], { task: 'quick' })
    await clock.advance(30_000)
    expect(await typesOf('a')).toEqual([])
    expect(lines.filter(({ level }) => level === 'error').length).toBeGreaterThan(0)
    refuseReports(null)
    await clock.advance(10_000)
    expect(await typesOf('a')).toEqual(['succeeded'])
  })
})

test('a log that can not be read for a while is read on from where it was', async () => {
  const { worker, runs, clock } = groupScene()
  const { takeReads, begun, lines } = await worker('w')
  await runs(['a'], { task: 'quick' })
  takeReads(false)
  await runs(['b'], { task: 'quick' })
  await clock.advance(10_000)
  expect(begun).toEqual(['a'])
  expect(lines.filter(({ level }) => level === 'warn').length).toBe(1)
  takeReads(true)
  await clock.advance(1_000)
  expect(begun).toEqual(['a', 'b'])
})
