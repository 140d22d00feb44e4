/** Keys of a state that changed, so that a checkpoint writes these alone. What became of them is in the state. */

export interface ChangedKeys {
  readonly jobs: ReadonlySet<string>
  readonly runs: ReadonlySet<string>
  readonly commands: ReadonlySet<string>
}

export class Tracker implements ChangedKeys {
  jobs: Set<string> = new Set()
  runs: Set<string> = new Set()
  commands: Set<string> = new Set()

  /** What changed since the last call. */
  take(): ChangedKeys {
    const { jobs, runs, commands } = this
    this.jobs = new Set()
    this.runs = new Set()
    this.commands = new Set()
    return { jobs, runs, commands }
  }

  /** They were taken and not written: the next call has them again. */
  putBack(keys: ChangedKeys): void {
    for (const id of keys.jobs) this.jobs.add(id)
    for (const id of keys.runs) this.runs.add(id)
    for (const id of keys.commands) this.commands.add(id)
  }
}
