/** Runs that are asked for, stopped, repeated, or fail. */
import { interval } from '../../../src/index.ts'
import { at, T0 } from '../../support/moments.ts'
import type { Story } from '../story.ts'
import { failing, hello, obedient, stubborn } from './handlers.ts'

const HOURLY = { trigger: interval('1h') } as const

export const RUN_STORIES: readonly Story[] = [
  {
    name: 'a job is run now, and runs of the past are made',
    shows: ['RunQueued', 'RunSucceeded', 'CommandApplied', 'CommandRejected'],
    async play({ scheduler, clock, task, note, refused }) {
      task('echo', (_context, payload: unknown) => payload)
      task('wait', stubborn().handler)
      const job = await scheduler.addJob({ id: 'job', task: 'echo', trigger: interval('10s', { start: T0 }), payload: 1 })
      note(await (await job.runNow()).result())
      note(await (await job.runNow({ payload: { own: true }, commandId: 'mine' })).result())
      await clock.advance(5_000)
      const range = { from: at(-45), to: at(-15) }
      await scheduler.rescheduleJob('job', interval('10s', { start: at(-1_000) }))
      note(await backfilled(scheduler.backfill('job', { ...range, dryRun: true })))
      note(await backfilled(scheduler.backfill('job', range)))
      await clock.advance(6_000)
      await scheduler.addJob({ id: 'busy', task: 'wait', ...HOURLY })
      await scheduler.runJob('busy')
      await clock.settle()
      await refused(scheduler.runJob('busy'))
      await refused(scheduler.backfill('busy', { from: at(-10), to: at(-20) }))
      await clock.advance(3_000)
    },
  },
  {
    name: 'runs are cancelled while they wait, run, and after their end',
    shows: ['RunCancelRequested', 'RunCancelled', 'RunStarted', 'RunSucceeded', 'CommandRejected'],
    async play({ scheduler, clock, task, note, refused }) {
      const { handler, letGo } = stubborn()
      task('obey', obedient)
      task('ignore', handler)
      await scheduler.addJob({ id: 'obeys', task: 'obey', ...HOURLY, overlap: 'queue' })
      await scheduler.addJob({ id: 'ignores', task: 'ignore', ...HOURLY })
      const running = await scheduler.runJob('obeys')
      const waiting = await scheduler.runJob('obeys')
      const ignoring = await scheduler.runJob('ignores')
      await clock.advance(2_000)
      await waiting.cancel({ reason: 'not needed' })
      await running.cancel({ reason: 'enough' })
      await ignoring.cancel()
      await clock.settle()
      letGo('done all the same')
      note(await ignoring.result())
      await refused(ignoring.cancel())
      await refused(scheduler.cancelRun('obeys/1-1-0/nothing'))
      await refused(running.result())
      await clock.advance(2_000)
    },
  },
  {
    name: 'attempts fail, time out, and are tried again',
    shows: ['RunRetryScheduled', 'RunRetryQueued', 'RunFailed', 'RunTimedOut', 'RunSucceeded'],
    async play({ scheduler, clock, task }) {
      task('third', ({ run }) => (run.attempt < 3 ? failing : hello)({} as never, null) as unknown)
      task('fail', failing)
      task('sleep', obedient)
      const retry = { maxAttempts: 3, initial: '2s', multiplier: 3, jitter: 0.5 }
      await scheduler.addJob({ id: 'third', task: 'third', ...HOURLY, retry })
      await scheduler.addJob({ id: 'refused', task: 'fail', ...HOURLY, retry: { ...retry, nonRetryable: ['RangeError'] } })
      await scheduler.addJob({ id: 'sleepy', task: 'sleep', ...HOURLY, retry, timeout: '3s' })
      await scheduler.addJob({ id: 'unknown', task: 'comes later', ...HOURLY })
      for (const id of ['third', 'refused', 'sleepy', 'unknown']) await scheduler.runJob(id)
      await clock.advance(500)
      task('comes later', hello)
      await clock.advance(30_000)
    },
  },
  {
    name: 'a failed run is done again on request',
    shows: ['RunFailed', 'RunSucceeded', 'CommandRejected'],
    async play({ scheduler, clock, task, note, refused }) {
      let isBroken = true
      task('repair', (context, payload: unknown) => (isBroken ? failing(context, null) : payload))
      await scheduler.addJob({ id: 'job', task: 'repair', trigger: interval('10s'), payload: 'own' })
      await clock.advance(10_000)
      const [failed] = await scheduler.getRuns('job')
      const given = await scheduler.runJob('job', { payload: 'given' })
      await refused(given.result())
      isBroken = false
      note(await (await scheduler.retryRun(failed?.runId ?? '')).result())
      note(await (await scheduler.retryRun(given.runId)).result())
      await refused(scheduler.retryRun('job/1-1-0/nothing'))
      await clock.advance(1_000)
    },
  },
  {
    name: 'silent runs are lost, and at most once means once',
    shows: ['RunStarted', 'RunGranted', 'RunLost', 'RunSucceeded', 'RunTimedOut'],
    async play({ scheduler, clock, task, note }) {
      const { handler } = stubborn()
      let beat = (): void => {}
      task('greet', hello)
      task('quiet', handler)
      task('loud', (context, payload) => {
        beat = context.heartbeat
        return handler(context, payload)
      })
      const alive = { ...HOURLY, heartbeatTimeout: '20s' } as const
      await scheduler.addJob({ id: 'quiet', task: 'quiet', ...alive })
      await scheduler.addJob({ id: 'loud', task: 'loud', ...alive, maxInstances: 2 })
      await scheduler.addJob({ id: 'once', task: 'greet', ...HOURLY, delivery: 'at-most-once' })
      await scheduler.addJob({ id: 'once-quiet', task: 'quiet', ...HOURLY, delivery: 'at-most-once', timeout: '15s' })
      for (const id of ['quiet', 'loud', 'once', 'once-quiet']) await scheduler.runJob(id)
      for (let beats = 0; beats < 3; beats += 1) {
        await clock.advance(10_000)
        beat()
        // Its report follows the heartbeat's way: what comes of it says that the heartbeat has come.
        await clock.settle()
        await scheduler.modifyJob('loud', { task: 'greet' })
        note(await (await scheduler.runJob('loud')).result())
      }
      await clock.advance(45_000)
    },
  },
  {
    name: 'a job is removed while its run runs',
    shows: ['JobRemoved', 'RunStarted', 'RunSucceeded', 'RunCancelled', 'JobsRemoved'],
    async play({ scheduler, clock, task, note }) {
      const { handler, letGo } = stubborn()
      task('wait', handler)
      const job = { id: 'job', task: 'wait', trigger: interval('10s'), overlap: 'queue' } as const
      await scheduler.addJob(job)
      await clock.advance(25_000)
      await scheduler.removeJob('job')
      await scheduler.addJob(job)
      await clock.advance(12_000)
      letGo('of the first')
      await clock.advance(10_000)
      await scheduler.removeAllJobs()
      letGo('of the second')
      await clock.advance(1_000)
      note((await scheduler.getRuns('job', { all: true })).map(({ status, scheduledAt }) => ({ status, scheduledAt })))
    },
  },
]

async function backfilled(asked: Promise<{ readonly count: number; readonly times: readonly Date[] }>): Promise<object> {
  const { count, times } = await asked
  return { count, times }
}
