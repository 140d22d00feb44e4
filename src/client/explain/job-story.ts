/** The story of one job, from the events of its partition: what happened to it, counted, and its last lines. */
import type { Event } from '../../core/events.ts'
import { hasLabels } from '../../core/job/labels.ts'
import { StoryFold } from './story-fold.ts'
import { StoryLines, type StoryLine } from './story-lines.ts'
import { storyText } from './story-text.ts'
import { TimeQuestion } from './time-question.ts'

/** Since the job was added; of the runs each is counted once, by its cause and by its outcome. */
export type ExplainedCounts = { readonly [K in keyof StoryCounts]: Readonly<StoryCounts[K]> }

export interface StoryCounts {
  /** By what made them. */
  runs: { trigger: number; 'run-now': number; backfill: number }
  /** By their outcome: `succeeded`, `failed`, … */
  outcomes: Record<string, number>
  /** Scheduled times without a run of their own. */
  times: { coalesced: number; skipped: number; paused: number; missed: number }
  /** Attempts after the first. */
  retries: number
}

export class JobStory {
  readonly fold: StoryFold
  readonly lines: StoryLines
  readonly question: TimeQuestion | null
  counts: StoryCounts = noCounts()
  /** How often a job of that id was added. */
  added = 0
  /** The event that ended it last. */
  ended: StoryLine | null = null
  readonly #jobId: string

  /** `at`: a scheduled time that is asked for, epoch ms; then only what is about it is told. */
  constructor(jobId: string, options: { readonly limit: number; readonly at: number | null }) {
    this.#jobId = jobId
    this.fold = new StoryFold(jobId)
    this.lines = new StoryLines(options.limit)
    this.question = options.at === null ? null : new TimeQuestion(jobId, options.at)
  }

  /** For each accepted event of its partition, in their order. */
  take(event: Event, offset: number): void {
    this.fold.take(event, () => this.#tell(event, offset))
  }

  #tell(event: Event, offset: number): void {
    this.question?.before(event, this.fold.state.job(this.#jobId))
    if (!this.#isAbout(event)) return
    this.#count(event)
    const text = storyText(event, this.fold.context(event))
    if (text === null) return
    const line: StoryLine = { time: event.time, offset, type: event.type, runId: runIdOf(event), text }
    if (event.type === 'JobRemoved' || event.type === 'JobFinished' || event.type === 'JobsRemoved') this.ended = line
    if (this.question === null || this.question.concerns(event)) this.lines.add(line)
  }

  #isAbout(event: Event): boolean {
    switch (event.type) {
      case 'SchedulePaused':
      case 'ScheduleResumed':
      case 'JobsRemoved':
        return this.fold.state.job(this.#jobId) !== undefined
      case 'JobsPaused':
      case 'JobsResumed': {
        const job = this.fold.state.job(this.#jobId)
        return job !== undefined && hasLabels(job, event.labels)
      }
      case 'CommandApplied':
        return false
      default:
        return 'jobId' in event && event.jobId === this.#jobId
    }
  }

  #count(event: Event): void {
    const { runs, times, outcomes } = this.counts
    switch (event.type) {
      case 'JobAdded':
        this.added += 1
        this.counts = noCounts()
        return
      case 'RunQueued':
        runs[event.cause] += 1
        times.coalesced += event.coalesced?.count ?? 0
        return
      case 'RunSkipped':
        times[skipKind(event.why)] += event.times.count
        return
      case 'JobResumed':
        times.paused += event.skipped?.count ?? 0
        return
      case 'RunMissed':
        if (event.runId === null) times.missed += event.times.count
        else outcomes['missed'] = (outcomes['missed'] ?? 0) + 1
        return
      case 'RunRetryScheduled':
        this.counts.retries += 1
        return
      default: {
        const outcome = OUTCOMES[event.type]
        if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      }
    }
  }
}

const OUTCOMES: Readonly<Partial<Record<Event['type'], string>>> = {
  RunSucceeded: 'succeeded',
  RunFailed: 'failed',
  RunTimedOut: 'timed-out',
  RunCancelled: 'cancelled',
  RunLost: 'lost',
}

function skipKind(why: 'max-instances' | 'queue-full' | 'paused' | 'coalesced'): 'skipped' | 'paused' | 'coalesced' {
  return why === 'paused' || why === 'coalesced' ? why : 'skipped'
}

function noCounts(): StoryCounts {
  return {
    runs: { trigger: 0, 'run-now': 0, backfill: 0 },
    outcomes: {},
    times: { coalesced: 0, skipped: 0, paused: 0, missed: 0 },
    retries: 0,
  }
}

function runIdOf(event: Event): string | null {
  return 'runId' in event ? event.runId : null
}
