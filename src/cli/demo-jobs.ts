/** What the demo runs. */
import { setTimeout as wait } from 'node:timers/promises'
import type { JobOptions } from '../client/job-options.ts'
import { crontab, date, interval } from '../core/triggers/make-trigger.ts'
import type { TaskHandler } from '../executor/task-registry.ts'
import type { Scheduler } from '../scheduler.ts'

const ONE_OFF_MS = 3_000
/** Half of the time a run is under way: whoever stops the demo is likely to hit one, and sees it again. */
const LONG_MS = 2_000

export function addDemoTasks(scheduler: Scheduler): void {
  let ticks = 0
  scheduler.task('tick', () => ({ ticks: (ticks += 1) }))
  scheduler.task('greet', (_context, payload: { readonly name: string }) => `hello ${payload.name}`)
  scheduler.task('flaky', flaky())
  scheduler.task('work', async ({ signal }) => {
    await wait(LONG_MS, undefined, { signal })
    return `worked for ${LONG_MS / 1_000} s`
  })
}

/** Of its runs the first fails for good, the second recovers with its retry, and so on in turn. */
function flaky(): TaskHandler {
  let runs = 0
  return ({ run }) => {
    if (run.attempt === 1) runs += 1
    const isHopeless = runs % 2 === 1
    if (run.attempt === 1 || isHopeless) throw new Error(isHopeless ? 'no luck today' : 'try me again')
    return 'recovered'
  }
}

/** Jobs that are there already stay as they are, with their phase: after a kill they go on. */
export async function addDemoJobs(scheduler: Scheduler, now: number): Promise<void> {
  // The first fire is at once, and the others on the grid that begins with it.
  const every = (span: string): Pick<JobOptions, 'trigger' | 'nextFireTime'> => ({
    trigger: interval(span, { start: now }),
    nextFireTime: now,
  })
  const jobs: readonly JobOptions[] = [
    { id: 'every-second', task: 'tick', ...every('1s') },
    { id: 'crontab', task: 'greet', payload: { name: 'cron' }, trigger: crontab('*/2 * * * * *') },
    { id: 'one-off', task: 'greet', payload: { name: 'you, once' }, trigger: date(now + ONE_OFF_MS) },
    { id: 'flaky', task: 'flaky', ...every('3s'), retry: { maxAttempts: 2, initial: '400ms', jitter: 0 } },
    { id: 'long', task: 'work', ...every('4s') },
  ]
  await Promise.all(jobs.map((job) => scheduler.addJob({ ...job, ifExists: 'keep' })))
}
