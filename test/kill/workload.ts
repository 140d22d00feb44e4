/**
 * What the killed process does: 50 jobs that fire every 100 ms, of all the kinds that a crash can catch in the middle.
 * The definitions are the same at every start, so an addition changes nothing and the jobs keep their phase.
 */
import { interval, type JobOptions, type Scheduler, type TaskContext } from '../../src/index.ts'

const JOBS = 50
const EVERY = '100ms'
/** Longer than most processes live here: it is handed over again and again, until one lets it end. */
const LONG_MS = 1_200
/** Longer than its period, so fires find it running. */
const SLOW_MS = 250

type Kind = Omit<JobOptions, 'id' | 'trigger'>

const RETRY = { maxAttempts: 3, initial: '20ms', max: '200ms' } as const

/** By the number of the job; the others are `quick`. */
const KINDS: Readonly<Record<number, Kind>> = {
  29: { task: 'quick', labels: { team: 'blue' } },
  30: { task: 'slow', overlap: 'queue', queueLimit: 3 },
  31: { task: 'slow', overlap: 'cancel-running' },
  32: { task: 'quick', delivery: 'at-most-once', timeout: '5s' },
  33: { task: 'slow', delivery: 'at-most-once', timeout: '5s' },
  34: { task: 'flaky', delivery: 'at-most-once', timeout: '5s', retry: RETRY },
  35: { task: 'quick', overlap: 'queue', coalesce: 'all', maxCatchUp: 4 },
  36: { task: 'quick', misfireGrace: '150ms' },
  37: { task: 'quick', misfireGrace: '150ms' },
  38: { task: 'quick', coalesce: 'earliest' },
  39: { task: 'quick', coalesce: 'all', maxCatchUp: 8 },
  40: { task: 'slow', coalesce: 'all', maxCatchUp: 3 },
  41: { task: 'flaky', retry: RETRY },
  42: { task: 'flaky', retry: RETRY, maxInstances: 3 },
  43: { task: 'flaky', retry: RETRY, coalesce: 'earliest' },
  44: { task: 'failing', retry: { ...RETRY, maxAttempts: 2 } },
  45: { task: 'failing' },
  46: { task: 'slow' },
  47: { task: 'slow', maxInstances: 4 },
  48: { task: 'slow', timeout: '100ms', retry: RETRY },
  49: { task: 'long' },
}

/** Jobs whose attempts may run only once, whatever happens. */
export const AT_MOST_ONCE: readonly string[] = ['job-32', 'job-33', 'job-34']

export const JOB_IDS: readonly string[] = Array.from({ length: JOBS }, (_, number) => jobIdOf(number))

function jobIdOf(number: number): string {
  return `job-${String(number).padStart(2, '0')}`
}

export function jobOptions(id: string): JobOptions {
  return { id, trigger: interval(EVERY), ...(KINDS[JOB_IDS.indexOf(id)] ?? { task: 'quick' }) }
}

/** `ran` is called before the handler does anything. */
export function registerTasks(scheduler: Scheduler, ran: (runId: string, attempt: number) => void): void {
  const task = (name: string, handler: (context: TaskContext) => Promise<string>): void => {
    scheduler.task(name, async (context) => {
      ran(context.run.runId, context.run.attempt)
      return handler(context)
    })
  }
  task('quick', async () => 'done')
  task('slow', async ({ signal }) => busy(SLOW_MS, signal))
  task('long', async ({ signal }) => busy(LONG_MS, signal))
  task('flaky', async ({ run }) => {
    if (run.attempt === 1) throw new Error('the first attempt fails')
    return 'done'
  })
  task('failing', async () => {
    throw new Error('every attempt fails')
  })
}

/** The work of a handler: it takes its time, and can be told to stop. */
function busy(ms: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve('done'), ms)
    const stop = (): void => {
      clearTimeout(timer)
      reject(new Error('stopped'))
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}
