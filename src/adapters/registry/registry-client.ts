/**
 * The schema registry over HTTP.
 *
 * Invariant: only the registry's own word makes a schema unknown. Everything else, also a wrong address or a refused password,
 * is tried again with backoff until it passes, and told each time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError } from '../../ports/event-log.ts'
import type { SchemaRegistry } from '../../ports/schema-registry.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { type RegistryAccess, type RegistryOptions, registryAccess } from './registry-options.ts'
import { askRegistry } from './registry-request.ts'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000
/** What Confluent's API says beside the status: there is no such schema. */
const SCHEMA_NOT_FOUND = 40_403

/** Connects at the first question. Throws `OperationalError` `invalid-option`. */
export function createSchemaRegistry(options: RegistryOptions & { readonly logger: Logger }): SchemaRegistry {
  const { logger, ...access } = options
  return new RegistryClient(registryAccess(access), logger)
}

class RegistryClient implements SchemaRegistry {
  readonly #access: RegistryAccess
  readonly #logger: Logger
  readonly #closing = new AbortController()
  /** Questions under way, so that each is asked once. */
  readonly #asked = new Map<number, Promise<string | null>>()

  constructor(access: RegistryAccess, logger: Logger) {
    this.#access = access
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
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        signal.throwIfAborted()
        return await this.#ask(id)
      } catch (error) {
        if (signal.aborted) throw new LogError('closed', 'the schema registry is closed', { cause: error })
        const details = { err: reasonOf(error), registry: this.#access.base.href, schema: id, waitMs }
        this.#logger.warn(details, 'the schema registry gives no answer; commands that need it wait')
        await sleep(waitMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  async #ask(id: number): Promise<string | null> {
    const path = ['schemas', 'ids', String(id)]
    const { status, body } = await askRegistry(this.#access, { path, signal: this.#closing.signal })
    const text = body?.['schema']
    if (status === 404 && body?.['error_code'] === SCHEMA_NOT_FOUND) return null
    if (status !== 200 || typeof text !== 'string') {
      throw new Error(`it answers ${status}${typeof body?.['message'] === 'string' ? `: ${body['message']}` : ''}`)
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
