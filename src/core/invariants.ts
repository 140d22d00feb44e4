/** The invariants of design §10 that one event can break, asserted before it changes the state. */
import { assert } from './assert.ts'
import type { Event } from './events.ts'
import { activeRuns } from './run/active-runs.ts'
import type { View } from './state.ts'
import { isHeld } from './timers.ts'

export function assertDecision(view: View, event: Event): void {
  switch (event.type) {
    case 'RunQueued': {
      const job = view.job(event.jobId)
      assert(job !== undefined, `I9: run ${event.runId} is queued for a job that is not there`)
      assert(view.run(event.runId) === undefined, `I1: run ${event.runId} is queued twice`)
      if (event.cause !== 'trigger') return
      assert(!isHeld(view, job), `I9: job ${event.jobId} fires although it is paused`)
      assert(
        job.decidedThrough === null || event.scheduledAt > job.decidedThrough,
        `I2: job ${event.jobId} fires for ${event.scheduledAt}, not later than ${job.decidedThrough}`,
      )
      if (event.after !== null) return
      assert(activeRuns(view, job) < job.definition.maxInstances, `I8: job ${event.jobId} is over its maxInstances`)
      return
    }
    case 'RunSucceeded':
    case 'RunFailed':
    case 'RunTimedOut':
    case 'RunCancelled':
    case 'RunLost':
      assert(view.run(event.runId) !== undefined, `I7: run ${event.runId} gets a second outcome`)
      return
    case 'RunRetryQueued':
      assert(view.run(event.runId)?.attempt === event.attempt - 1, `I11: run ${event.runId} skips an attempt`)
      return
    default:
  }
}
