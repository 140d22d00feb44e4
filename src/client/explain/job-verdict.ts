/** Whether a job will fire, and why or why not: sentences from its state and its story. */
import type { JobState } from '../../core/job/job-state.ts'
import type { View } from '../../core/state.ts'
import { countText } from '../count-text.ts'
import type { JobStory, StoryCounts } from './job-story.ts'
import { holdText } from './story-text.ts'
import { instantText, relativeText } from '../time-text.ts'

/** A busy owner may be behind by so much. */
const UNDECIDED_MS = 1_000

export function jobVerdict(jobId: string, story: JobStory, now: number): string[] {
  const { state } = story.fold
  const job = state.job(jobId)
  const again = story.added > 1 ? [`A job of this id was added ${story.added} times; the counts are of the last.`] : []
  if (job === undefined) return [goneText(jobId, story), ...countsText(story.counts), ...again]
  return [
    ...nextText(job, story, now),
    ...openText(job, state),
    ...countsText(story.counts),
    ...lastText(job, now),
    ...again,
  ]
}

function goneText(jobId: string, { ended }: JobStory): string {
  const how = ended === null ? '' : `: ${ended.text}, at ${instantText(ended.time)}`
  return `There is no job ${jobId} any more${how}.`
}

function nextText(job: JobState, story: JobStory, now: number): string[] {
  const { heldBy } = story.fold
  if (heldBy.length > 0) return heldBy.map((hold) => `It does not fire: ${holdText(hold)}.`)
  const { nextFireTime } = job
  if (nextFireTime === null) return ['It has no time to come: it is gone when its open runs are over.']
  const when = `${instantText(nextFireTime)} (${relativeText(nextFireTime, now)})`
  if (now - nextFireTime < UNDECIDED_MS) return [`It fires next at ${when}.`]
  return [
    `It was due at ${when}, and no process has decided it: its partition has no owner, or one that is open and was not started.`,
  ]
}

function openText(job: JobState, state: View): string[] {
  if (job.openRuns.length === 0) return []
  const { maxInstances, overlap } = job.definition
  const [oldest = ''] = job.openRuns
  const status = state.run(oldest)?.status ?? 'open'
  const has = `It has ${countText(job.openRuns.length, 'open run')}; the oldest, ${oldest}, is ${status}`
  const active = job.openRuns.filter((runId) => state.run(runId)?.status !== 'waiting').length
  if (active < maxInstances) return [`${has}.`]
  return [`${has}. maxInstances is ${maxInstances}, so a fire meanwhile is ${BEYOND[overlap]}.`]
}

const BEYOND = {
  skip: 'skipped',
  queue: 'queued behind it',
  'cancel-running': 'made to cancel it',
} as const

function countsText({ runs, outcomes, times, retries }: StoryCounts): string[] {
  const all = runs.trigger + runs['run-now'] + runs.backfill
  const causes = [
    ...(runs['run-now'] === 0 ? [] : [`${runs['run-now']} on request`]),
    ...(runs.backfill === 0 ? [] : [`${runs.backfill} by backfill`]),
  ]
  const ends = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`)
  const lines = [
    `It had ${countText(all, 'run')}${causes.length === 0 ? '' : ` (${causes.join(', ')})`}${ends.length === 0 ? '' : `: ${ends.join(', ')}`}${retries === 0 ? '' : `; ${countText(retries, 'retry', 'retries')}`}.`,
  ]
  const without = [
    ...(times.coalesced === 0 ? [] : [`${times.coalesced} coalesced into another`]),
    ...(times.skipped === 0 ? [] : [`${times.skipped} skipped for maxInstances or queueLimit`]),
    ...(times.paused === 0 ? [] : [`${times.paused} skipped during a pause`]),
    ...(times.missed === 0 ? [] : [`${times.missed} missed`]),
  ]
  return without.length === 0 ? lines : [...lines, `Scheduled times without a run of their own: ${without.join(', ')}.`]
}

function lastText({ last }: JobState, now: number): string[] {
  return last === null ? [] : [`Last, ${last.runId} ended ${last.outcome} ${relativeText(last.at, now)}.`]
}
