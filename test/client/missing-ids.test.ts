/** What no type checker has seen: a call without an id must not reach the log, and must not stop anybody. */
import { expect, test } from 'vitest'
import { Scheduler } from '../../src/index.ts'

const NOTHING = undefined as unknown as string

test('a call without a job id is refused, and the scheduler goes on', async () => {
  const scheduler = await Scheduler.open({ log: 'memory:' })
  const calls = [
    () => scheduler.addJob({ task: 'x' } as never),
    () => scheduler.addJob({ id: 5, task: 'x' } as never),
    () => scheduler.removeJob(NOTHING),
    () => scheduler.pauseJob(NOTHING),
    () => scheduler.runJob(NOTHING),
    () => scheduler.modifyJob(NOTHING, { name: 'n' }),
    () => scheduler.backfill(NOTHING, { from: 0, to: 1 }),
  ]
  for (const call of calls) await expect(async () => call()).rejects.toMatchObject({ code: 'invalid-option' })
  await expect(scheduler.addJob({ id: 'good', task: 'x' })).resolves.toMatchObject({ id: 'good' })
  expect(scheduler.state).toBe('open')
  await scheduler.shutdown()
})

test.for([3, 'x', true, [], null])('a retry policy that is %j is refused', async (retry) => {
  const scheduler = await Scheduler.open({ log: 'memory:' })
  const job = { id: 'job', task: 'x', retry } as never
  await expect(async () => scheduler.addJob(job)).rejects.toMatchObject({ code: 'invalid-option' })
  await scheduler.shutdown()
})
