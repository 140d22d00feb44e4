/** A process's way in to a cluster that others schedule for. */
import { JobClient } from './client/job-client.ts'
import type { LocalNode } from './local-node.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/telemetry.ts'

export class SchedulerClient extends JobClient {
  readonly #node: LocalNode
  readonly #clock: Clock

  #isClosed = false

  /** `failure`: resolves when the log can't be followed any more; listeners are told then, as of a scheduler. */
  constructor(node: LocalNode, clock: Clock, logger: Logger, failure: Promise<Error>) {
    super(node.backend, logger)
    this.#node = node
    this.#clock = clock
    void failure.then((error) => this.#failed(error, logger))
  }

  #failed(err: Error, logger: Logger): void {
    if (this.#isClosed) return
    logger.error({ err }, 'the client stopped following: its log failed')
    this.tellLocal({ type: 'SchedulerFailed', error: err })
  }

  /** Commands that were not answered reject with `closed`: they may be done all the same. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#node.shutdown(this.#clock.now())
  }
}
