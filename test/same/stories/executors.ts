/** Named executors, and their places. */
import { interval } from '../../../src/index.ts'
import type { Story } from '../story.ts'
import { hello, stubborn } from './handlers.ts'

export const EXECUTOR_STORIES: readonly Story[] = [
  {
    name: 'executors come and go',
    shows: ['ExecutorDeclared', 'CommandRejected', 'RunSucceeded'],
    options: { executors: { default: {}, other: { concurrency: 2 } } },
    async play({ client, scheduler, clock, task, refused }) {
      task('greet', hello)
      const job = { task: 'greet', trigger: interval('10s') } as const
      await client.addJob({ id: 'here', ...job })
      await client.addJob({ id: 'other', ...job, executor: 'other' })
      await refused(client.addJob({ id: 'later', ...job, executor: 'later' }))
      await clock.advance(11_000)
      await scheduler.addExecutor('later', { concurrency: 1 })
      await client.addJob({ id: 'later', ...job, executor: 'later' })
      await clock.advance(10_000)
      // What waits for an executor on its topic may have begun elsewhere, so it says there at once that it has started.
      await client.pauseJob('later')
      await scheduler.removeExecutor('later', { wait: false })
      await clock.advance(10_000)
      await scheduler.addExecutor('later', { concurrency: 1 })
      await client.resumeJob('later')
      await clock.advance(10_000)
    },
  },
  {
    name: 'a run is picked up too late',
    shows: ['RunMissed', 'RunStarted', 'RunSucceeded'],
    options: { executors: { default: { concurrency: 1 } } },
    async play({ client, clock, task }) {
      const { handler, letGo } = stubborn()
      task('greet', hello)
      task('wait', handler)
      await client.addJob({ id: 'busy', task: 'wait' })
      await clock.settle()
      await client.addJob({ id: 'late', task: 'greet', trigger: interval('10s'), misfireGrace: '3s' })
      await clock.advance(14_000)
      letGo()
      await clock.advance(8_000)
    },
  },
]
