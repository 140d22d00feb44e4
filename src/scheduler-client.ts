/** A process's way in to a cluster that others schedule for. */
import { JobClient } from './client/job-client.ts'
import type { LocalNode } from './local-node.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/telemetry.ts'

export class SchedulerClient extends JobClient {
  readonly #node: LocalNode
  readonly #clock: Clock

  constructor(node: LocalNode, clock: Clock, logger: Logger) {
    super(node.backend, logger)
    this.#node = node
    this.#clock = clock
  }

  /** Commands that were not answered reject with `closed`: they may be done all the same. */
  async close(): Promise<void> {
    await this.#node.shutdown(this.#clock.now())
  }
}
