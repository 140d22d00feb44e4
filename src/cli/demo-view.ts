/** What the demo shows: a table that updates in place on a terminal, a line per fact elsewhere. */
import type { JobInfo } from '../client/job-info.ts'
import type { Clock } from '../ports/clock.ts'
import type { Scheduler } from '../scheduler.ts'
import { type Fact, factLine, styledWord } from './fact-lines.ts'
import { whenText } from './job-view.ts'
import { styled, tell, write, writeLine } from './output.ts'
import { cut, tableLines } from './table.ts'
import { relativeText } from '../client/time-text.ts'

export interface DemoView {
  /** From here on it shows the scheduler's jobs. */
  begin(scheduler: Scheduler): void
  note(line: string): void
  fact(fact: Fact): void
  /** The last picture stays. */
  end(): void
}

export function demoView(clock: Clock): DemoView {
  return process.stdout.isTTY ? new Screen(clock) : PLAIN
}

const PLAIN: DemoView = {
  begin: () => undefined,
  note: tell,
  fact: (fact) => void writeLine(factLine(fact)),
  end: () => undefined,
}

const REDRAW_MS = 200
const MAX_FACTS = 12
/** For terminals that don't say. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

interface Row {
  info: JobInfo
  isOver: boolean
  /** Word of the last fact about a run. */
  last: string
}

class Screen implements DemoView {
  readonly #clock: Clock
  readonly #notes: string[] = []
  readonly #facts: string[] = []
  readonly #rows = new Map<string, Row>()
  #scheduler: Scheduler | null = null
  #timer: NodeJS.Timeout | null = null
  #drawnLines = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(scheduler: Scheduler): void {
    this.#scheduler = scheduler
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS)
    this.#draw()
  }

  note(line: string): void {
    this.#notes.push(line)
  }

  fact(fact: Fact): void {
    // Room is short: the day goes without saying.
    this.#facts.push(factLine(fact).slice('2027-01-01T'.length))
    if (this.#facts.length > MAX_FACTS) this.#facts.shift()
    const row = this.#rows.get(fact.jobId)
    if (row !== undefined && 'runId' in fact.event) row.last = fact.word
    if (row !== undefined && fact.word === 'finished') row.isOver = true
    if (fact.word === 'added') this.#see()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#draw()
  }

  /** Takes in the jobs as they are; those that are over keep their last row. */
  #see(): void {
    for (const info of this.#scheduler?.getJobs() ?? []) {
      const row = this.#rows.get(info.id)
      if (row === undefined) this.#rows.set(info.id, { info, isOver: false, last: '' })
      else Object.assign(row, { info, isOver: false })
    }
  }

  #draw(): void {
    this.#see()
    const columns = process.stdout.columns || DEFAULT_COLUMNS
    const room = (process.stdout.rows || DEFAULT_ROWS) - 1
    const head = ['', ...this.#notes, '', ...this.#table(), '']
    const facts = this.#facts.slice(-Math.max(0, room - head.length))
    const lines = [...head, ...facts].slice(0, room).map((line) => cut(line, columns - 1))
    const up = this.#drawnLines === 0 ? '' : `\u001B[${this.#drawnLines}A`
    void write(`${up}${lines.map((line) => `\r${line}\u001B[K\n`).join('')}\u001B[J`)
    this.#drawnLines = lines.length
  }

  #table(): string[] {
    const now = this.#clock.now()
    const cells = [...this.#rows.values()].map(({ info, isOver, last }) => {
      const next = info.nextFireTime?.getTime()
      const when = isOver
        ? styled('dim', 'finished')
        : next === undefined
          ? '-'
          : relativeText(Math.max(next, now), now)
      // The state forgets a job that is over together with its last outcome.
      const count = (word: 'succeeded' | 'failed'): string =>
        String(info.counts[word] + (isOver && last === word ? 1 : 0))
      return [
        styled('bold', info.id),
        when,
        styledWord(last, last),
        count('succeeded'),
        count('failed'),
        whenText(info),
      ]
    })
    return tableLines(['JOB', 'NEXT', 'LAST', 'OK', 'FAILED', 'WHEN'], cells)
  }
}
