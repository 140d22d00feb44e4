/** What came out of a handler, in a form that the log can keep. */
import { inspect } from 'node:util'
import type { Json } from '../core/json.ts'
import { jsonProblem } from '../core/json-limits.ts'
import { MAX_ERROR_CHARS, MAX_NAME_CHARS, MAX_RESULT_BYTES } from '../core/limits.ts'
import type { RunError } from '../core/reports.ts'

export type Result =
  | { readonly kind: 'result'; readonly value: Json }
  | { readonly kind: 'unusable'; readonly error: RunError }

/** How a handler's call ended. */
export type Outcome = Result | { readonly kind: 'thrown'; readonly error: RunError }

const NO_RESULT: Result = { kind: 'result', value: null }

/** A handler that returns something else than bounded JSON did its work, but its run fails: it must not look complete. */
export function resultOf(value: unknown): Result {
  if (value === undefined || value === null) return NO_RESULT
  try {
    const problem = jsonProblem(value, MAX_RESULT_BYTES)
    if (problem === null) return { kind: 'result', value: JSON.parse(JSON.stringify(value)) as Json }
    return unusable(`the handler's result${problem.path}: expected ${problem.expected}, got ${String(problem.came)}`)
  } catch (error) {
    return unusable(`the handler's result can't be written as JSON: ${errorOf(error).message}`)
  }
}

function unusable(message: string): Result {
  return { kind: 'unusable', error: { name: 'ResultError', message: cut(message), stack: null, retryable: false } }
}

/** Anything can be thrown, and its getters can throw again. `retryable: false` on it ends the run without a retry. */
export function errorOf(thrown: unknown): RunError {
  try {
    if (thrown instanceof Error) {
      // The members of an error may have been set to anything.
      const { name, message, stack, retryable } = thrown as {
        [key in 'name' | 'message' | 'stack' | 'retryable']?: unknown
      }
      return {
        name: String(name).slice(0, MAX_NAME_CHARS),
        message: cut(String(message)),
        stack: typeof stack === 'string' ? cut(stack) : null,
        retryable: retryable !== false,
      }
    }
    const message = typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 2, breakLength: Infinity })
    return { name: 'NonError', message: cut(message), stack: null, retryable: true }
  } catch {
    return { name: 'NonError', message: 'the handler threw a value that cannot be shown', stack: null, retryable: true }
  }
}

function cut(text: string): string {
  return text.length > MAX_ERROR_CHARS ? `${text.slice(0, MAX_ERROR_CHARS)}…` : text
}
