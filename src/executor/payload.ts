/** From a run's payload bytes to what the handler gets: parsed when it is JSON, and checked when its task has a schema. */
import type { RunError } from '../core/reports.ts'
import { errorOf } from './run-result.ts'
import type { SchemaIssue, StandardSchema } from './standard-schema.ts'

export type Payload =
  | { readonly kind: 'value'; readonly value: unknown }
  /** The run fails. A retry helps only where the schema itself failed. */
  | { readonly kind: 'refused'; readonly error: RunError }

/** More of them would hide the first ones. */
const ISSUES_SHOWN = 5

export function decodePayload(bytes: Uint8Array, contentType: string): Payload {
  // A copy: what the handler does with its bytes must not reach the state.
  if (!contentType.startsWith('application/json')) return { kind: 'value', value: new Uint8Array(bytes) }
  if (bytes.length === 0) return { kind: 'value', value: null }
  try {
    return { kind: 'value', value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch (thrown) {
    return refusedPayload(`payload: expected JSON, as its content type says: ${errorOf(thrown).message}`)
  }
}

/** The handler gets what the schema made of the value: defaults filled in, texts turned into dates. Never rejects. */
export async function checkPayload(value: unknown, schema: StandardSchema, task: string): Promise<Payload> {
  try {
    const result = await schema['~standard'].validate(value)
    if (result.issues === undefined) return { kind: 'value', value: result.value }
    const shown = result.issues.slice(0, ISSUES_SHOWN).map(issueText).join('; ')
    const more = result.issues.length - ISSUES_SHOWN
    return refusedPayload(`refused by the schema of task ${task}: ${shown}${more > 0 ? `; and ${more} more` : ''}`)
  } catch (thrown) {
    const error = errorOf(thrown)
    return { kind: 'refused', error: { ...error, message: `the schema of task ${task} failed: ${error.message}` } }
  }
}

export function refusedPayload(message: string): Extract<Payload, { kind: 'refused' }> {
  return { kind: 'refused', error: { name: 'PayloadError', message, stack: null, retryable: false } }
}

/** `payload.address.zip: Expected string` */
function issueText({ path = [], message }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
  return `${['payload', ...keys].join('.')}: ${message}`
}
