/** What is done to the definition of a job. */
import { date, interval } from '../../../src/index.ts'
import { at } from '../../support/moments.ts'
import type { Story } from '../story.ts'
import { failing, hello } from './handlers.ts'

export const JOB_STORIES: readonly Story[] = [
  {
    name: 'jobs are added, replaced, kept and refused',
    shows: ['JobAdded', 'JobModified', 'CommandApplied', 'CommandRejected', 'RunSucceeded'],
    async play({ scheduler, clock, task, refused }) {
      task('greet', hello)
      const job = { id: 'job', task: 'greet', trigger: interval('10s') } as const
      await scheduler.addJob(job)
      await clock.advance(15_000)
      await scheduler.addJob(job)
      await scheduler.addJob({ ...job, commandId: 'once', name: 'named' })
      await scheduler.addJob({ ...job, commandId: 'once', name: 'again' })
      await clock.advance(10_000)
      await scheduler.addJob({ ...job, ifExists: 'keep', trigger: interval('1m') })
      await refused(scheduler.addJob({ ...job, ifExists: 'reject' }))
      await refused(scheduler.addJob({ ...job, id: 'other', executor: 'nobody' }))
      await refused(scheduler.addJob({ ...job, id: 'not an id' }))
      await scheduler.addJob({ ...job, trigger: interval('7s'), payload: { name: 'you' } })
      await clock.advance(15_000)
    },
  },
  {
    name: 'a job is modified, rescheduled, removed and added again',
    shows: ['JobModified', 'CommandRejected', 'JobRemoved', 'RunCancelled'],
    async play({ scheduler, clock, task, refused }) {
      task('greet', hello)
      task('fail', failing)
      const job = await scheduler.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
      await clock.advance(25_000)
      await job.modify({ payload: 'changed', maxInstances: 2 }, { version: 1 })
      await refused(job.modify({ payload: 'too late' }, { version: 1 }))
      await clock.advance(10_000)
      await job.reschedule(interval('4s'))
      await clock.advance(9_000)
      await job.modify({ task: 'fail', retry: { maxAttempts: 5, initial: '1m', jitter: 0 } })
      await clock.advance(4_000)
      await job.remove()
      await refused(job.remove())
      await refused(scheduler.runJob('job'))
      await scheduler.addJob({ id: 'job', task: 'greet', trigger: interval('5s') })
      await clock.advance(12_000)
    },
  },
  {
    name: 'jobs finish with their last run',
    shows: ['JobFinished', 'RunSucceeded', 'RunFailed'],
    async play({ scheduler, clock, task, note }) {
      task('greet', hello)
      task('fail', failing)
      const now = await scheduler.addJob({ id: 'now', task: 'greet' })
      await scheduler.addJob({ id: 'soon', task: 'fail', trigger: date(at(5)) })
      await scheduler.addJob({ id: 'twice', task: 'greet', trigger: interval('3s', { repeat: 2 }) })
      await scheduler.addJob({ id: 'past', task: 'greet', trigger: date(at(-60)), misfireGrace: '1h' })
      await clock.advance(10_000)
      note(scheduler.getJob(now.id) ?? 'gone')
      note((await scheduler.getRuns('twice', { all: true })).map(({ status, scheduledAt }) => ({ status, scheduledAt })))
    },
  },
  {
    name: 'all jobs are removed, and come back from a file',
    shows: ['JobsRemoved', 'JobAdded', 'JobPaused', 'RunSucceeded'],
    async play({ scheduler, clock, task, note }) {
      task('greet', hello)
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await scheduler.addJob({ id, task: 'greet', trigger: interval('10s'), labels: { of: id } })
      }
      await clock.advance(13_000)
      await scheduler.pauseJob('b', { reason: 'not now' })
      const file = scheduler.exportJobs()
      await scheduler.removeAllJobs()
      await clock.advance(14_000)
      note(scheduler.getJobs().length)
      note(await scheduler.importJobs(structuredClone(file)))
      await clock.advance(20_000)
      note(file)
    },
  },
]
