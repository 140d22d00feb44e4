import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import type { EventType } from '../../src/core/events.ts'
import { type JobOptions, interval, Scheduler } from '../../src/index.ts'
import { cli, temporaryFolder } from './cli-process.ts'

const NINE = Date.UTC(2026, 0, 1, 9)
const MINUTE = 60_000
const at = (minute: number): string => new Date(NINE + minute * MINUTE).toISOString()

describe('horolog explain', () => {
  test('a job that is paused says by whom, since when, why and until when, and each pause above it', async () => {
    const { folder, scheduler } = await history()
    await scheduler.addJob({ ...everyMinute('report'), labels: { team: 'a' } })
    await scheduler.pauseJob('report', { actor: 'ann', reason: 'wrong data', until: at(60) })
    await scheduler.pauseJobs({ team: 'a' }, { actor: 'ben' })
    await scheduler.pause({ actor: 'eve', reason: 'maintenance' })
    await scheduler.shutdown()
    expect(await explained(folder, 'report')).toMatchObject({
      what: 'job report',
      verdict: [
        `It does not fire: it is paused by ann since ${at(0)} until ${at(60)}: wrong data.`,
        `It does not fire: jobs with team=a are paused by ben since ${at(0)}.`,
        `It does not fire: the whole schedule is paused by eve since ${at(0)}: maintenance.`,
        'It had 0 runs.',
      ],
      timeline: [
        { type: 'JobAdded' },
        { type: 'JobPaused', text: `paused by ann until ${at(60)}: wrong data` },
        { type: 'JobsPaused', text: 'jobs with team=a paused by ben' },
        { type: 'SchedulePaused', text: 'the whole schedule paused by eve: maintenance' },
      ],
    })
  })

  test('times that had no run of their own are counted by reason: a pause, a run that was still open', async () => {
    const { folder, scheduler, clock, next } = await history()
    const gate = Promise.withResolvers<void>()
    scheduler.task('wait', () => gate.promise)
    await scheduler.addJob({ ...everyMinute('report'), task: 'wait' })
    await scheduler.start()
    await scheduler.pauseJob('report')
    await clock.advance(3 * MINUTE)
    await scheduler.resumeJob('report', { actor: 'ann' })
    await next('RunQueued', MINUTE)
    await next('RunSkipped', MINUTE)
    const ended = seen(scheduler, 'RunSucceeded')
    gate.resolve()
    await ended
    await scheduler.shutdown()
    const { verdict, timeline, counts } = await explained(folder, 'report')
    expect(verdict).toContain('It had 1 run: 1 succeeded.')
    expect(verdict).toContain(
      'Scheduled times without a run of their own: 1 skipped for maxInstances or queueLimit, 3 skipped during a pause.',
    )
    expect(counts).toMatchObject({ times: { skipped: 1, paused: 3 } })
    const texts = timeline.map(({ text }) => text)
    expect(texts).toContain(
      `resumed by ann; 3 times from ${at(1)} to ${at(3)} skipped, for they came due during the pause; next ${at(4)}`,
    )
    expect(texts).toContain(`the time ${at(5)} skipped: as many runs were open as maxInstances allows (1)`)

    const [skipped, ran, none, later] = await Promise.all([
      explained(folder, 'report', '--at', at(2)),
      explained(folder, 'report', '--at', at(4)),
      explained(folder, 'report', '--at', at(4.5)),
      explained(folder, 'report', '--at', '2100-01-01T00:00:00Z'),
    ])
    expect(skipped.timeline.map(({ type }) => type)).toEqual(['JobResumed'])
    expect(ran.timeline.map(({ type }) => type)).toEqual(['RunQueued', 'RunStarted', 'RunSucceeded'])
    expect(none).toMatchObject({
      verdict: [expect.stringMatching(`was not a scheduled time .* the run before was for ${at(4)}`)],
      timeline: [],
    })
    expect(later.verdict[0]).toContain(`has not been decided: the job's next time to decide is ${at(6)}`)
  })

  test('what came due while no process ran is told as missed or late, with when the log was opened', async () => {
    const { folder, scheduler } = await history()
    await scheduler.addJob({ ...everyMinute('strict'), misfireGrace: '90s' })
    await scheduler.addJob(everyMinute('lenient'))
    await scheduler.shutdown()
    const later = await history({ folder, minute: 10 })
    const [first, second] = [
      seen(later.scheduler, 'RunSucceeded', 'strict'),
      seen(later.scheduler, 'RunSucceeded', 'lenient'),
    ]
    await later.scheduler.start()
    await later.clock.settle()
    await Promise.all([first, second])
    await later.scheduler.shutdown()
    const opened = new RegExp(`for the process that decided it \\(.+\\) opened the log only at ${at(10)}`)
    const [strict, lenient] = await Promise.all([explained(folder, 'strict'), explained(folder, 'lenient')])
    const missed = strict.timeline.find(({ type }) => type === 'RunMissed')?.text
    expect(missed).toContain(
      `8 times from ${at(1)} to ${at(8)} missed: decided later than the grace time of 90s allows`,
    )
    expect(missed).toMatch(opened)
    const [before] = (await explained(folder, 'lenient', '--at', at(3))).timeline
    expect(before?.text).toContain(`queued for ${at(10)}; stands for 9 times from ${at(1)} to ${at(9)} more`)
    expect(lenient.verdict).toContain('Scheduled times without a run of their own: 9 coalesced into another.')
  })

  test('a run is told from its cause to its outcome; one that is removed, from the events alone', async () => {
    const { folder, scheduler, clock, next } = await history()
    scheduler.task('flaky', ({ run }) => {
      if (run.attempt === 1) throw new TypeError('try again')
      return 'done'
    })
    await scheduler.addJob({
      ...everyMinute('report'),
      task: 'flaky',
      retry: { maxAttempts: 2, initial: '5s', jitter: 0 },
    })
    await scheduler.start()
    const failed = seen(scheduler, 'RunRetryScheduled')
    const { runId } = await scheduler.runJob('report', { actor: 'ann' })
    await failed
    await clock.settle()
    await next('RunSucceeded', 5_000)
    await scheduler.removeJob('report', { actor: 'ann' })
    await scheduler.shutdown()

    const run = await explained(folder, runId)
    expect(run.verdict).toEqual([
      'It is there because it was asked for, beside the schedule.',
      expect.stringMatching(/^It is over: succeeded.*"done"\.$/),
    ])
    expect(run.timeline.map(({ text }) => text)).toEqual([
      'queued by ann beside the schedule',
      'attempt 1 failed: TypeError: try again; tried again in 5.0s',
      'attempt 2 queued',
      expect.stringMatching(/^succeeded after 0ms, attempt 2: "done"$/),
    ])
    const job = await explained(folder, 'report')
    expect(job.verdict[0]).toBe(
      `There is no job report any more: removed by ann, at ${new Date(clock.now()).toISOString()}.`,
    )
    const people = await cli(folder, 'explain', 'report', '--log', LOG, '--limit', '1')
    expect(people.stdout).toMatch(
      /^job report\n {2}There is no job .*\n[^]*… 5 lines before these[^]* removed by ann\n$/,
    )
  })
})

const LOG = 'file:data'

interface Explained {
  readonly verdict: readonly string[]
  readonly counts?: object
  readonly timeline: readonly { readonly type: string; readonly text: string }[]
}

async function explained(folder: string, ...args: readonly string[]): Promise<Explained> {
  const { code, stdout, stderr } = await cli(folder, 'explain', ...args, '--log', LOG, '-o', 'json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Explained
}

interface History {
  readonly folder: string
  readonly scheduler: Scheduler
  readonly clock: VirtualClock
  /** Passes so much time and waits for the event that it brings. */
  readonly next: (type: EventType, ms: number) => Promise<void>
}

/** An application on a log in a folder, at nine or so many minutes later. */
async function history(options: { readonly folder?: string; readonly minute?: number } = {}): Promise<History> {
  const { folder = temporaryFolder(), minute = 0 } = options
  const clock = createVirtualClock(NINE + minute * MINUTE)
  const scheduler = await Scheduler.open({ log: `file:${join(folder, 'data')}`, clock })
  onTestFinished(() => scheduler.shutdown({ wait: false }))
  scheduler.task('echo', (_context, payload) => payload)
  const next = async (type: EventType, ms: number): Promise<void> => {
    const event = seen(scheduler, type)
    await clock.advance(ms)
    await event
  }
  return { folder, scheduler, clock, next }
}

function seen(scheduler: Scheduler, type: EventType, jobId?: string): Promise<void> {
  return new Promise((resolve) => {
    scheduler.on<EventType>(type, (event) => {
      if (jobId === undefined || ('jobId' in event && event.jobId === jobId)) resolve()
    })
  })
}

function everyMinute(id: string): JobOptions {
  return { id, task: 'echo', trigger: interval('1m') }
}
