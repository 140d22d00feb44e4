/** Named executors, and their places. */
import { interval } from '../../../src/index.ts'
import type { Story } from '../story.ts'
import { hello, stubborn } from './handlers.ts'

export const EXECUTOR_STORIES: readonly Story[] = [
  {
    name: 'executors come and go',
    shows: ['ExecutorDeclared', 'CommandRejected', 'RunSucceeded'],
    options: { executors: { default: {}, other: { concurrency: 2 } } },
    async play({ scheduler, clock, task, refused }) {
      task('greet', hello)
      const job = { task: 'greet', trigger: interval('10s') } as const
      await scheduler.addJob({ id: 'here', ...job })
      await scheduler.addJob({ id: 'other', ...job, executor: 'other' })
      await refused(scheduler.addJob({ id: 'later', ...job, executor: 'later' }))
      await clock.advance(11_000)
      await scheduler.addExecutor('later', { concurrency: 1 })
      await scheduler.addJob({ id: 'later', ...job, executor: 'later' })
      await clock.advance(10_000)
      await scheduler.removeExecutor('later', { wait: false })
      await clock.advance(10_000)
      await scheduler.addExecutor('later', { concurrency: 1 })
      await clock.advance(10_000)
    },
  },
  {
    name: 'a run is picked up too late',
    shows: ['RunMissed', 'RunStarted', 'RunSucceeded'],
    options: { executors: { default: { concurrency: 1 } } },
    async play({ scheduler, clock, task }) {
      const { handler, letGo } = stubborn()
      task('greet', hello)
      task('wait', handler)
      await scheduler.addJob({ id: 'busy', task: 'wait' })
      await clock.settle()
      await scheduler.addJob({ id: 'late', task: 'greet', trigger: interval('10s'), misfireGrace: '3s' })
      await clock.advance(14_000)
      letGo()
      await clock.advance(8_000)
    },
  },
]
