/**
 * Whether a job may have one more run, by `maxInstances` and `overlap`.
 *
 * Runs that wait do not count: they are not dispatched. A run waits for its predecessor (`after` is its id) or for any
 * run of the job (`after` is `*`).
 */
import type { Decided } from '../events.ts'
import type { JobState } from '../job/job-state.ts'
import { MAX_OPEN_RUNS } from '../limits.ts'
import type { View } from '../state.ts'
import { cancelled, cancelRequested } from './cancel-run.ts'
import type { RunState } from './run-state.ts'

/** Waits for any run of the job to end. */
export const ANY_RUN = '*'

export type Room =
  /** `events` come before the run; it waits for `after`, or for nothing. */
  | { readonly kind: 'room'; readonly events: readonly Decided[]; readonly after: string | null }
  | { readonly kind: 'none'; readonly why: 'max-instances' | 'queue-full' }

const ROOM: Room = { kind: 'room', events: [], after: null }

export function makeRoom(view: View, job: JobState): Room {
  if (job.openRuns.length === 0) return ROOM
  const { maxInstances, overlap, queueLimit } = job.definition
  const runs = job.openRuns.map((runId) => view.run(runId)).filter((run) => run !== undefined)
  const active = runs.filter((run) => run.status !== 'waiting')
  if (active.length < maxInstances)
    return job.openRuns.length < MAX_OPEN_RUNS ? ROOM : { kind: 'none', why: 'max-instances' }
  switch (overlap) {
    case 'skip':
      return { kind: 'none', why: 'max-instances' }
    case 'queue': {
      const queued = runs.filter((run) => run.status === 'waiting' && run.after === ANY_RUN).length
      const full = queued >= queueLimit || job.openRuns.length >= MAX_OPEN_RUNS
      return full ? { kind: 'none', why: 'queue-full' } : { kind: 'room', events: [], after: ANY_RUN }
    }
    case 'cancel-running':
      return cancelOldest(active, runs, maxInstances)
  }
}

/**
 * The successor waits for the outcome of the run that it displaces; an older successor of that run is overtaken. Where
 * several must go, because a new version allows fewer than are open, it waits for a free place.
 */
function cancelOldest(active: readonly RunState[], runs: readonly RunState[], maxInstances: number): Room {
  const others = active.filter((run) => !run.cancelRequested)
  const asked = active.filter((run) => run.cancelRequested)
  const displaced = [...others, ...asked].slice(0, active.length - maxInstances + 1)
  const overtaken = runs.filter((run) => run.status === 'waiting')
  const events: Decided[] = overtaken.map((run) => cancelled(run, 'overtaken by a later run of the job'))
  let after: string | null = null
  for (const run of displaced) {
    if (run.status !== 'running') {
      events.push(cancelled(run, 'a later run of the job takes its place'))
      continue
    }
    after = displaced.length === 1 ? run.runId : ANY_RUN
    if (!run.cancelRequested) events.push(cancelRequested(run, 'a later run of the job takes its place'))
  }
  return { kind: 'room', events, after }
}
