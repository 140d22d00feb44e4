// An at-most-once run from its job to its outcome: executor, owner and log together.
import { expect, test } from 'vitest'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { interval, Scheduler } from '../../src/index.ts'
import { T0 } from '../support/moments.ts'

test('an at-most-once run is granted to the process that claims it, and runs once', async () => {
  const clock = createVirtualClock(T0)
  const scheduler = await Scheduler.open({ log: 'memory:', clock })
  const events: string[] = []
  for (const type of ['RunQueued', 'RunGranted', 'RunSucceeded', 'ReportIgnored'] as const) {
    scheduler.on(type, (event) => void events.push(event.type))
  }
  let calls = 0
  scheduler.task('greet', () => {
    calls += 1
  })
  await scheduler.addJob({ id: 'once', task: 'greet', trigger: interval('10s'), delivery: 'at-most-once' })
  await scheduler.start()
  await clock.advance(10_000)
  expect(events).toEqual(['RunQueued', 'RunGranted', 'RunSucceeded'])
  expect(calls).toBe(1)
  await scheduler.shutdown()
})
