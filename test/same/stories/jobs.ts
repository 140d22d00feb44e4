/** What is done to the definition of a job. */
import { date, interval } from '../../../src/index.ts'
import { at } from '../../support/moments.ts'
import type { Story } from '../story.ts'
import { failing, hello } from './handlers.ts'

export const JOB_STORIES: readonly Story[] = [
  {
    name: 'jobs are added, replaced, kept and refused',
    shows: ['JobAdded', 'JobModified', 'CommandApplied', 'CommandRejected', 'RunSucceeded'],
    async play({ client, clock, task, refused }) {
      task('greet', hello)
      const job = { id: 'job', task: 'greet', trigger: interval('10s') } as const
      await client.addJob(job)
      await clock.advance(15_000)
      await client.addJob(job)
      await client.addJob({ ...job, commandId: 'once', name: 'named' })
      await client.addJob({ ...job, commandId: 'once', name: 'again' })
      await clock.advance(10_000)
      await client.addJob({ ...job, ifExists: 'keep', trigger: interval('1m') })
      await refused(client.addJob({ ...job, ifExists: 'reject' }))
      await refused(client.addJob({ ...job, id: 'other', executor: 'nobody' }))
      await refused(client.addJob({ ...job, id: 'not an id' }))
      await client.addJob({ ...job, trigger: interval('7s'), payload: { name: 'you' } })
      await clock.advance(15_000)
    },
  },
  {
    name: 'a job is modified, rescheduled, removed and added again',
    shows: ['JobModified', 'CommandRejected', 'JobRemoved', 'RunCancelled'],
    async play({ client, clock, task, refused }) {
      task('greet', hello)
      task('fail', failing)
      const job = await client.addJob({ id: 'job', task: 'greet', trigger: interval('10s') })
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
      await refused(client.runJob('job'))
      await client.addJob({ id: 'job', task: 'greet', trigger: interval('5s') })
      await clock.advance(12_000)
    },
  },
  {
    name: 'jobs finish with their last run',
    shows: ['JobFinished', 'RunSucceeded', 'RunFailed'],
    async play({ client, clock, task, note }) {
      task('greet', hello)
      task('fail', failing)
      const now = await client.addJob({ id: 'now', task: 'greet' })
      await client.addJob({ id: 'soon', task: 'fail', trigger: date(at(5)) })
      await client.addJob({ id: 'twice', task: 'greet', trigger: interval('3s', { repeat: 2 }) })
      await client.addJob({ id: 'past', task: 'greet', trigger: date(at(-60)), misfireGrace: '1h' })
      await clock.advance(10_000)
      note(client.getJob(now.id) ?? 'gone')
      note((await client.getRuns('twice', { all: true })).map(({ status, scheduledAt }) => ({ status, scheduledAt })))
    },
  },
  {
    name: 'all jobs are removed, and come back from a file',
    shows: ['JobsRemoved', 'JobAdded', 'JobPaused', 'RunSucceeded'],
    async play({ client, clock, task, note }) {
      task('greet', hello)
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await client.addJob({ id, task: 'greet', trigger: interval('10s'), labels: { of: id } })
      }
      await clock.advance(13_000)
      await client.pauseJob('b', { reason: 'not now' })
      const file = client.exportJobs()
      await client.removeAllJobs()
      await clock.advance(14_000)
      note(client.getJobs().length)
      note(await client.importJobs(structuredClone(file)))
      await clock.advance(20_000)
      note(file.jobs.map((job) => JSON.stringify(job)).toSorted())
    },
  },
]
