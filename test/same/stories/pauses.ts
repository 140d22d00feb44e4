/** Jobs, labels and the whole schedule paused and resumed. */
import { interval } from '../../../src/index.ts'
import { at } from '../../support/moments.ts'
import type { Story } from '../story.ts'
import { failing, hello } from './handlers.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const

export const PAUSE_STORIES: readonly Story[] = [
  {
    name: 'a job is paused and resumed, by command and by itself',
    shows: ['JobPaused', 'JobResumed', 'RunRetryScheduled', 'RunRetryQueued'],
    async play({ client, clock, task, note }) {
      task('greet', hello)
      task('fail', failing)
      const retry = { maxAttempts: 3, initial: '5s', jitter: 0 }
      const job = await client.addJob({ id: 'job', ...EVERY_10S })
      const failingJob = await client.addJob({ id: 'failing', task: 'fail', trigger: interval('20s'), retry })
      await clock.advance(21_000)
      await job.pause({ reason: 'holiday' })
      await failingJob.pause({ until: at(48) })
      await job.pause({ reason: 'holiday' })
      await clock.advance(24_000)
      note(client.getJob('job')?.paused)
      await job.resume()
      await job.resume()
      await clock.advance(30_000)
    },
  },
  {
    name: 'jobs are paused by their labels',
    shows: ['JobsPaused', 'JobsResumed', 'RunSkipped', 'RunSucceeded'],
    async play({ client, clock, task }) {
      task('greet', hello)
      await client.addJob({ id: 'a', ...EVERY_10S, labels: { team: 'blue', of: 'a' } })
      await client.addJob({ id: 'b', ...EVERY_10S, labels: { team: 'red' } })
      await clock.advance(11_000)
      await client.pauseJobs({ team: 'blue' }, { reason: 'blue rests' })
      await client.addJob({ id: 'c', ...EVERY_10S, labels: { team: 'blue' } })
      await clock.advance(20_000)
      await client.resumeJobs({ team: 'blue' })
      await clock.advance(15_000)
    },
  },
  {
    name: 'the schedule is paused, and what came due is judged at its end',
    shows: ['SchedulePaused', 'ScheduleResumed', 'RunMissed', 'RunSucceeded'],
    async play({ client, scheduler, clock, task, note }) {
      task('greet', hello)
      await client.addJob({ id: 'patient', ...EVERY_10S })
      await client.addJob({ id: 'strict', ...EVERY_10S, misfireGrace: '6s' })
      await clock.advance(12_000)
      await client.pause({ reason: 'deploy' })
      await clock.advance(25_000)
      note(scheduler.state)
      const run = await client.runJob('patient')
      note(await run.result())
      await client.resume()
      await clock.advance(15_000)
      await client.pause({ until: at(70) })
      await clock.advance(30_000)
      note(scheduler.state)
    },
  },
]
