/** What an executor keeps of attempts whose final report nobody took, and what it says of tasks that are not here. */
import { expect, test } from 'vitest'
import { executorScene } from './executor-scene.ts'

const KEPT = 1_000

test('of final reports that nobody took the last 1,000 are kept, and an older attempt runs again when it comes again', async () => {
  const { tasks, dispatch, clock, takeReports, typesOf } = executorScene()
  const calls: string[] = []
  tasks.add('greet', ({ run }) => void calls.push(run.runId))
  takeReports(false)
  for (let run = 0; run <= KEPT; run += 1) dispatch(`run-${run}`)
  await clock.settle()
  expect(calls).toHaveLength(KEPT + 1)
  takeReports(true)
  dispatch('run-0')
  dispatch('run-1')
  dispatch(`run-${KEPT}`)
  await clock.settle()
  expect(calls.slice(KEPT + 1)).toEqual(['run-0'])
  expect([typesOf('run-0'), typesOf('run-1')]).toEqual([
    ['succeeded', 'succeeded'],
    ['succeeded', 'succeeded'],
  ])
})

test('a task that is not here is told once, with its name', async () => {
  const { dispatch, clock, lines } = executorScene()
  for (const run of ['a', 'b', 'c']) dispatch(run, { task: 'nobody has it' })
  dispatch('d', { task: 'nor this' })
  await clock.settle()
  const warnings = lines.filter(({ level }) => level === 'warn').map(({ details }) => details)
  expect(warnings).toEqual([{ task: 'nobody has it' }, { task: 'nor this' }])
})
