/** The story of one run, from the events of its partition. */
import type { Event, EventOf } from '../../core/events.ts'
import type { RunState } from '../../core/run/run-state.ts'
import { StoryFold } from './story-fold.ts'
import { StoryLines, type StoryLine } from './story-lines.ts'
import type { ExplainedHold } from './pause-origins.ts'
import { holdText, processText, storyText } from './story-text.ts'
import { instantText, relativeText } from '../time-text.ts'

export class RunStory {
  readonly lines: StoryLines
  readonly #fold: StoryFold
  readonly #runId: string
  #queued: EventOf<'RunQueued'> | null = null
  #last: StoryLine | null = null

  constructor(jobId: string, runId: string, limit: number) {
    this.#fold = new StoryFold(jobId)
    this.#runId = runId
    this.lines = new StoryLines(limit)
  }

  /** False: the events have no such run. */
  get isKnown(): boolean {
    return this.#queued !== null
  }

  /** For each accepted event of its partition, in their order. */
  take(event: Event, offset: number): void {
    this.#fold.take(event, () => this.#tell(event, offset))
  }

  /** The pauses that its next attempt waits for. */
  get heldBy(): ExplainedHold[] {
    return this.#fold.state.run(this.#runId)?.status === 'retrying' ? this.#fold.heldBy : []
  }

  /** Why it is there, and where it stands. */
  verdict(now: number): string[] {
    if (this.#queued === null) return []
    const run = this.#fold.state.run(this.#runId)
    const why = `It is there because it was ${CAUSES[this.#queued.cause]}.`
    if (run === undefined) return [why, `It is over: ${this.#last?.text ?? ''}.`]
    return [why, openText(run, now), ...this.heldBy.map((hold) => `That has to wait: ${holdText(hold)}.`)]
  }

  #tell(event: Event, offset: number): void {
    const { type, time } = event
    const isIts = 'runId' in event && event.runId === this.#runId
    // All jobs were removed, and with them runs that had not begun.
    const isGone = type === 'JobsRemoved' && this.#fold.state.run(this.#runId) !== undefined
    if (!isIts && !isGone) return
    if (type === 'RunQueued') this.#queued = event
    const text = storyText(event, this.#fold.context(event))
    if (text === null) return
    this.#last = { time, offset, type, runId: this.#runId, text }
    this.lines.add(this.#last)
  }
}

const CAUSES = {
  trigger: 'due by the trigger of its job',
  'run-now': 'asked for, beside the schedule',
  backfill: 'asked for by a backfill',
} as const

function openText(run: RunState, now: number): string {
  const asked = run.cancelRequested ? ' It was asked to stop.' : ''
  switch (run.status) {
    case 'waiting':
      return `It waits for ${run.after === '*' || run.after === null ? 'a run of its job' : run.after} to end.${asked}`
    case 'queued':
      return `It is queued for the executor ${run.definition.executor}: no process has said that it runs it.${asked}`
    case 'running':
      return `Attempt ${run.attempt} runs${run.executor === null ? '' : ` in ${processText(run.executor)}`}${run.startedAt === null ? '' : ` since ${instantText(run.startedAt)} (${relativeText(run.startedAt, now)})`}.${asked}`
    case 'retrying':
      return `It is tried again${run.retryAt === null ? '' : ` at ${instantText(run.retryAt)} (${relativeText(run.retryAt, now)})`}.${asked}`
  }
}
