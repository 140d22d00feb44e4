// Signs of life: `started` and the reports of ctx.heartbeat().
import { expect, test } from 'vitest'
import { executorScene, type Scene } from './executor-scene.ts'

/** With a task whose heartbeat the test beats. */
function sceneOf(): Scene & { readonly beat: () => void } {
  const scene = executorScene()
  let beat = (): void => {}
  scene.tasks.add('greet', (context) => {
    beat = context.heartbeat
    return new Promise(() => {})
  })
  return { ...scene, beat: () => beat() }
}

test('a run with a heartbeat time-out reports its start at once, any other after a second', async () => {
  const { dispatch, typesOf, clock } = sceneOf()
  dispatch('a', { heartbeatTimeoutMs: 10_000 })
  dispatch('b')
  await clock.advance(999)
  expect([typesOf('a'), typesOf('b')]).toEqual([['started'], []])
  await clock.advance(1)
  expect(typesOf('b')).toEqual(['started'])
})

test('heartbeats are reported at most four times in a heartbeat time-out', async () => {
  const { dispatch, reports, clock, beat } = sceneOf()
  dispatch('a', { heartbeatTimeoutMs: 10_000 })
  for (let second = 0; second < 10; second++) {
    beat()
    beat()
    await clock.advance(1_000)
  }
  const beats = reports.filter(({ type }) => type === 'heartbeat').map(({ at }) => at - (reports[0]?.at ?? 0))
  expect(beats).toEqual([0, 3_000, 6_000, 9_000])
})

test('heartbeats go on after the clock was stepped back', async () => {
  const { dispatch, typesOf, clock, beat } = sceneOf()
  dispatch('a', { heartbeatTimeoutMs: 10_000 })
  beat()
  await clock.set(clock.now() - 3_600_000)
  beat()
  expect(typesOf('a')).toEqual(['started', 'heartbeat', 'heartbeat'])
})

test('a heartbeat of a job without a heartbeat time-out is not reported: nobody waits for it', () => {
  const { dispatch, typesOf, beat } = sceneOf()
  dispatch('a')
  beat()
  expect(typesOf('a')).toEqual([])
})

test('an attempt that is over has no heartbeat', async () => {
  const { dispatch, typesOf, clock, beat } = sceneOf()
  dispatch('a', { heartbeatTimeoutMs: 10_000, timeoutMs: 1_000 })
  await clock.advance(1_000)
  beat()
  expect(typesOf('a')).toEqual(['started', 'timed-out'])
})
