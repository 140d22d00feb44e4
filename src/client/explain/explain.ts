/**
 * Why a job or a run did or did not run: where it stands, and what happened to it.
 *
 * Boundary: it is given the events of the job's partition, from the beginning of the log; it reads nothing itself.
 */
import type { Event, EventType } from '../../core/events.ts'
import { shown } from '../../core/job/check.ts'
import { OperationalError } from '../../ports/operational-error.ts'
import { type Instant, instantMs } from '../job-options.ts'
import { type ExplainedCounts, JobStory } from './job-story.ts'
import { jobVerdict } from './job-verdict.ts'
import type { ExplainedHold } from './pause-origins.ts'
import { RunStory } from './run-story.ts'
import type { StoryLines } from './story-lines.ts'

export interface ExplainOptions {
  /** Of a job: only what became of this scheduled time. */
  readonly at?: Instant
  /** At most so many facts, the last ones: 1 to 100,000. Default 20. */
  readonly limit?: number
  /** Alias of the store; default: where the job is. */
  readonly store?: string
}

/** One event about the job or the run. */
export interface ExplainedFact {
  readonly time: Date
  /** On the job's partition of the log. */
  readonly offset: number
  readonly type: EventType
  /** The run that it is about; null: the job. */
  readonly runId: string | null
  /** What it says, in words. */
  readonly text: string
}

export interface Explanation {
  readonly jobId: string
  /** null: the job is explained. */
  readonly runId: string | null
  /** The scheduled time that was asked for; null: none. */
  readonly at: Date | null
  /** Where it stands, in sentences for people. Of a scheduled time that was decided: none, the timeline tells. */
  readonly verdict: readonly string[]
  /** The pauses that keep the job from firing, or the run from being tried again. */
  readonly heldBy: readonly ExplainedHold[]
  /** Of a job, since it was added; null for a run or one scheduled time. */
  readonly counts: ExplainedCounts | null
  /** The oldest first: the last `limit` facts. */
  readonly timeline: readonly ExplainedFact[]
  /** Facts before those. */
  readonly omitted: number
}

/** Calls `see` for each accepted event of the job's partition, from the beginning of the log to its end. */
export type Replay = (jobId: string, see: (event: Event, offset: number) => void) => Promise<void>

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100_000

/** `id`: of a job or of a run. undefined when the events have neither. `now`: epoch ms. */
export async function explain(
  replay: Replay,
  now: number,
  id: string,
  options: ExplainOptions,
): Promise<Explanation | undefined> {
  if (typeof id !== 'string') throw invalid('id', 'the id of a job or of a run', id)
  const { limit = DEFAULT_LIMIT } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw invalid('limit', `a whole number from 1 to ${MAX_LIMIT}`, limit)
  const at = options.at === undefined ? null : instantMs(options.at, 'at')
  const slash = id.indexOf('/')
  if (slash === -1) return explainJob(replay, now, id, { limit, at })
  if (at !== null) throw invalid('at', 'the id of a job beside it', id)
  return explainRun(replay, now, id, limit)
}

async function explainJob(
  replay: Replay,
  now: number,
  jobId: string,
  { limit, at }: { readonly limit: number; readonly at: number | null },
): Promise<Explanation | undefined> {
  const story = new JobStory(jobId, { limit, at })
  await replay(jobId, (event, offset) => story.take(event, offset))
  if (story.added === 0) return undefined
  const { question, counts, fold, lines } = story
  const common = { jobId, runId: null, heldBy: fold.heldBy, ...told(lines) }
  if (question === null) return { ...common, at: null, verdict: jobVerdict(jobId, story, now), counts }
  const unanswered = question.unanswered(fold.state.job(jobId))
  return { ...common, at: new Date(question.at), verdict: unanswered === null ? [] : [unanswered], counts: null }
}

async function explainRun(replay: Replay, now: number, runId: string, limit: number): Promise<Explanation | undefined> {
  const jobId = runId.slice(0, runId.indexOf('/'))
  const story = new RunStory(jobId, runId, limit)
  await replay(jobId, (event, offset) => story.take(event, offset))
  if (!story.isKnown) return undefined
  const { heldBy, lines } = story
  return { jobId, runId, at: null, verdict: story.verdict(now), heldBy, counts: null, ...told(lines) }
}

function told(lines: StoryLines): Pick<Explanation, 'timeline' | 'omitted'> {
  const timeline = lines.last.map((line) => ({ ...line, time: new Date(line.time) }))
  return { timeline, omitted: lines.count - timeline.length }
}

function invalid(path: string, expected: string, came: unknown): OperationalError {
  return new OperationalError('invalid-option', `${path}: expected ${expected}, got ${shown(came)}`)
}
