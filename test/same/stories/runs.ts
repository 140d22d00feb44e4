/** Runs that are asked for, stopped, repeated, or fail. */
import { interval } from '../../../src/index.ts'
import { at } from '../../support/moments.ts'
import type { Story } from '../story.ts'
import { failing, hello, obedient, stubborn } from './handlers.ts'

const HOURLY = { trigger: interval('1h') } as const

export const RUN_STORIES: readonly Story[] = [
  {
    name: 'a job is run now, and runs of the past are made',
    shows: ['RunQueued', 'RunSucceeded', 'CommandApplied', 'CommandRejected'],
    async play({ client, clock, task, note, refused }) {
      task('echo', (_context, payload: unknown) => payload)
      task('wait', stubborn().handler)
      const job = await client.addJob({ id: 'job', task: 'echo', trigger: interval('10s'), payload: 1 })
      note(await (await job.runNow()).result())
      note(await (await job.runNow({ payload: { own: true }, commandId: 'mine' })).result())
      await clock.advance(5_000)
      const range = { from: at(-45), to: at(-15) }
      await client.rescheduleJob('job', interval('10s', { start: at(-1_000) }))
      await clock.settle()
      note(await backfilled(client.backfill('job', { ...range, dryRun: true })))
      note(await backfilled(client.backfill('job', range)))
      await clock.advance(6_000)
      await client.addJob({ id: 'busy', task: 'wait', ...HOURLY })
      await client.runJob('busy')
      await clock.settle()
      await refused(client.runJob('busy'))
      await refused(client.backfill('busy', { from: at(-10), to: at(-20) }))
      await clock.advance(3_000)
    },
  },
  {
    name: 'runs are cancelled while they wait, run, and after their end',
    shows: ['RunCancelRequested', 'RunCancelled', 'RunStarted', 'RunSucceeded', 'CommandRejected'],
    async play({ client, clock, task, note, refused }) {
      const { handler, letGo } = stubborn()
      task('obey', obedient)
      task('ignore', handler)
      await client.addJob({ id: 'obeys', task: 'obey', ...HOURLY, overlap: 'queue' })
      await client.addJob({ id: 'ignores', task: 'ignore', ...HOURLY })
      const running = await client.runJob('obeys')
      const waiting = await client.runJob('obeys')
      const ignoring = await client.runJob('ignores')
      await clock.advance(2_000)
      await waiting.cancel({ reason: 'not needed' })
      await running.cancel({ reason: 'enough' })
      await ignoring.cancel()
      await clock.settle()
      letGo('done all the same')
      note(await ignoring.result())
      await refused(ignoring.cancel())
      await refused(client.cancelRun('obeys/1-1-0/nothing'))
      await refused(running.result())
      await clock.advance(2_000)
    },
  },
  {
    name: 'attempts fail, time out, and are tried again',
    shows: ['RunRetryScheduled', 'RunRetryQueued', 'RunFailed', 'RunTimedOut', 'RunSucceeded'],
    async play({ client, clock, task }) {
      task('third', (context) => (context.run.attempt < 3 ? failing : hello)(context, null))
      task('fail', failing)
      task('sleep', obedient)
      const retry = { maxAttempts: 3, initial: '2s', multiplier: 3, jitter: 0 }
      await client.addJob({ id: 'third', task: 'third', ...HOURLY, retry })
      await client.addJob({ id: 'refused', task: 'fail', ...HOURLY, retry: { ...retry, nonRetryable: ['RangeError'] } })
      await client.addJob({ id: 'sleepy', task: 'sleep', ...HOURLY, retry, timeout: '3s' })
      await client.addJob({ id: 'unknown', task: 'comes later', ...HOURLY })
      for (const id of ['third', 'refused', 'sleepy', 'unknown']) await client.runJob(id)
      await clock.advance(500)
      task('comes later', hello)
      await clock.advance(30_000)
    },
  },
  {
    name: 'a failed run is done again on request',
    shows: ['RunFailed', 'RunSucceeded', 'CommandRejected'],
    async play({ client, clock, task, note, refused }) {
      let isBroken = true
      task('repair', (context, payload: unknown) => (isBroken ? failing(context, null) : payload))
      await client.addJob({ id: 'job', task: 'repair', trigger: interval('10s'), payload: 'own' })
      await clock.advance(10_000)
      const [failed] = await client.getRuns('job')
      const given = await client.runJob('job', { payload: 'given' })
      await refused(given.result())
      isBroken = false
      note(await (await client.retryRun(failed?.runId ?? '')).result())
      note(await (await client.retryRun(given.runId)).result())
      await refused(client.retryRun('job/1-1-0/nothing'))
      await clock.advance(1_000)
    },
  },
  {
    name: 'silent runs are lost, and at most once means once',
    shows: ['RunStarted', 'RunGranted', 'RunLost', 'RunSucceeded', 'RunTimedOut'],
    async play({ client, clock, task, note }) {
      const { handler } = stubborn()
      let beat = (): void => {}
      task('greet', hello)
      task('quiet', handler)
      task('loud', (context, payload) => {
        beat = context.heartbeat
        return handler(context, payload)
      })
      const alive = { ...HOURLY, heartbeatTimeout: '20s' } as const
      await client.addJob({ id: 'quiet', task: 'quiet', ...alive })
      await client.addJob({ id: 'loud', task: 'loud', ...alive, maxInstances: 2 })
      await client.addJob({ id: 'once', task: 'greet', ...HOURLY, delivery: 'at-most-once' })
      await client.addJob({ id: 'once-quiet', task: 'quiet', ...HOURLY, delivery: 'at-most-once', timeout: '15s' })
      for (const id of ['quiet', 'loud', 'once', 'once-quiet']) await client.runJob(id)
      for (let beats = 0; beats < 3; beats += 1) {
        await clock.advance(10_000)
        beat()
        // Its report follows the heartbeat's way: what comes of it says that the heartbeat has come.
        await clock.settle()
        await client.modifyJob('loud', { task: 'greet' })
        note(await (await client.runJob('loud')).result())
      }
      await clock.advance(45_000)
    },
  },
  {
    name: 'a job is removed while its run runs',
    shows: ['JobRemoved', 'RunStarted', 'RunSucceeded', 'RunCancelled', 'JobsRemoved'],
    async play({ client, clock, task, note }) {
      const { handler, letGo } = stubborn()
      task('wait', handler)
      const job = { id: 'job', task: 'wait', trigger: interval('10s'), overlap: 'queue' } as const
      await client.addJob(job)
      await clock.advance(25_000)
      await client.removeJob('job')
      await client.addJob(job)
      await clock.advance(12_000)
      letGo('of the first')
      await clock.advance(10_000)
      await client.removeAllJobs()
      letGo('of the second')
      await clock.advance(1_000)
      note((await client.getRuns('job', { all: true })).map(({ status, scheduledAt }) => ({ status, scheduledAt })))
    },
  },
]

async function backfilled(
  asked: Promise<{ readonly count: number; readonly times: readonly Date[] }>,
): Promise<object> {
  const { count, times } = await asked
  return { count, times }
}
