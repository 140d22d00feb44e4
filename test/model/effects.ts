/** What an owner must have asked of executors, by design §3 and §7, once its own batch was accepted. */
import type { Event } from '../../src/core/events.ts'
import type { Input } from './inputs.ts'
import { cancelEffect, claimEffect } from './member.ts'

/** As `Member.effects` has it. */
export type Expected = string

export function effectsAskedBy(event: Event, input: Input): Expected[] {
  switch (event.type) {
    case 'RunCancelRequested':
      return [cancelEffect(event.runId, event.attempt)]
    case 'RunGranted':
      return [claimEffect('grant', event.runId, event.attempt, event.executor)]
    case 'ReportIgnored':
      // Who repeats the claim that it was granted hears of the grant again.
      if (event.report !== 'started' || event.why === 'repeated') return []
      return [claimEffect('refuse', event.runId, event.attempt, event.executor)]
    case 'RunCancelled':
    case 'RunTimedOut':
    case 'RunLost':
    case 'RunRetryScheduled':
      // The executor that reported it knows; any other is told that the attempt is over.
      return input.kind === 'report' ? [] : [cancelEffect(event.runId, event.attempt)]
    default:
      return []
  }
}
