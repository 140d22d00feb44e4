/** What happens to jobs and runs, one line per fact: time, job, word, detail. */
import type { PublicEvent } from '../client/public-event.ts'
import type { EventType } from '../core/events.ts'
import type { Scheduler } from '../scheduler.ts'
import { detailOf, FACT_TYPES, wordOf } from './event-text.ts'
import { type Style, styled, writeLine } from './output.ts'
import { pad } from './table.ts'

export interface Fact {
  readonly at: Date
  readonly jobId: string
  readonly word: string
  readonly detail: string
  readonly event: PublicEvent
}

const JOB_COLUMNS = 12
const WORD_COLUMNS = 9

/** Calls `listener` for every fact that the log accepts from now on. */
export function onFacts(scheduler: Scheduler, listener: (fact: Fact) => void): void {
  for (const type of FACT_TYPES) {
    scheduler.on<EventType>(type, (event) => {
      const word = wordOf(event)
      if (word === null || !('jobId' in event) || event.jobId === null) return
      listener({ at: event.time, jobId: event.jobId, word, detail: detailOf(event), event })
    })
  }
}

export function printFacts(scheduler: Scheduler): void {
  onFacts(scheduler, (fact) => void writeLine(factLine(fact)))
}

export function factLine({ at, jobId, word, detail }: Fact): string {
  const shown = `${at.toISOString()}  ${pad(jobId, JOB_COLUMNS)}  ${styledWord(pad(word, WORD_COLUMNS), word)}  ${detail}`
  return shown.trimEnd()
}

export function styledWord(text: string, word: string): string {
  const style = STYLES[word]
  return style === undefined ? text : styled(style, text)
}

const STYLES: Readonly<Record<string, Style>> = {
  succeeded: 'green',
  failed: 'red',
  'timed-out': 'red',
  lost: 'red',
  missed: 'red',
  retrying: 'yellow',
  skipped: 'yellow',
  queued: 'cyan',
}
