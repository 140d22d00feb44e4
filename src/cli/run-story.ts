/** The story of one run, from the events of its partition. */
import type { Event, EventOf } from '../core/events.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { EventLog } from '../ports/event-log.ts'
import { HistoryFold } from './history-fold.ts'
import { StoryLines, type StoryLine } from './story-lines.ts'
import { processText, storyText } from './story-text.ts'
import { instantText, relativeText } from './time-text.ts'

export class RunStory {
  readonly lines: StoryLines
  readonly #history = new HistoryFold()
  readonly #jobId: string
  readonly #runId: string
  #queued: EventOf<'RunQueued'> | null = null
  #last: StoryLine | null = null

  constructor(jobId: string, runId: string, limit: number) {
    this.#jobId = jobId
    this.#runId = runId
    this.lines = new StoryLines(limit)
  }

  /** False: the events have no such run. */
  get isKnown(): boolean {
    return this.#queued !== null
  }

  read(log: EventLog, partition: number): Promise<void> {
    return this.#history.read(log, partition, (event, offset) => this.#take(event, offset))
  }

  /** Why it is there, and where it stands. */
  verdict(now: number): string[] {
    if (this.#queued === null) return []
    const run = this.#history.state.run(this.#runId)
    const why = `It is there because it was ${CAUSES[this.#queued.cause]}.`
    return [why, run === undefined ? `It is over: ${this.#last?.text ?? ''}.` : openText(run, now)]
  }

  #take(event: Event, offset: number): void {
    const { type, time } = event
    const isIts = 'runId' in event && event.runId === this.#runId
    // All jobs were removed, and with them runs that had not begun.
    const isGone = type === 'JobsRemoved' && this.#history.state.run(this.#runId) !== undefined
    if (!isIts && !isGone) return
    if (type === 'RunQueued') this.#queued = event
    const text = storyText(event, this.#history.context(this.#jobId, event))
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
