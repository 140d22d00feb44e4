/** Who paused what, and when: of the last pause of each kind, from the events. The state keeps only that it is paused. */
import type { Event } from '../../core/events.ts'
import type { JobHold } from '../job-hold.ts'
import { labelText } from '../label-text.ts'

interface Origin {
  readonly since: Date
  readonly actor: string | null
}

/** A pause above a job, and where it came from. */
export interface ExplainedHold extends JobHold {
  /** When it was asked for, the last time. null: the events that are left don't say. */
  readonly since: Date | null
  /** Who asked for it; null: not said. */
  readonly actor: string | null
}

export class PauseOrigins {
  readonly #jobId: string
  readonly #origins = new Map<string, Origin>()

  constructor(jobId: string) {
    this.#jobId = jobId
  }

  /** Pauses of labels and of the schedule may be older than the job. */
  take(event: Event): void {
    switch (event.type) {
      case 'JobAdded':
        if (event.jobId === this.#jobId && event.paused) this.#origins.set('job', originOf(event))
        return
      case 'JobPaused':
        if (event.jobId === this.#jobId) this.#origins.set('job', originOf(event))
        return
      case 'JobsPaused':
        this.#origins.set(`labels ${labelText(event.labels)}`, originOf(event))
        return
      case 'SchedulePaused':
        this.#origins.set('schedule', originOf(event))
        return
      default:
    }
  }

  explained(hold: JobHold): ExplainedHold {
    const key = hold.labels === null ? hold.kind : `labels ${labelText(hold.labels)}`
    const { since, actor } = this.#origins.get(key) ?? { since: null, actor: null }
    return { ...hold, since, actor }
  }
}

function originOf({ time, actor }: { readonly time: number; readonly actor: string | null }): Origin {
  return { since: new Date(time), actor }
}
