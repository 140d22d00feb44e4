/**
 * The schema registry over HTTP.
 *
 * Invariant: only the registry's own word makes a schema unknown: that it has none, or that it refuses this one again and
 * again. Everything else, also a wrong address or a refused password, is tried again with backoff until it passes. Each failure
 * is told.
 */
import type { Clock } from '../../ports/clock.ts'
import { LogError } from '../../ports/event-log.ts'
import type { SchemaRegistry } from '../../ports/schema-registry.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { type RegistryAccess, type RegistryOptions, registryAccess } from './registry-options.ts'
import { askRegistry } from './registry-request.ts'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000
/** What Confluent's API says beside the status: there is no such schema. */
const SCHEMA_NOT_FOUND = 40_403
/** What others would be answered as well: who asks, a path where no registry is, too much or too slow. */
const NOT_OF_THE_SCHEMA: ReadonlySet<number> = new Set([401, 404, 407, 408, 429])
/** In a row: three quarters of a minute, for an operator who changes permissions. */
const MAX_REFUSALS = 10
/** Each was asked for so long that there are few; an older one would be asked for as long again. */
const MAX_REFUSED = 1_000

export interface RegistryClientOptions extends RegistryOptions {
  /** Times the waits between tries. */
  readonly clock: Clock
  readonly logger: Logger
}

/** Connects at the first question. Throws `OperationalError` `invalid-option`. */
export function createSchemaRegistry(options: RegistryClientOptions): SchemaRegistry {
  const { clock, logger, ...access } = options
  return new RegistryClient(registryAccess(access), clock, logger)
}

/** The registry answers, and won't give this schema. */
class Refusal extends Error {}

class RegistryClient implements SchemaRegistry {
  readonly #access: RegistryAccess
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #closing = new AbortController()
  /** Questions under way, so that each is asked once. */
  readonly #asked = new Map<number, Promise<string | null>>()
  /** Given up: one more refusal is enough, so that a row of records with that schema stops nobody. */
  readonly #refused = new Set<number>()

  constructor(access: RegistryAccess, clock: Clock, logger: Logger) {
    this.#access = access
    this.#clock = clock
    this.#logger = logger
  }

  schema(id: number): Promise<string | null> {
    const asked = this.#asked.get(id)
    if (asked !== undefined) return asked
    const answer = this.#untilAnswered(id).finally(() => this.#asked.delete(id))
    this.#asked.set(id, answer)
    return answer
  }

  close(): void {
    this.#closing.abort()
  }

  async #untilAnswered(id: number): Promise<string | null> {
    const { signal } = this.#closing
    let refusals = this.#refused.has(id) ? MAX_REFUSALS - 1 : 0
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        signal.throwIfAborted()
        const schema = await this.#ask(id)
        this.#refused.delete(id)
        return schema
      } catch (error) {
        if (signal.aborted) throw new LogError('closed', 'the schema registry is closed', { cause: error })
        const details = { err: reasonOf(error), registry: this.#access.base.href, schema: id }
        refusals = error instanceof Refusal ? refusals + 1 : 0
        if (refusals === MAX_REFUSALS) {
          this.#logger.warn(details, 'the schema registry refuses a schema; records that need it are rejected')
          this.#giveUp(id)
          return null
        }
        this.#logger.warn({ ...details, waitMs }, 'the schema registry gives no answer; commands that need it wait')
        await this.#pause(waitMs)
      }
    }
  }

  #giveUp(id: number): void {
    for (const oldest of this.#refused) {
      if (this.#refused.size < MAX_REFUSED) break
      this.#refused.delete(oldest)
    }
    this.#refused.add(id)
  }

  /** Shorter when it is closed. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.#clock.schedule(this.#clock.now() + ms, end, true)
      signal.addEventListener('abort', end)
    })
  }

  async #ask(id: number): Promise<string | null> {
    const path = ['schemas', 'ids', String(id)]
    const { status, body } = await askRegistry(this.#access, { path, signal: this.#closing.signal })
    const text = body?.['schema']
    if (status === 404 && body?.['error_code'] === SCHEMA_NOT_FOUND) return null
    if (status !== 200 || typeof text !== 'string') {
      const answer = `it answers ${status}${typeof body?.['message'] === 'string' ? `: ${body['message']}` : ''}`
      const isRefused = status >= 400 && status < 500 && !NOT_OF_THE_SCHEMA.has(status)
      throw isRefused ? new Refusal(answer) : new Error(answer)
    }
    const { schemaType = 'AVRO', references = [] } = body ?? {}
    const onItsOwn = Array.isArray(references) && references.length === 0
    return schemaType === 'AVRO' && onItsOwn ? text : null
  }
}

/** What fetch says is only that it failed; why is the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
