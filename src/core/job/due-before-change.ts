/**
 * Decides what came due before a change of the job's schedule, by what the job was until then: with its new trigger
 * alone those times would be gone without a word (design §2.5). So would one that waits only for its jitter: it fires at
 * once.
 */
import type { Decided } from '../events.ts'
import type { Moment } from '../moment.ts'
import type { View } from '../state.ts'
import { isHeld } from '../timers.ts'
import { collectDue } from './due-times.ts'
import { decideDue } from './fire-job.ts'
import type { JobState } from './job-state.ts'

export interface DueBefore {
  readonly events: readonly Decided[]
  readonly decidedThrough: number | null
  /** These events are enough for one decision: the change has its turn after them. */
  readonly first: boolean
}

/** The most events that a change is decided together with: with a whole catch-up it might not fit into a batch. */
const FEW_EVENTS = 4

/** Under a pause they are skipped, as at its end. The job stays in any case: it is what is to be changed. */
export function dueBeforeChange(view: View, job: JobState, moment: Moment): DueBefore {
  const { now, calendars } = moment
  const heldThrough = isHeld(view, job) ? now : job.heldThrough
  const due = collectDue(job, now, calendars, { heldThrough, ahead: true })
  const events = decideDue(view, job, due, moment)
  const decidedThrough = due.all?.last ?? job.decidedThrough
  return { events, decidedThrough, first: due.more || events.length > FEW_EVENTS }
}
