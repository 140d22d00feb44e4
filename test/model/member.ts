/** One process of the cluster: the real store and materializer, and a dispatcher that only writes down what it is told. */

import type { VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { DEFAULT_SETTINGS } from '../../src/core/job/resolve-definition.ts'
import { LocalStore } from '../../src/local-store.ts'
import type { Partition } from '../../src/materializer/partition.ts'
import type { Dispatcher, RunRequest } from '../../src/ports/dispatcher.ts'
import type { Entropy } from '../../src/ports/entropy.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { SILENT } from '../../src/ports/telemetry.ts'

export interface Sent {
  readonly epoch: number
  readonly seq: number
  /** It was refused, and is to be decided anew. */
  readonly refused: boolean
}

export class Member {
  readonly name: string
  readonly store: LocalStore
  /** What was handed over, by run and attempt, the last request of each. */
  readonly requests = new Map<string, RunRequest>()
  /** What else was asked of executors. */
  readonly effects = new Set<string>()
  /** The last batch sent to each partition. */
  readonly lastSent = new Map<number, Sent>()
  /** When each attempt was heard of, by partition and epoch: only the owner knows. */
  readonly heard = new Map<string, number>()
  readonly failures: Error[] = []
  isAlive = true
  /** Its timers count. */
  isFiring = false
  readonly #log: EventLog

  constructor(name: string, log: EventLog, clock: VirtualClock, entropy: Entropy) {
    this.name = name
    this.#log = log
    this.store = new LocalStore({
      alias: 'default',
      log,
      singleWriter: false,
      clock,
      entropy,
      logger: SILENT,
      name,
      settings: () => DEFAULT_SETTINGS,
      dispatcher: this.#dispatcher(),
      failed: (error) => this.failures.push(error),
    })
  }

  /** Joins in; what it does from then on is seen, not waited for. */
  open(): void {
    this.store.open().then(
      () => this.setFiring(true),
      (error: unknown) => this.failures.push(error as Error),
    )
  }

  /** Timers count, or not: commands and reports are answered all the same. */
  setFiring(isFiring: boolean): void {
    this.isFiring = isFiring
    this.store.materializer.setFiring(isFiring)
  }

  /** The process is gone in the middle of everything. */
  crash(): void {
    this.isAlive = false
    void this.#log.close()
  }

  /** Gives back what it owns, and goes. */
  leave(): void {
    this.isAlive = false
    this.store.close().catch((error: unknown) => this.failures.push(error as Error))
  }

  partition(index: number): Partition {
    const partition = this.store.materializer.partitions()[index]
    if (partition === undefined) throw new Error(`no partition ${index}`)
    return partition
  }

  /** Nothing of it is on its way to the log. */
  isSettled(index: number): boolean {
    const sent = this.lastSent.get(index)
    const { cursor } = this.partition(index)
    if (sent?.epoch !== cursor.epoch) return true
    return !sent.refused && sent.seq <= cursor.seq
  }

  #dispatcher(): Dispatcher {
    return {
      dispatch: (request) => void this.requests.set(attemptKey(request.runId, request.attempt), request),
      cancel: (runId, attempt) => void this.effects.add(cancelEffect(runId, attempt)),
      grant: (runId, attempt, executor) => void this.effects.add(claimEffect('grant', runId, attempt, executor)),
      refuse: (runId, attempt, executor) => void this.effects.add(claimEffect('refuse', runId, attempt, executor)),
    }
  }
}

export function attemptKey(runId: string, attempt: number): string {
  return `${runId}#${attempt}`
}

export function cancelEffect(runId: string, attempt: number): string {
  return `cancel ${attemptKey(runId, attempt)}`
}

export function claimEffect(verb: 'grant' | 'refuse', runId: string, attempt: number, executor: string): string {
  return `${verb} ${attemptKey(runId, attempt)} ${executor}`
}
