/** Registers the schemas of what others write, so that their usual serializers can (protocol §2). */
import { COMMAND_TYPES } from '../../codec/command-members.ts'
import { NAMESPACE, schemaText } from '../../codec/schema-store.ts'
import { OperationalError } from '../../ports/operational-error.ts'
import { type RegistryOptions, registryAccess } from './registry-options.ts'
import { askRegistry } from './registry-request.ts'

export interface RegisterOptions extends RegistryOptions {
  /** Of the topics. Default `horolog`. */
  readonly namespace?: string
}

/**
 * Registers all commands and the report, each as `<topic>-<full name of the record>`, and gives the numbers by these subjects.
 * What is registered already keeps its number. Rejects with `OperationalError`: `invalid-option`; `log-failed` when the
 * registry doesn't answer or refuses.
 */
export async function registerSchemas(options: RegisterOptions): Promise<ReadonlyMap<string, number>> {
  const { namespace = 'horolog', ...registry } = options
  const access = registryAccess(registry)
  const ids = new Map<string, number>()
  const names = [...COMMAND_TYPES.map((name) => ['commands', name] as const), ['reports', 'Report'] as const]
  for (const [topic, name] of names) {
    const subject = `${namespace}.${topic}-${NAMESPACE}.${name}`
    const path = ['subjects', subject, 'versions']
    const post = { schemaType: 'AVRO', schema: schemaText(name) }
    const { status, body } = await askRegistry(access, { path, post }).catch((cause: unknown) => {
      throw refused(subject, 'it does not answer', cause)
    })
    const id = body?.['id']
    if (status !== 200 || typeof id !== 'number') throw refused(subject, `it answers ${status}`, body?.['message'])
    ids.set(subject, id)
  }
  return ids
}

function refused(subject: string, why: string, cause: unknown): OperationalError {
  const details = cause instanceof Error ? cause.message : cause
  const message = `the schema registry did not take ${subject}: ${why}${typeof details === 'string' ? `: ${details}` : ''}`
  return new OperationalError('log-failed', message, { retryable: true, cause })
}
