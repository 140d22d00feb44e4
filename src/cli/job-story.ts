/** The story of one job, from the events of its partition: what happened to it, counted, and its last lines. */
import type { Event } from '../core/events.ts'
import { hasLabels } from '../core/job/labels.ts'
import type { EventLog } from '../ports/event-log.ts'
import { HistoryFold } from './history-fold.ts'
import { labelText } from './label-text.ts'
import { StoryLines, type StoryLine } from './story-lines.ts'
import { storyText } from './story-text.ts'
import { TimeQuestion } from './time-question.ts'

/** Since the job was added; of the runs each is counted once, by its cause and by its outcome. */
export interface StoryCounts {
  runs: { trigger: number; 'run-now': number; backfill: number }
  outcomes: Record<string, number>
  /** Scheduled times without a run of their own. */
  times: { coalesced: number; skipped: number; paused: number; missed: number }
  retries: number
}

export interface Pause {
  readonly at: number
  readonly by: string | null
}

export class JobStory {
  readonly history: HistoryFold = new HistoryFold()
  readonly lines: StoryLines
  readonly question: TimeQuestion | null
  counts: StoryCounts = noCounts()
  /** How often a job of that id was added. */
  added = 0
  /** The event that ended it last. */
  ended: StoryLine | null = null
  /** The last pauses, by what was paused: `job`, `schedule`, or the text of labels. Who, and when. */
  readonly pauses: ReadonlyMap<string, Pause>
  readonly #pauses = new Map<string, Pause>()
  readonly #jobId: string

  /** `at`: a scheduled time that is asked for, epoch ms; then only what is about it is told. */
  constructor(jobId: string, options: { readonly limit: number; readonly at: number | null }) {
    this.#jobId = jobId
    this.pauses = this.#pauses
    this.lines = new StoryLines(options.limit)
    this.question = options.at === null ? null : new TimeQuestion(jobId, options.at)
  }

  read(log: EventLog, partition: number): Promise<void> {
    return this.history.read(log, partition, (event, offset) => this.#take(event, offset))
  }

  #take(event: Event, offset: number): void {
    this.question?.before(event, this.history.state.job(this.#jobId))
    // Pauses of labels and of the schedule may be older than the job.
    this.#remember(event)
    if (!this.#isAbout(event)) return
    this.#count(event)
    const text = storyText(event, this.history.context(this.#jobId, event))
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
        return this.history.state.job(this.#jobId) !== undefined
      case 'JobsPaused':
      case 'JobsResumed': {
        const job = this.history.state.job(this.#jobId)
        return job !== undefined && hasLabels(job, event.labels)
      }
      case 'CommandApplied':
        return false
      default:
        return 'jobId' in event && event.jobId === this.#jobId
    }
  }

  #remember(event: Event): void {
    switch (event.type) {
      case 'JobAdded':
        if (event.jobId !== this.#jobId) return
        this.added += 1
        this.counts = noCounts()
        this.#pauses.delete('job')
        if (event.paused) this.#pauses.set('job', pauseOf(event))
        return
      case 'JobPaused':
        if (event.jobId === this.#jobId) this.#pauses.set('job', pauseOf(event))
        return
      case 'JobsPaused':
        this.#pauses.set(labelText(event.labels), pauseOf(event))
        return
      case 'SchedulePaused':
        this.#pauses.set('schedule', pauseOf(event))
        return
      default:
    }
  }

  #count(event: Event): void {
    const { runs, times, outcomes } = this.counts
    switch (event.type) {
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

function pauseOf({ time, actor }: { readonly time: number; readonly actor: string | null }): Pause {
  return { at: time, by: actor }
}
