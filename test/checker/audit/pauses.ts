/** Which jobs may not fire: by a pause of their own, of their labels, or of the whole schedule. */
import type { PausedMany } from './events.ts'

interface LabelPause {
  readonly labels: ReadonlyMap<string, string>
  readonly until: number | null
}

export class Pauses {
  /** undefined: not paused; null: until it is resumed. */
  #schedule: number | null | undefined
  #byLabels: LabelPause[] = []

  apply(event: PausedMany): void {
    const { labels = new Map<string, string>(), until = null } = event
    switch (event.type) {
      case 'SchedulePaused':
        this.#schedule = until
        return
      case 'ScheduleResumed':
        this.#schedule = undefined
        return
      case 'JobsPaused':
        this.#byLabels.push({ labels, until })
        return
      case 'JobsResumed':
        this.#byLabels = this.#byLabels.filter((pause) => !sameLabels(pause.labels, labels))
        return
    }
  }

  /** Whether a job with these labels is held at `time`. */
  hold(labels: ReadonlyMap<string, string>, time: number): boolean {
    if (this.#schedule !== undefined && isOn(this.#schedule, time)) return true
    return this.#byLabels.some((pause) => isOn(pause.until, time) && has(labels, pause.labels))
  }
}

/** Whether a pause until then is in force at `time`. */
export function isOn(until: number | null, time: number): boolean {
  return until === null || time < until
}

function has(labels: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): boolean {
  return [...wanted].every(([key, value]) => labels.get(key) === value)
}

function sameLabels(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && has(a, b)
}
