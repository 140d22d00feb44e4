// Control tells every worker process what its owners decided of an attempt: cancels, grants, refusals (protocol §5).
import { describe, expect, test } from 'vitest'
import type { RunRequest } from '../../src/ports/dispatcher.ts'
import { groupScene, type GroupScene, type Worker } from './group-scene.ts'

const ONCE: Partial<RunRequest> = { delivery: 'at-most-once' }
const ELSEWHERE = 'there:2:bb'

async function withWorker(): Promise<GroupScene & Worker> {
  const scene = groupScene()
  return { ...scene, ...(await scene.worker('w')) }
}

describe('an at-most-once run', () => {
  test('is claimed, and begins with the grant; its record is done with that, before it ends', async () => {
    const { worker, runs, control, typesOf, clock, committed } = groupScene()
    const { process, begun, finish } = await worker('w')
    await runs(['a'], ONCE)
    await clock.advance(5_000)
    expect([await typesOf('a'), begun, committed.get(0)]).toEqual([['started'], [], undefined])
    await control({ type: 'RunGranted', name: 'a', executor: process })
    await clock.advance(1_000)
    expect([begun, committed.get(0)]).toEqual([['a'], 1])
    finish('a')
    await clock.settle()
    expect(await typesOf('a')).toEqual(['started', 'succeeded'])
  })

  test('that another process was granted is not run, and its record is done', async () => {
    const { worker, runs, control, clock, committed } = groupScene()
    const { begun } = await worker('w')
    await runs(['a'], ONCE)
    await control({ type: 'RunGranted', name: 'a', executor: ELSEWHERE })
    await clock.advance(1_000)
    expect([begun, committed.get(0)]).toEqual([[], 1])
  })

  test('whose claim was refused is not run, and its record is done', async () => {
    const { worker, runs, control, clock, committed } = groupScene()
    const { process, begun } = await worker('w')
    await runs(['a'], ONCE)
    await control({ type: 'ClaimRefused', name: 'a', executor: process })
    await clock.advance(1_000)
    expect([begun, committed.get(0)]).toEqual([[], 1])
  })

  test('that was granted to a process that is gone is not claimed by the next', async () => {
    const { worker, runs, control, typesOf, clock, committed } = groupScene()
    const first = await worker('first')
    await runs(['a'], ONCE)
    await control({ type: 'RunGranted', name: 'a', executor: first.process })
    await first.kill()
    const second = await worker('second')
    await clock.advance(1_000)
    expect(second.begun).toEqual([])
    expect(await typesOf('a')).toEqual(['started'])
    expect(committed.get(0)).toBe(1)
  })

  test('that came again after its grant is not run twice', async () => {
    const { worker, runs, control, clock, committed } = groupScene()
    const { process, begun, finish } = await worker('w')
    await runs(['a'], ONCE)
    await control({ type: 'RunGranted', name: 'a', executor: process })
    await runs(['a'], ONCE)
    finish('a')
    await runs(['a'], ONCE)
    await clock.advance(1_000)
    expect([begun, committed.get(0)]).toEqual([['a'], 3])
  })

  test('that came again after its refusal is not claimed twice', async () => {
    const { worker, runs, control, typesOf, clock, committed } = groupScene()
    const { process } = await worker('w')
    await runs(['a'], ONCE)
    await control({ type: 'ClaimRefused', name: 'a', executor: process })
    await runs(['a'], ONCE)
    await clock.advance(1_000)
    expect([await typesOf('a'), committed.get(0)]).toEqual([['started'], 2])
  })

  test('whose claim is in another process goes on here when that is refused', async () => {
    const { worker, runs, control } = groupScene()
    const { process, begun } = await worker('w')
    await control({ type: 'ClaimRefused', name: 'a', executor: ELSEWHERE })
    await runs(['a'], ONCE)
    await control({ type: 'RunGranted', name: 'a', executor: process })
    expect(begun).toEqual(['a'])
  })
})

describe('a cancel', () => {
  test('reaches the handler, and its record is done when that has reported', async () => {
    const { runs, control, typesOf, isAborted, finish, clock, committed } = await withWorker()
    await runs(['a'])
    await control({ type: 'CancelRun', name: 'a', reason: 'not needed' })
    expect(isAborted('a')).toBe(true)
    await clock.advance(2_000)
    expect(committed.get(0)).toBeUndefined()
    finish('a')
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(1)
    expect(await typesOf('a')).toEqual(['started', 'succeeded'])
  })

  test('that came before its run holds: it is not begun, and reported as cancelled with the reason', async () => {
    const { runs, control, reports, begun, clock, committed } = await withWorker()
    await control({ type: 'CancelRun', name: 'a', reason: 'not needed' })
    await runs(['a'], { token: 'secret' })
    expect(begun).toEqual([])
    expect(await reports()).toMatchObject([{ type: 'cancelled', token: 'secret', error: { message: 'not needed' } }])
    await clock.advance(1_000)
    expect(committed.get(0)).toBe(1)
  })

  test('that was on the topic before the process began holds as well', async () => {
    const { worker, runs, control, typesOf } = groupScene()
    await runs(['a', 'b'])
    await control({ type: 'CancelRun', name: 'a', reason: 'not needed' })
    const { begun } = await worker('w')
    expect(begun).toEqual(['b'])
    expect(await typesOf('a')).toEqual(['cancelled'])
  })

  test('is known before the first run is taken, however long it takes to read', async () => {
    const { worker, runs, control, typesOf, clock } = groupScene()
    await runs(['a'])
    await control({ type: 'CancelRun', name: 'a', reason: null })
    const gate = Promise.withResolvers<void>()
    const beginning = worker('w', { controlAfter: gate.promise })
    await clock.advance(10_000)
    gate.resolve()
    const { begun } = await beginning
    expect([begun, await typesOf('a')]).toEqual([[], []])
  })

  test('of a run that is over already is not reported', async () => {
    const { runs, control, typesOf, begun, clock, committed } = await withWorker()
    await control({ type: 'CancelRun', name: 'a', reason: 'not needed' })
    await control({ type: 'CancelRun', name: 'a', reason: null })
    await control({ type: 'CancelRun', name: 'a', reason: 'not needed' })
    await runs(['a'])
    await clock.advance(1_000)
    expect([begun, await typesOf('a'), committed.get(0)]).toEqual([[], [], 1])
  })

  test('of one that runs and is over already ends it here without a report', async () => {
    const { runs, control, typesOf, isAborted, clock, committed } = await withWorker()
    await runs(['a'])
    await control({ type: 'CancelRun', name: 'a', reason: null })
    await clock.advance(1_000)
    expect([isAborted('a'), await typesOf('a'), committed.get(0)]).toEqual([true, [], 1])
  })

  test('is of one attempt only', async () => {
    const { runs, control, begun } = await withWorker()
    await control({ type: 'CancelRun', name: 'a', reason: 'not needed' })
    await runs(['a'], { attempt: 2 })
    expect(begun).toEqual(['a'])
  })
})

test('a refusal says nothing of a run that needs no grant', async () => {
  const { runs, control, begun, process } = await withWorker()
  await control({ type: 'ClaimRefused', name: 'a', executor: process })
  await runs(['a'])
  expect(begun).toEqual(['a'])
})

test('what is no control record is told and passed over', async () => {
  const { runs, control, log, begun, lines } = await withWorker()
  await log.append({ topic: 'control', partition: 0 }, [{ key: null, value: Buffer.from('{"type":"Explode"}') }])
  await control({ type: 'CancelRun', name: 'a', reason: null })
  await runs(['a'])
  expect(begun).toEqual([])
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
})

test('control that retention has taken a part of is read from what is kept', async () => {
  const { worker, runs, control, cluster } = groupScene()
  await control({ type: 'CancelRun', name: 'long ago', reason: null })
  await control({ type: 'CancelRun', name: 'a', reason: null })
  cluster.trim({ topic: 'control', partition: 0 }, 1)
  await runs(['a', 'b'])
  expect((await worker('w')).begun).toEqual(['b'])
})
