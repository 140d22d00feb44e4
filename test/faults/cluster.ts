/**
 * Processes on one namespace of a real broker, all with all roles, while faults happen to them; and the judgement of what
 * they left on the log.
 */
import { randomUUID } from 'node:crypto'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'
import type { Report } from '../checker/audit/report.ts'
import { violationLine } from '../checker/audit/report.ts'
import { checkRecords } from '../checker/check-log.ts'
import { type Mode, Victim } from '../kill/victim.ts'
import { AT_MOST_ONCE } from '../kill/workload.ts'
import { type EventRecord, readTopic } from './read-events.ts'

export interface ClusterOptions {
  /** Where the processes find the broker. */
  readonly brokers: readonly string[]
  /** Where the checker does. */
  readonly direct: readonly string[]
  readonly sessionTimeoutMs: number
  readonly compiled: string
}

const PARTITIONS = 3

export class Cluster {
  readonly #options: ClusterOptions
  readonly namespace: string = `faults-${randomUUID()}`
  readonly #processes = new Map<string, Victim>()
  readonly #all: Victim[] = []
  /** One line each; empty: all is well. */
  readonly wrong: string[] = []
  #started = 0

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { direct } = this.#options
    await applyTopics({
      brokers: direct,
      namespace: this.namespace,
      partitions: PARTITIONS,
      executors: { default: PARTITIONS },
    })
  }

  get log(): string {
    const { brokers, sessionTimeoutMs } = this.#options
    const times = `sessionTimeoutMs=${sessionTimeoutMs}&heartbeatIntervalMs=${Math.floor(sessionTimeoutMs / 5)}`
    return `kafka://${brokers.join(',')}/${this.namespace}?${times}`
  }

  /** Resolves when it fires and executes. */
  async start(place: string, mode: Mode = 'run'): Promise<Victim> {
    this.#started += 1
    const victim = new Victim(this.log, `${place}-${this.#started}`, mode, this.#options.compiled, WATCHDOG_MS)
    this.#processes.set(place, victim)
    this.#all.push(victim)
    await Promise.race([victim.said('started'), victim.ended])
    return victim
  }

  at(place: string): Victim {
    const victim = this.#processes.get(place)
    if (victim === undefined) throw new Error(`nobody is at ${place}`)
    return victim
  }

  async kill(place: string): Promise<void> {
    const victim = this.at(place)
    victim.kill()
    await this.#mustHaveBeenKilled(victim)
    this.#processes.delete(place)
  }

  /** Everybody is killed, and one process that is left alone brings every run to its outcome. */
  async drain(): Promise<{ readonly report: Report; readonly records: readonly EventRecord[] }> {
    for (const place of this.#processes.keys()) await this.kill(place)
    const last = await this.start('last', 'drain')
    const { code, signal } = await last.ended
    if (code !== 0) this.wrong.push(`the last process ended with ${code ?? signal}: ${last.stderr}`)
    return this.#check()
  }

  async #mustHaveBeenKilled(victim: Victim): Promise<void> {
    const { code, signal } = await victim.ended
    if (signal !== 'SIGKILL') this.wrong.push(`a process ended by itself with ${code ?? signal}: ${victim.stderr}`)
  }

  async #check(): Promise<{ readonly report: Report; readonly records: readonly EventRecord[] }> {
    const acknowledged = this.#all.flatMap((victim) => victim.after('acknowledged'))
    const attempts = this.#all.flatMap((victim) => victim.after('ran'))
    const seen = new Set<string>()
    for (const attempt of attempts) {
      const isOnce = AT_MOST_ONCE.includes(attempt.slice(0, attempt.indexOf('/')))
      if (isOnce && seen.has(attempt)) this.wrong.push(`executed a second time: ${attempt}`)
      seen.add(attempt)
    }
    for (const victim of this.#all) {
      if (victim.hung) this.wrong.push(`a process hung after: ${victim.lines.slice(-3).join(', ')}`)
      for (const failure of victim.after('failed')) this.wrong.push(`a promise was rejected: ${failure}`)
    }
    const executed = new Set(attempts.map((attempt) => attempt.slice(0, attempt.lastIndexOf(' '))))
    const records = await readTopic(this.#options.direct, `${this.namespace}.events`)
    const report = checkRecords(records, { final: true, shared: true, acknowledged, executed })
    const modified = report.events.get('JobModified') ?? 0
    if (modified > 0) this.wrong.push(`${modified} jobs were modified, but every process adds the same`)
    for (const violation of report.violations) this.wrong.push(violationLine(violation))
    return { report, records }
  }

  /** Nobody is left, whatever happened. */
  end(): void {
    for (const victim of this.#all) victim.kill()
  }
}

/** Longer than any scenario: they live until they are killed. */
const WATCHDOG_MS = 900_000
