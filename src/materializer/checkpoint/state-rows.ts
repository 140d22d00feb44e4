/**
 * A state as rows, and rows as a state.
 *
 * What is in a state are values that nothing changes in place. So a list of references to them, made at one moment, is
 * the state as of that moment, whatever is decided while it is written.
 */
import { jobOf, type KeptJob } from '../../core/job/kept-job.ts'
import { type ChangedKeys } from '../../core/tracker.ts'
import type { RunState } from '../../core/run/run-state.ts'
import { State } from '../../core/state.ts'
import type { PartitionRow, StateCodec, StateRow } from '../../ports/state-codec.ts'

/** Rows as of one moment. */
export interface Frozen {
  readonly jobs: readonly KeptJob[]
  readonly runs: readonly RunState[]
  readonly commandIds: readonly string[]
  /** By the place of the id above. */
  readonly commandTimes: readonly number[]
  readonly partition: PartitionRow
  /** Keys of rows that are there no longer. */
  readonly deleted: readonly string[]
}

export interface EncodedRow {
  readonly key: string
  readonly value: Uint8Array
}

const PARTITION_KEY = 'partition'
const JOB_PREFIX = 'job/'
const RUN_PREFIX = 'run/'
const COMMAND_PREFIX = 'command/'

/** The whole state. Takes some 20 ms for a million jobs. */
export function freeze(state: State): Frozen {
  const commandIds: string[] = []
  const commandTimes: number[] = []
  for (const [commandId, time] of state.commands()) {
    commandIds.push(commandId)
    commandTimes.push(time)
  }
  const [jobs, runs] = [[...state.keptJobs()], [...state.runs()]]
  return { jobs, runs, commandIds, commandTimes, partition: partitionRow(state), deleted: [] }
}

/** What became of the keys that changed; the row of the partition is always among it. */
export function freezeChanged(state: State, changed: ChangedKeys): Frozen {
  const jobs: KeptJob[] = []
  const runs: RunState[] = []
  const commandIds: string[] = []
  const commandTimes: number[] = []
  const deleted: string[] = []
  for (const jobId of changed.jobs) {
    const job = state.keptJob(jobId)
    if (job === undefined) deleted.push(JOB_PREFIX + jobId)
    else jobs.push(job)
  }
  for (const runId of changed.runs) {
    const run = state.run(runId)
    if (run === undefined) deleted.push(RUN_PREFIX + runId)
    else runs.push(run)
  }
  for (const commandId of changed.commands) {
    const time = state.commandTime(commandId)
    if (time === undefined) deleted.push(COMMAND_PREFIX + commandId)
    else {
      commandIds.push(commandId)
      commandTimes.push(time)
    }
  }
  return { jobs, runs, commandIds, commandTimes, partition: partitionRow(state), deleted }
}

function partitionRow(state: State): PartitionRow {
  const { schedulePaused, pauseRules, lastTime, zoneData } = state
  return { executors: [...state.executors()], schedulePaused, pauseRules, lastTime, zoneData }
}

/** Encoded one by one as they are asked for. */
export function* encodedRows(frozen: Frozen, codec: StateCodec): Generator<EncodedRow> {
  for (const kept of frozen.jobs) {
    const row = jobOf(kept)
    yield { key: JOB_PREFIX + row.jobId, value: codec.encodeRow({ kind: 'job', row }) }
  }
  for (const row of frozen.runs) yield { key: RUN_PREFIX + row.runId, value: codec.encodeRow({ kind: 'run', row }) }
  for (const [index, commandId] of frozen.commandIds.entries()) {
    const row = { commandId, time: frozen.commandTimes[index] ?? 0 }
    yield { key: COMMAND_PREFIX + commandId, value: codec.encodeRow({ kind: 'command', row }) }
  }
  yield { key: PARTITION_KEY, value: codec.encodeRow({ kind: 'partition', row: frozen.partition }) }
}

/** Puts a state together from rows, the later over the earlier. */
export class StateBuilder {
  readonly #state = new State()
  readonly #commands = new Map<string, number>()

  put(row: StateRow): void {
    switch (row.kind) {
      case 'job':
        return this.#state.putJob(row.row)
      case 'run':
        return this.#state.putRun(row.row)
      case 'command':
        this.#commands.set(row.row.commandId, row.row.time)
        return
      case 'partition': {
        const { executors, schedulePaused, pauseRules, lastTime, zoneData } = row.row
        for (const name of executors) this.#state.addExecutor(name)
        this.#state.setSchedulePaused(schedulePaused)
        this.#state.setPauseRules(pauseRules)
        this.#state.setLastTime(lastTime)
        this.#state.setZoneData(zoneData)
      }
    }
  }

  /** Throws for what is no key of a row. */
  delete(key: string): void {
    if (key.startsWith(JOB_PREFIX)) this.#state.dropJob(key.slice(JOB_PREFIX.length))
    else if (key.startsWith(RUN_PREFIX)) this.#state.removeRun(key.slice(RUN_PREFIX.length))
    else if (key.startsWith(COMMAND_PREFIX)) this.#commands.delete(key.slice(COMMAND_PREFIX.length))
    else throw new Error(`no row has the key ${key}`)
  }

  /** The builder is done with. */
  finish(): State {
    const state = this.#state
    // The state forgets by age, and so wants them in the order of their times.
    const commands = [...this.#commands].toSorted(([, a], [, b]) => a - b)
    for (const [commandId, time] of commands) state.rememberCommand(commandId, time)
    for (const run of state.runs()) {
      const job = state.job(run.jobId)
      const isPinned = job?.version === run.jobVersion && job.incarnation === run.incarnation
      if (isPinned) state.putRun({ ...run, definition: job.definition })
    }
    return state
  }
}
